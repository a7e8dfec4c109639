CREATE TABLE `suppression_acts` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`address_hash` text NOT NULL,
	`act` text NOT NULL,
	`reason` text NOT NULL,
	`note` text,
	`user_id` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `suppression_acts_address` ON `suppression_acts` (`shop_id`,`address_hash`,`at`);--> statement-breakpoint
ALTER TABLE `batches` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `deliveries` ADD `detail` text;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `complaints_stopped_at` integer;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `complaints_because` text;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `complaints_confirmed_at` integer;--> statement-breakpoint
ALTER TABLE `shop_settings` ADD `complaints_confirmed_by` text;--> statement-breakpoint
CREATE INDEX `suppressions_newest` ON `suppressions` (`shop_id`,`created_at`,`address_hash`);