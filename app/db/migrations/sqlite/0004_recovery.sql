CREATE TABLE `consent_disagreements` (
	`shop_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`store_at` integer NOT NULL,
	`store_level` text NOT NULL,
	`found_at` integer NOT NULL,
	`kept_at` integer,
	`kept_by` text,
	PRIMARY KEY(`shop_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `consent_write_backs` (
	`shop_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`ask_id` text NOT NULL,
	`asked_at` integer NOT NULL,
	`next_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `inbox` ADD `tried_at` integer;--> statement-breakpoint
ALTER TABLE `products` ADD `seen_at` integer;--> statement-breakpoint
ALTER TABLE `shops` ADD `forget_asked_at` integer;