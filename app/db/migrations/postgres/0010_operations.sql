ALTER TABLE "installation" ADD COLUMN "beat_at" timestamp (3) with time zone DEFAULT 'epoch' NOT NULL;--> statement-breakpoint
ALTER TABLE "installation" ADD COLUMN "address" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "installation" ADD COLUMN "place" text;--> statement-breakpoint
ALTER TABLE "installation" ADD COLUMN "stamp" text;