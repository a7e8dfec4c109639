CREATE TABLE "signup_limits" (
	"shop_id" text NOT NULL,
	"key" text NOT NULL,
	"times" jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "signup_limits_shop_id_key_pk" PRIMARY KEY("shop_id","key")
);
--> statement-breakpoint
CREATE TABLE "subscriber_aliases" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"kept_id" text NOT NULL,
	CONSTRAINT "subscriber_aliases_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
ALTER TABLE "subscriber_aliases" ADD CONSTRAINT "subscriber_aliases_shop_id_kept_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","kept_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "signup_limits_age" ON "signup_limits" USING btree ("shop_id","updated_at");--> statement-breakpoint
CREATE INDEX "subscriber_aliases_kept" ON "subscriber_aliases" USING btree ("shop_id","kept_id");--> statement-breakpoint
CREATE INDEX "consent_entries_form" ON "consent_entries" USING btree ("shop_id","form_id","recorded_at");