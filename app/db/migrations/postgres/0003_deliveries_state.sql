DROP INDEX "deliveries_state";--> statement-breakpoint
CREATE INDEX "deliveries_state" ON "deliveries" USING btree ("shop_id","message_id","state","subscriber_id");