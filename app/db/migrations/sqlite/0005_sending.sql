CREATE TABLE `batches` (
	`shop_id` text NOT NULL,
	`message_id` text NOT NULL,
	`n` integer NOT NULL,
	`first_id` text NOT NULL,
	`last_id` text NOT NULL,
	`people` integer NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`attempts` integer NOT NULL,
	`claimed_by` text,
	`lease_until` integer,
	`next_at` integer,
	`request_id` text,
	`posted_at` integer,
	`accepted_at` integer,
	`provider_id` text,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `message_id`, `n`),
	FOREIGN KEY (`shop_id`,`message_id`) REFERENCES `messages`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `batches_state` ON `batches` (`shop_id`,`message_id`,`state`,`next_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `batches_request` ON `batches` (`request_id`);--> statement-breakpoint
CREATE INDEX `batches_unsettled` ON `batches` (`state`,`lease_until`) WHERE state in ('posting', 'uncertain');--> statement-breakpoint
CREATE TABLE `installation` (
	`id` text PRIMARY KEY NOT NULL,
	`generation` text NOT NULL,
	`fenced_at` integer,
	`fenced_because` text,
	`resting_because` text,
	`clean_stop` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sending_domains` (
	`shop_id` text NOT NULL,
	`domain` text NOT NULL,
	`provider_ref` text,
	`records` text NOT NULL,
	`findings` text NOT NULL,
	`status` text NOT NULL,
	`checked_at` integer,
	`verified_at` integer,
	`warming_since` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `domain`)
);
--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_deliveries` (
	`shop_id` text NOT NULL,
	`message_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`email` text NOT NULL,
	`batch` integer,
	`state` text,
	`reason` text,
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
);
--> statement-breakpoint
INSERT INTO `__new_deliveries`("shop_id", "message_id", "subscriber_id", "email", "batch", "state", "reason", "attempts", "claimed_by", "lease_until", "next_at", "request_id", "posted_at", "accepted_at", "provider_id", "outcome", "outcome_at", "created_at", "updated_at") SELECT "shop_id", "message_id", "subscriber_id", "email", NULL, "state", "reason", "attempts", "claimed_by", "lease_until", "next_at", "request_id", "posted_at", "accepted_at", "provider_id", "outcome", "outcome_at", "created_at", "updated_at" FROM `deliveries`;--> statement-breakpoint
DROP TABLE `deliveries`;--> statement-breakpoint
ALTER TABLE `__new_deliveries` RENAME TO `deliveries`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `deliveries_state` ON `deliveries` (`shop_id`,`message_id`,`state`,`subscriber_id`) WHERE state is not null;--> statement-breakpoint
CREATE INDEX `deliveries_request` ON `deliveries` (`request_id`) WHERE request_id is not null;--> statement-breakpoint
CREATE INDEX `deliveries_person` ON `deliveries` (`shop_id`,`subscriber_id`);--> statement-breakpoint
CREATE INDEX `deliveries_unsettled` ON `deliveries` (`state`,`lease_until`) WHERE state in ('claimed', 'posting', 'uncertain');--> statement-breakpoint
ALTER TABLE `messages` ADD `way` text DEFAULT 'individual' NOT NULL;