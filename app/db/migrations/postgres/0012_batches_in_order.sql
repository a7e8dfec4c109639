DROP INDEX "batches_state";--> statement-breakpoint
CREATE INDEX "batches_state" ON "batches" USING btree ("shop_id","message_id","state","n");