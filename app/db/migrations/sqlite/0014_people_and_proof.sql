CREATE TABLE `consent_erased` (
	`shop_id` text NOT NULL,
	`seq` integer NOT NULL,
	`commitment` text NOT NULL,
	`link` text NOT NULL,
	PRIMARY KEY(`shop_id`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `field_values` (
	`shop_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`field_id` text NOT NULL,
	`value` text NOT NULL,
	`number` integer,
	PRIMARY KEY(`shop_id`, `subscriber_id`, `field_id`),
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`shop_id`,`field_id`) REFERENCES `fields`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `field_values_value` ON `field_values` (`shop_id`,`field_id`,`value`);--> statement-breakpoint
CREATE TABLE `fields` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`sensitive` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `purchases` (
	`shop_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`product_id` text NOT NULL,
	`orders` integer NOT NULL,
	`quantity` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `subscriber_id`, `product_id`),
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `purchases_product` ON `purchases` (`shop_id`,`product_id`,`last_at`,`subscriber_id`);--> statement-breakpoint
CREATE TABLE `import_changes` (
	`shop_id` text NOT NULL,
	`import_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`before` text,
	`after` text,
	PRIMARY KEY(`shop_id`, `import_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`import_id`) REFERENCES `imports`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `import_changes_person` ON `import_changes` (`shop_id`,`subscriber_id`);--> statement-breakpoint
CREATE TABLE `import_findings` (
	`shop_id` text NOT NULL,
	`import_id` text NOT NULL,
	`line` integer NOT NULL,
	`kind` text NOT NULL,
	`reason` text NOT NULL,
	`content` text NOT NULL,
	PRIMARY KEY(`shop_id`, `import_id`, `line`),
	FOREIGN KEY (`shop_id`,`import_id`) REFERENCES `imports`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `import_pieces` (
	`shop_id` text NOT NULL,
	`import_id` text NOT NULL,
	`n` integer NOT NULL,
	`first_line` integer NOT NULL,
	`content` text NOT NULL,
	PRIMARY KEY(`shop_id`, `import_id`, `n`),
	FOREIGN KEY (`shop_id`,`import_id`) REFERENCES `imports`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `imports` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`state` text NOT NULL,
	`kind` text NOT NULL,
	`file_name` text NOT NULL,
	`bytes` integer NOT NULL,
	`encoding` text NOT NULL,
	`separator` text NOT NULL,
	`recognised` text,
	`headers` text NOT NULL,
	`mapping` text,
	`origin` text,
	`attested_at` integer,
	`attested_by` text,
	`counts` text NOT NULL,
	`pieces_done` integer NOT NULL,
	`lines_done` integer NOT NULL,
	`lines_total` integer,
	`error` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`undone_at` integer,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `rehearsal_people` (
	`shop_id` text NOT NULL,
	`rehearsal_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`reason` text,
	PRIMARY KEY(`shop_id`, `rehearsal_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`rehearsal_id`) REFERENCES `rehearsals`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `rehearsals` (
	`shop_id` text NOT NULL,
	`campaign_id` text NOT NULL,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`version` integer NOT NULL,
	`everybody` integer NOT NULL,
	`included` integer NOT NULL,
	`comparison` text,
	`compared_at` integer,
	PRIMARY KEY(`shop_id`, `id`),
	FOREIGN KEY (`shop_id`,`campaign_id`) REFERENCES `campaigns`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `rehearsals_campaign` ON `rehearsals` (`shop_id`,`campaign_id`,`at`);--> statement-breakpoint
CREATE TABLE `segment_members` (
	`shop_id` text NOT NULL,
	`segment_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	PRIMARY KEY(`shop_id`, `segment_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`segment_id`) REFERENCES `segments`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `consent_entries` ADD `written_for` text;--> statement-breakpoint
ALTER TABLE `consent_entries` ADD `salt` text;--> statement-breakpoint
ALTER TABLE `consent_entries` ADD `link` text;--> statement-breakpoint
ALTER TABLE `segments` ADD `platform_id` text;--> statement-breakpoint
ALTER TABLE `segments` ADD `members_read_at` integer;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `soft_opt_in_since` integer;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `soft_opt_in_wording` text;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `soft_opt_in_family` text;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `rfm` text;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `rfm_measured_at` integer;--> statement-breakpoint
ALTER TABLE `shops` ADD `consent_link` text;--> statement-breakpoint
ALTER TABLE `subscriber_tags` ADD `own` integer;--> statement-breakpoint
ALTER TABLE `subscribers` ADD `consent_state` text;--> statement-breakpoint
ALTER TABLE `subscribers` ADD `consent_basis` text;--> statement-breakpoint
ALTER TABLE `subscribers` ADD `consent_at` integer;--> statement-breakpoint
ALTER TABLE `subscribers` ADD `consent_recorded_at` integer;--> statement-breakpoint
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
