DROP INDEX "batches_unsettled";--> statement-breakpoint
DROP INDEX "deliveries_state";--> statement-breakpoint
DROP INDEX "deliveries_person";--> statement-breakpoint
DROP INDEX "deliveries_unsettled";--> statement-breakpoint
CREATE INDEX "batches_unsettled" ON "batches" USING btree ("state","lease_until") WHERE state = 'posting' or state = 'uncertain';--> statement-breakpoint
CREATE INDEX "deliveries_state" ON "deliveries" USING btree ("shop_id","message_id","state","subscriber_id","next_at") WHERE state is not null;--> statement-breakpoint
CREATE INDEX "deliveries_person" ON "deliveries" USING btree ("shop_id","subscriber_id","batch") WHERE batch is null;--> statement-breakpoint
CREATE INDEX "deliveries_unsettled" ON "deliveries" USING btree ("state","lease_until") WHERE state = 'claimed' or state = 'posting' or state = 'uncertain';