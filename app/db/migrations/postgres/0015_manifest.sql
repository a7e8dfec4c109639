ALTER TABLE "rehearsal_people" DROP CONSTRAINT "rehearsal_people_shop_id_subscriber_id_subscribers_shop_id_id_fk";
--> statement-breakpoint
ALTER TABLE "rehearsal_people" ADD COLUMN "difference" text;--> statement-breakpoint
ALTER TABLE "rehearsal_people" ADD COLUMN "difference_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "rehearsals" ADD COLUMN "forgotten" integer;--> statement-breakpoint
ALTER TABLE "rehearsals" ADD COLUMN "forgotten_included" integer;--> statement-breakpoint
ALTER TABLE "rehearsals" ADD COLUMN "counts" jsonb;--> statement-breakpoint
ALTER TABLE "rehearsals" ADD COLUMN "links" jsonb;--> statement-breakpoint
CREATE INDEX "rehearsal_people_difference" ON "rehearsal_people" USING btree ("shop_id","rehearsal_id","difference","subscriber_id") WHERE difference is not null;