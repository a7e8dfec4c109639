CREATE TABLE "batches" (
	"shop_id" text NOT NULL,
	"message_id" text NOT NULL,
	"n" integer NOT NULL,
	"first_id" text NOT NULL,
	"last_id" text NOT NULL,
	"people" integer NOT NULL,
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
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "batches_shop_id_message_id_n_pk" PRIMARY KEY("shop_id","message_id","n")
);
--> statement-breakpoint
CREATE TABLE "installation" (
	"id" text PRIMARY KEY NOT NULL,
	"generation" text NOT NULL,
	"fenced_at" timestamp (3) with time zone,
	"fenced_because" text,
	"resting_because" text,
	"clean_stop" boolean NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sending_domains" (
	"shop_id" text NOT NULL,
	"domain" text NOT NULL,
	"provider_ref" text,
	"records" jsonb NOT NULL,
	"findings" jsonb NOT NULL,
	"status" text NOT NULL,
	"checked_at" timestamp (3) with time zone,
	"verified_at" timestamp (3) with time zone,
	"warming_since" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sending_domains_shop_id_domain_pk" PRIMARY KEY("shop_id","domain")
);
--> statement-breakpoint
DROP INDEX "deliveries_state";--> statement-breakpoint
DROP INDEX "deliveries_request";--> statement-breakpoint
ALTER TABLE "deliveries" ALTER COLUMN "state" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "batch" integer;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "way" text DEFAULT 'individual' NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ALTER COLUMN "way" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "batches" ADD CONSTRAINT "batches_shop_id_message_id_messages_shop_id_id_fk" FOREIGN KEY ("shop_id","message_id") REFERENCES "public"."messages"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "batches_state" ON "batches" USING btree ("shop_id","message_id","state","next_at");--> statement-breakpoint
CREATE UNIQUE INDEX "batches_request" ON "batches" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "batches_unsettled" ON "batches" USING btree ("state","lease_until") WHERE state in ('posting', 'uncertain');--> statement-breakpoint
CREATE INDEX "deliveries_state" ON "deliveries" USING btree ("shop_id","message_id","state","subscriber_id") WHERE state is not null;--> statement-breakpoint
CREATE INDEX "deliveries_request" ON "deliveries" USING btree ("request_id") WHERE request_id is not null;