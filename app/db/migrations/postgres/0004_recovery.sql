CREATE TABLE "consent_disagreements" (
	"shop_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"store_at" timestamp (3) with time zone NOT NULL,
	"store_level" text NOT NULL,
	"found_at" timestamp (3) with time zone NOT NULL,
	"kept_at" timestamp (3) with time zone,
	"kept_by" text,
	CONSTRAINT "consent_disagreements_shop_id_subscriber_id_pk" PRIMARY KEY("shop_id","subscriber_id")
);
--> statement-breakpoint
CREATE TABLE "consent_write_backs" (
	"shop_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"ask_id" text NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"next_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "consent_write_backs_shop_id_subscriber_id_pk" PRIMARY KEY("shop_id","subscriber_id")
);
--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "tried_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "seen_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shops" ADD COLUMN "forget_asked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "consent_disagreements" ADD CONSTRAINT "consent_disagreements_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "consent_write_backs" ADD CONSTRAINT "consent_write_backs_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;