DROP INDEX "consent_entries_person";--> statement-breakpoint
DROP INDEX "deliveries_person";--> statement-breakpoint
CREATE INDEX "consent_entries_person" ON "consent_entries" USING btree ("shop_id","subscriber_id","purpose","seq","state");--> statement-breakpoint
CREATE INDEX "deliveries_person" ON "deliveries" USING btree ("shop_id","subscriber_id") WHERE batch is null;