DROP INDEX `consent_entries_person`;--> statement-breakpoint
CREATE INDEX `consent_entries_person` ON `consent_entries` (`shop_id`,`subscriber_id`,`purpose`,`seq`,`state`);--> statement-breakpoint
CREATE TABLE `__new_deliveries` (
	`shop_id` text NOT NULL,
	`message_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`email` text NOT NULL,
	`batch` integer,
	`state` text,
	`reason` text,
	`detail` text,
	`attempts` integer NOT NULL,
	`claimed_by` text,
	`lease_until` integer,
	`next_at` integer,
	`request_id` text,
	`posted_at` integer,
	`accepted_at` integer,
	`provider_id` text,
	`outcome` text,
	`outcome_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `message_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`message_id`) REFERENCES `messages`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_deliveries` (`shop_id`, `message_id`, `subscriber_id`, `email`, `batch`, `state`, `reason`, `detail`, `attempts`, `claimed_by`, `lease_until`, `next_at`, `request_id`, `posted_at`, `accepted_at`, `provider_id`, `outcome`, `outcome_at`, `created_at`, `updated_at`) SELECT `shop_id`, `message_id`, `subscriber_id`, `email`, `batch`, `state`, `reason`, `detail`, `attempts`, `claimed_by`, `lease_until`, `next_at`, `request_id`, `posted_at`, `accepted_at`, `provider_id`, `outcome`, `outcome_at`, `created_at`, `updated_at` FROM `deliveries`;--> statement-breakpoint
DROP TABLE `deliveries`;--> statement-breakpoint
ALTER TABLE `__new_deliveries` RENAME TO `deliveries`;--> statement-breakpoint
CREATE INDEX `deliveries_state` ON `deliveries` (`shop_id`,`message_id`,`state`,`subscriber_id`) WHERE state is not null;--> statement-breakpoint
CREATE INDEX `deliveries_request` ON `deliveries` (`request_id`) WHERE request_id is not null;--> statement-breakpoint
CREATE INDEX `deliveries_unsettled` ON `deliveries` (`state`,`lease_until`) WHERE state in ('claimed', 'posting', 'uncertain');--> statement-breakpoint
CREATE INDEX `deliveries_person` ON `deliveries` (`shop_id`,`subscriber_id`) WHERE batch is null;