ALTER TABLE "sending_domains" ADD COLUMN "dkim_selector" text;--> statement-breakpoint
ALTER TABLE "sending_domains" ADD COLUMN "check_asked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sending_domains" ADD COLUMN "broken_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sending_domains" ADD COLUMN "gently" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "sending_domains" ALTER COLUMN "gently" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "sending_domains" ADD COLUMN "planned" jsonb DEFAULT '{"largest":0,"days":[]}' NOT NULL;--> statement-breakpoint
ALTER TABLE "sending_domains" ALTER COLUMN "planned" DROP DEFAULT;
