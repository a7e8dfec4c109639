CREATE TABLE "consent_erased" (
	"shop_id" text NOT NULL,
	"seq" integer NOT NULL,
	"commitment" text NOT NULL,
	"link" text NOT NULL,
	CONSTRAINT "consent_erased_shop_id_seq_pk" PRIMARY KEY("shop_id","seq")
);
--> statement-breakpoint
CREATE TABLE "field_values" (
	"shop_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"field_id" text NOT NULL,
	"value" text NOT NULL,
	"number" bigint,
	CONSTRAINT "field_values_shop_id_subscriber_id_field_id_pk" PRIMARY KEY("shop_id","subscriber_id","field_id")
);
--> statement-breakpoint
CREATE TABLE "fields" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"sensitive" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "fields_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "purchases" (
	"shop_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"product_id" text NOT NULL,
	"orders" integer NOT NULL,
	"quantity" integer NOT NULL,
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "purchases_shop_id_subscriber_id_product_id_pk" PRIMARY KEY("shop_id","subscriber_id","product_id")
);
--> statement-breakpoint
CREATE TABLE "import_changes" (
	"shop_id" text NOT NULL,
	"import_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	CONSTRAINT "import_changes_shop_id_import_id_subscriber_id_pk" PRIMARY KEY("shop_id","import_id","subscriber_id")
);
--> statement-breakpoint
CREATE TABLE "import_findings" (
	"shop_id" text NOT NULL,
	"import_id" text NOT NULL,
	"line" integer NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"content" text NOT NULL,
	CONSTRAINT "import_findings_shop_id_import_id_line_pk" PRIMARY KEY("shop_id","import_id","line")
);
--> statement-breakpoint
CREATE TABLE "import_pieces" (
	"shop_id" text NOT NULL,
	"import_id" text NOT NULL,
	"n" integer NOT NULL,
	"first_line" integer NOT NULL,
	"content" text NOT NULL,
	CONSTRAINT "import_pieces_shop_id_import_id_n_pk" PRIMARY KEY("shop_id","import_id","n")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"shop_id" text NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"kind" text NOT NULL,
	"file_name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"encoding" text NOT NULL,
	"separator" text NOT NULL,
	"recognised" text,
	"headers" jsonb NOT NULL,
	"mapping" jsonb,
	"origin" text,
	"attested_at" timestamp (3) with time zone,
	"attested_by" text,
	"counts" jsonb NOT NULL,
	"pieces_done" integer NOT NULL,
	"lines_done" integer NOT NULL,
	"lines_total" integer,
	"error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"undone_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "imports_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "rehearsal_people" (
	"shop_id" text NOT NULL,
	"rehearsal_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	"reason" text,
	CONSTRAINT "rehearsal_people_shop_id_rehearsal_id_subscriber_id_pk" PRIMARY KEY("shop_id","rehearsal_id","subscriber_id")
);
--> statement-breakpoint
CREATE TABLE "rehearsals" (
	"shop_id" text NOT NULL,
	"campaign_id" text NOT NULL,
	"id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"version" integer NOT NULL,
	"everybody" integer NOT NULL,
	"included" integer NOT NULL,
	"comparison" jsonb,
	"compared_at" timestamp (3) with time zone,
	CONSTRAINT "rehearsals_shop_id_id_pk" PRIMARY KEY("shop_id","id")
);
--> statement-breakpoint
CREATE TABLE "segment_members" (
	"shop_id" text NOT NULL,
	"segment_id" text NOT NULL,
	"subscriber_id" text NOT NULL,
	CONSTRAINT "segment_members_shop_id_segment_id_subscriber_id_pk" PRIMARY KEY("shop_id","segment_id","subscriber_id")
);
--> statement-breakpoint
ALTER TABLE "consent_entries" ADD COLUMN "written_for" text;--> statement-breakpoint
ALTER TABLE "consent_entries" ADD COLUMN "salt" text;--> statement-breakpoint
ALTER TABLE "consent_entries" ADD COLUMN "link" text;--> statement-breakpoint
ALTER TABLE "segments" ADD COLUMN "platform_id" text;--> statement-breakpoint
ALTER TABLE "segments" ADD COLUMN "members_read_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "soft_opt_in_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "soft_opt_in_wording" text;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "soft_opt_in_family" text;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "rfm" jsonb;--> statement-breakpoint
ALTER TABLE "shop_settings" ADD COLUMN "rfm_measured_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "shops" ADD COLUMN "consent_link" text;--> statement-breakpoint
ALTER TABLE "subscriber_tags" ADD COLUMN "own" boolean;--> statement-breakpoint
ALTER TABLE "subscribers" ADD COLUMN "consent_state" text;--> statement-breakpoint
ALTER TABLE "subscribers" ADD COLUMN "consent_basis" text;--> statement-breakpoint
ALTER TABLE "subscribers" ADD COLUMN "consent_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "subscribers" ADD COLUMN "consent_recorded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "field_values" ADD CONSTRAINT "field_values_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "field_values" ADD CONSTRAINT "field_values_shop_id_field_id_fields_shop_id_id_fk" FOREIGN KEY ("shop_id","field_id") REFERENCES "public"."fields"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "purchases" ADD CONSTRAINT "purchases_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_changes" ADD CONSTRAINT "import_changes_shop_id_import_id_imports_shop_id_id_fk" FOREIGN KEY ("shop_id","import_id") REFERENCES "public"."imports"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_findings" ADD CONSTRAINT "import_findings_shop_id_import_id_imports_shop_id_id_fk" FOREIGN KEY ("shop_id","import_id") REFERENCES "public"."imports"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_pieces" ADD CONSTRAINT "import_pieces_shop_id_import_id_imports_shop_id_id_fk" FOREIGN KEY ("shop_id","import_id") REFERENCES "public"."imports"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rehearsal_people" ADD CONSTRAINT "rehearsal_people_shop_id_rehearsal_id_rehearsals_shop_id_id_fk" FOREIGN KEY ("shop_id","rehearsal_id") REFERENCES "public"."rehearsals"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rehearsal_people" ADD CONSTRAINT "rehearsal_people_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rehearsals" ADD CONSTRAINT "rehearsals_shop_id_campaign_id_campaigns_shop_id_id_fk" FOREIGN KEY ("shop_id","campaign_id") REFERENCES "public"."campaigns"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segment_members" ADD CONSTRAINT "segment_members_shop_id_segment_id_segments_shop_id_id_fk" FOREIGN KEY ("shop_id","segment_id") REFERENCES "public"."segments"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segment_members" ADD CONSTRAINT "segment_members_shop_id_subscriber_id_subscribers_shop_id_id_fk" FOREIGN KEY ("shop_id","subscriber_id") REFERENCES "public"."subscribers"("shop_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "field_values_value" ON "field_values" USING btree ("shop_id","field_id","value");--> statement-breakpoint
CREATE INDEX "purchases_product" ON "purchases" USING btree ("shop_id","product_id","last_at","subscriber_id");--> statement-breakpoint
CREATE INDEX "import_changes_person" ON "import_changes" USING btree ("shop_id","subscriber_id");--> statement-breakpoint
CREATE INDEX "rehearsals_campaign" ON "rehearsals" USING btree ("shop_id","campaign_id","at");--> statement-breakpoint
-- By hand: the copies and sums of what is there already.
UPDATE subscribers SET consent_state = c.state, consent_basis = c.basis, consent_at = c.occurred_at, consent_recorded_at = c.recorded_at
FROM consent_entries c
WHERE c.shop_id = subscribers.shop_id AND c.subscriber_id = subscribers.id AND c.purpose = 'email_marketing'
  AND c.seq = (SELECT max(n.seq) FROM consent_entries n WHERE n.shop_id = c.shop_id AND n.subscriber_id = c.subscriber_id AND n.purpose = 'email_marketing');
--> statement-breakpoint
INSERT INTO purchases (shop_id, subscriber_id, product_id, orders, quantity, first_at, last_at)
SELECT o.shop_id, o.subscriber_id, l.product_id, count(DISTINCT o.id), sum(l.quantity), min(o.processed_at), max(o.processed_at)
FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND l.order_id = o.id JOIN subscribers s ON s.shop_id = o.shop_id AND s.id = o.subscriber_id
WHERE o.cancelled_at IS NULL AND NOT o.test AND l.product_id IS NOT NULL
GROUP BY o.shop_id, o.subscriber_id, l.product_id;
