CREATE TABLE "attributions" (
	"shop_id" text NOT NULL,
	"order_id" text NOT NULL,
	"message_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"clicked_at" timestamp (3) with time zone NOT NULL,
	"ordered_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "attributions_shop_id_order_id_pk" PRIMARY KEY("shop_id","order_id")
);
--> statement-breakpoint
CREATE TABLE "campaigns" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"subject" text NOT NULL,
	"preheader" text NOT NULL,
	"content" jsonb NOT NULL,
	"audience" jsonb NOT NULL,
	"status" text NOT NULL,
	"version" integer NOT NULL,
	"status_reason" text,
	"scheduled_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "campaigns_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "consent_entries" (
	"shop_id" text NOT NULL,
	"seq" integer NOT NULL,
	"subscriber_id" text NOT NULL,
	"purpose" text NOT NULL,
	"act" text NOT NULL,
	"state" text NOT NULL,
	"basis" text NOT NULL,
	"method" text NOT NULL,
	"source" text NOT NULL,
	"wording" text,
	"wording_version" text,
	"language" text,
	"page" text,
	"message_id" text,
	"form_id" text,
	"evidence" jsonb,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"recorded_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "consent_entries_shop_id_seq_pk" PRIMARY KEY("shop_id","seq")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"shop_id" text NOT NULL,
	"message_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"email" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"attempts" integer NOT NULL,
	"claimed_by" text,
	"lease_until" timestamp (3) with time zone,
	"next_at" timestamp (3) with time zone,
	"request_id" text,
	"posted_at" timestamp (3) with time zone,
	"accepted_at" timestamp (3) with time zone,
	"provider_id" text,
	"outcome" text,
	"outcome_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "deliveries_shop_id_message_id_subscriber_id_pk" PRIMARY KEY("shop_id","message_id","subscriber_id")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"subscriber_id" text,
	"message_id" text,
	"verdict" text,
	"link_no" integer,
	"detail" jsonb,
	"at" timestamp (3) with time zone NOT NULL,
	"day" text NOT NULL,
	"dedupe_key" text NOT NULL,
	CONSTRAINT "events_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "form_versions" (
	"shop_id" text NOT NULL,
	"form_id" text NOT NULL,
	"version" integer NOT NULL,
	"settings" jsonb NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "form_versions_shop_id_form_id_version_pk" PRIMARY KEY("shop_id","form_id","version")
);
--> statement-breakpoint
CREATE TABLE "forms" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"settings" jsonb NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "forms_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"source" text NOT NULL,
	"delivery_id" text NOT NULL,
	"shop_domain" text NOT NULL,
	"topic" text NOT NULL,
	"body" text NOT NULL,
	"triggered_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"note" text,
	"done_at" timestamp (3) with time zone,
	CONSTRAINT "inbox_source_delivery_id_pk" PRIMARY KEY("source","delivery_id")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"unique_key" text,
	"state" text NOT NULL,
	"run_at" timestamp (3) with time zone NOT NULL,
	"attempts" integer NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"last_error" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "links" (
	"shop_id" text NOT NULL,
	"message_id" text NOT NULL,
	"n" integer NOT NULL,
	"url" text NOT NULL,
	"label" text NOT NULL,
	CONSTRAINT "links_shop_id_message_id_n_pk" PRIMARY KEY("shop_id","message_id","n")
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"preheader" text NOT NULL,
	"html" text NOT NULL,
	"text" text NOT NULL,
	"from_name" text NOT NULL,
	"from_email" text NOT NULL,
	"reply_to" text NOT NULL,
	"language" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "messages_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"shop_id" text NOT NULL,
	"order_id" text NOT NULL,
	"id" text NOT NULL,
	"product_id" text,
	"variant_id" text,
	"title" text NOT NULL,
	"quantity" integer NOT NULL,
	"price" bigint NOT NULL,
	CONSTRAINT "order_lines_shop_id_order_id_id_pk" PRIMARY KEY("shop_id","order_id","id")
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"subscriber_id" text,
	"total" bigint NOT NULL,
	"currency" text NOT NULL,
	"test" boolean NOT NULL,
	"cancelled_at" timestamp (3) with time zone,
	"processed_at" timestamp (3) with time zone NOT NULL,
	"day" text NOT NULL,
	"checkout_token" text,
	"platform_updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "orders_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "privacy_requests" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"platform_request_id" text,
	"subscriber_id" text,
	"email_hint" text,
	"state" text NOT NULL,
	"export" jsonb,
	"received_at" timestamp (3) with time zone NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"done_at" timestamp (3) with time zone,
	CONSTRAINT "privacy_requests_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "products" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"title" text NOT NULL,
	"handle" text NOT NULL,
	"url" text,
	"image_url" text,
	"image_alt" text,
	"vendor" text,
	"product_type" text,
	"tags" jsonb NOT NULL,
	"status" text NOT NULL,
	"price_min" bigint,
	"price_max" bigint,
	"compare_at_min" bigint,
	"currency" text NOT NULL,
	"available" boolean NOT NULL,
	"inventory" integer,
	"deleted_at" timestamp (3) with time zone,
	"platform_updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "products_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "segments" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"rules" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "segments_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "shop_settings" (
	"shop_id" text PRIMARY KEY NOT NULL,
	"sender_name" text NOT NULL,
	"sender_email" text NOT NULL,
	"reply_to" text NOT NULL,
	"postal_address" text NOT NULL,
	"sender_confirmed_at" timestamp (3) with time zone,
	"brand" jsonb NOT NULL,
	"double_opt_in" boolean NOT NULL,
	"tracking" text NOT NULL,
	"attribution_days" integer NOT NULL,
	"records_attested_at" timestamp (3) with time zone,
	"onboarding_dismissed_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shop_tokens" (
	"shop_id" text PRIMARY KEY NOT NULL,
	"access_token" text NOT NULL,
	"refresh_token" text,
	"expires_at" timestamp (3) with time zone,
	"refresh_expires_at" timestamp (3) with time zone,
	"refresh_lease_until" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shops" (
	"id" text PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"domain" text NOT NULL,
	"platform_id" text,
	"name" text NOT NULL,
	"email" text,
	"url" text,
	"currency" text NOT NULL,
	"timezone" text NOT NULL,
	"locale" text NOT NULL,
	"country" text,
	"address" text,
	"status" text NOT NULL,
	"scopes" text NOT NULL,
	"installed_at" timestamp (3) with time zone NOT NULL,
	"uninstalled_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"consent_seq" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscriber_tags" (
	"shop_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"tag" text NOT NULL,
	CONSTRAINT "subscriber_tags_shop_id_subscriber_id_tag_pk" PRIMARY KEY("shop_id","subscriber_id","tag")
);
--> statement-breakpoint
CREATE TABLE "subscribers" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"email" text NOT NULL,
	"email_key" text NOT NULL,
	"address_hash" text NOT NULL,
	"first_name" text,
	"last_name" text,
	"locale" text,
	"country" text,
	"platform_id" text,
	"source" text NOT NULL,
	"orders_count" integer NOT NULL,
	"total_spent" bigint NOT NULL,
	"first_order_at" timestamp (3) with time zone,
	"last_order_at" timestamp (3) with time zone,
	"last_open_at" timestamp (3) with time zone,
	"last_click_at" timestamp (3) with time zone,
	"restricted_at" timestamp (3) with time zone,
	"platform_updated_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "subscribers_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "suppressions" (
	"shop_id" text NOT NULL,
	"address_hash" text NOT NULL,
	"reason" text NOT NULL,
	"detail" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "suppressions_shop_id_address_hash_reason_pk" PRIMARY KEY("shop_id","address_hash","reason")
);
--> statement-breakpoint
CREATE TABLE "syncs" (
	"shop_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"operation_id" text,
	"result_url" text,
	"lines_done" integer NOT NULL,
	"objects_done" integer NOT NULL,
	"objects_total" integer,
	"error" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "syncs_shop_id_kind_pk" PRIMARY KEY("shop_id","kind")
);
--> statement-breakpoint
CREATE TABLE "variants" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"product_id" text NOT NULL,
	"title" text NOT NULL,
	"sku" text,
	"price" bigint NOT NULL,
	"compare_at" bigint,
	"inventory" integer,
	"available" boolean NOT NULL,
	CONSTRAINT "variants_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
ALTER TABLE "attributions" ADD CONSTRAINT "attributions_shop_id_order_id_orders_shop_id_id_fk" FOREIGN KEY ("shop_id","order_id") REFERENCES "public"."orders"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_shop_id_message_id_messages_shop_id_id_fk" FOREIGN KEY ("shop_id","message_id") REFERENCES "public"."messages"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "links" ADD CONSTRAINT "links_shop_id_message_id_messages_shop_id_id_fk" FOREIGN KEY ("shop_id","message_id") REFERENCES "public"."messages"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "order_lines" ADD CONSTRAINT "order_lines_shop_id_order_id_orders_shop_id_id_fk" FOREIGN KEY ("shop_id","order_id") REFERENCES "public"."orders"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriber_tags" ADD CONSTRAINT "subscriber_tags_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "variants" ADD CONSTRAINT "variants_shop_id_product_id_products_shop_id_id_fk" FOREIGN KEY ("shop_id","product_id") REFERENCES "public"."products"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attributions_message" ON "attributions" USING btree ("shop_id","message_id");--> statement-breakpoint
CREATE INDEX "campaigns_status" ON "campaigns" USING btree ("shop_id","status");--> statement-breakpoint
CREATE INDEX "consent_entries_person" ON "consent_entries" USING btree ("shop_id","subscriber_id","purpose","seq");--> statement-breakpoint
CREATE INDEX "deliveries_state" ON "deliveries" USING btree ("shop_id","message_id","state");--> statement-breakpoint
CREATE INDEX "deliveries_request" ON "deliveries" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "deliveries_person" ON "deliveries" USING btree ("shop_id","subscriber_id");--> statement-breakpoint
CREATE UNIQUE INDEX "events_dedupe" ON "events" USING btree ("shop_id","dedupe_key");--> statement-breakpoint
CREATE INDEX "events_person" ON "events" USING btree ("shop_id","subscriber_id","at");--> statement-breakpoint
CREATE INDEX "events_message" ON "events" USING btree ("shop_id","message_id","kind");--> statement-breakpoint
CREATE INDEX "events_day" ON "events" USING btree ("shop_id","kind","day");--> statement-breakpoint
CREATE INDEX "inbox_state" ON "inbox" USING btree ("state","received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_key" ON "jobs" USING btree ("kind","unique_key");--> statement-breakpoint
CREATE INDEX "jobs_due" ON "jobs" USING btree ("state","run_at");--> statement-breakpoint
CREATE INDEX "order_lines_product" ON "order_lines" USING btree ("shop_id","product_id");--> statement-breakpoint
CREATE INDEX "orders_person" ON "orders" USING btree ("shop_id","subscriber_id","processed_at");--> statement-breakpoint
CREATE INDEX "orders_time" ON "orders" USING btree ("shop_id","processed_at");--> statement-breakpoint
CREATE UNIQUE INDEX "shops_domain" ON "shops" USING btree ("platform","domain");--> statement-breakpoint
CREATE INDEX "subscriber_tags_tag" ON "subscriber_tags" USING btree ("shop_id","tag");--> statement-breakpoint
CREATE UNIQUE INDEX "subscribers_email" ON "subscribers" USING btree ("shop_id","email_key");--> statement-breakpoint
CREATE INDEX "subscribers_platform" ON "subscribers" USING btree ("shop_id","platform_id");--> statement-breakpoint
CREATE INDEX "subscribers_hash" ON "subscribers" USING btree ("shop_id","address_hash");--> statement-breakpoint
CREATE INDEX "variants_product" ON "variants" USING btree ("shop_id","product_id");