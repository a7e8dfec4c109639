DROP INDEX "import_changes_person";--> statement-breakpoint
DROP INDEX "consent_entries_person";--> statement-breakpoint
ALTER TABLE "import_pieces" ADD COLUMN "skip" jsonb;--> statement-breakpoint
CREATE INDEX "consent_entries_person" ON "consent_entries" USING btree ("shop_id","subscriber_id","purpose","seq","state","basis");