CREATE TABLE `signup_limits` (
	`shop_id` text NOT NULL,
	`key` text NOT NULL,
	`times` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `key`)
);
--> statement-breakpoint
CREATE INDEX `signup_limits_age` ON `signup_limits` (`shop_id`,`updated_at`);--> statement-breakpoint
CREATE TABLE `subscriber_aliases` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`kept_id` text NOT NULL,
	PRIMARY KEY(`shop_id`, `id`),
	FOREIGN KEY (`shop_id`,`kept_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `subscriber_aliases_kept` ON `subscriber_aliases` (`shop_id`,`kept_id`);--> statement-breakpoint
CREATE INDEX `consent_entries_form` ON `consent_entries` (`shop_id`,`form_id`,`recorded_at`);