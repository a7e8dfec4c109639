DROP INDEX "consent_entries_form";--> statement-breakpoint
DROP INDEX "field_values_value";--> statement-breakpoint
DROP INDEX "purchases_product";--> statement-breakpoint
DROP INDEX "order_lines_product";--> statement-breakpoint
CREATE INDEX "subscriber_tags_word" ON "subscriber_tags" USING btree ("shop_id",lower(tag),"subscriber_id");--> statement-breakpoint
CREATE INDEX "subscribers_bought" ON "subscribers" USING btree ("shop_id","last_order_at","orders_count","total_spent","first_order_at","id") WHERE last_order_at is not null;--> statement-breakpoint
CREATE INDEX "subscribers_opened" ON "subscribers" USING btree ("shop_id","last_open_at","id") WHERE last_open_at is not null;--> statement-breakpoint
CREATE INDEX "subscribers_clicked" ON "subscribers" USING btree ("shop_id","last_click_at","id") WHERE last_click_at is not null;--> statement-breakpoint
CREATE INDEX "orders_counted" ON "orders" USING btree ("shop_id","processed_at","subscriber_id","total") WHERE not test and cancelled_at is null;--> statement-breakpoint
CREATE INDEX "events_human" ON "events" USING btree ("shop_id","kind","at","subscriber_id") WHERE verdict = 'human';--> statement-breakpoint
CREATE INDEX "events_human_message" ON "events" USING btree ("shop_id","message_id","kind","at","subscriber_id") WHERE verdict = 'human';--> statement-breakpoint
CREATE INDEX "consent_entries_form" ON "consent_entries" USING btree ("shop_id","form_id","recorded_at","method","subscriber_id");--> statement-breakpoint
CREATE INDEX "field_values_value" ON "field_values" USING btree ("shop_id","field_id","value","subscriber_id","number");--> statement-breakpoint
CREATE INDEX "purchases_product" ON "purchases" USING btree ("shop_id","product_id","last_at","subscriber_id","first_at","orders");--> statement-breakpoint
CREATE INDEX "order_lines_product" ON "order_lines" USING btree ("shop_id","product_id","order_id");