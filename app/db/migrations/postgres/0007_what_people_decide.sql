CREATE TABLE "suppression_acts" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"address_hash" text NOT NULL,
	"act" text NOT NULL,
	"reason" text NOT NULL,
	"note" text,
	"user_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "suppression_acts_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
ALTER TABLE "batches" ADD COLUMN "detail" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "detail" text;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "complaints_stopped_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "complaints_because" text;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "complaints_confirmed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "complaints_confirmed_by" text;--> statement-breakpoint
CREATE INDEX "suppression_acts_address" ON "suppression_acts" USING btree ("shop_id","address_hash","at");--> statement-breakpoint
CREATE INDEX "suppressions_newest" ON "suppressions" USING btree ("shop_id","created_at","address_hash");