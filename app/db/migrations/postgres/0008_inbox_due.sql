DROP INDEX "inbox_state";--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "next_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE "inbox" SET "next_at" = "received_at" WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "inbox_due" ON "inbox" USING btree ("next_at") WHERE state = 'waiting';