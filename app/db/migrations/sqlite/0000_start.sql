CREATE TABLE `attributions` (
	`shop_id` text NOT NULL,
	`order_id` text NOT NULL,
	`message_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`clicked_at` integer NOT NULL,
	`ordered_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `order_id`),
	FOREIGN KEY (`shop_id`,`order_id`) REFERENCES `orders`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `attributions_message` ON `attributions` (`shop_id`,`message_id`);--> statement-breakpoint
CREATE TABLE `campaigns` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`subject` text NOT NULL,
	`preheader` text NOT NULL,
	`content` text NOT NULL,
	`audience` text NOT NULL,
	`status` text NOT NULL,
	`version` integer NOT NULL,
	`status_reason` text,
	`scheduled_at` integer,
	`started_at` integer,
	`finished_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `campaigns_status` ON `campaigns` (`shop_id`,`status`);--> statement-breakpoint
CREATE TABLE `consent_entries` (
	`shop_id` text NOT NULL,
	`seq` integer NOT NULL,
	`subscriber_id` text NOT NULL,
	`purpose` text NOT NULL,
	`act` text NOT NULL,
	`state` text NOT NULL,
	`basis` text NOT NULL,
	`method` text NOT NULL,
	`source` text NOT NULL,
	`wording` text,
	`wording_version` text,
	`language` text,
	`page` text,
	`message_id` text,
	`form_id` text,
	`evidence` text,
	`occurred_at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `consent_entries_person` ON `consent_entries` (`shop_id`,`subscriber_id`,`purpose`,`seq`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`shop_id` text NOT NULL,
	`message_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`email` text NOT NULL,
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
	`outcome` text,
	`outcome_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `message_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`message_id`) REFERENCES `messages`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `deliveries_state` ON `deliveries` (`shop_id`,`message_id`,`state`);--> statement-breakpoint
CREATE INDEX `deliveries_request` ON `deliveries` (`request_id`);--> statement-breakpoint
CREATE INDEX `deliveries_person` ON `deliveries` (`shop_id`,`subscriber_id`);--> statement-breakpoint
CREATE TABLE `events` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`subscriber_id` text,
	`message_id` text,
	`verdict` text,
	`link_no` integer,
	`detail` text,
	`at` integer NOT NULL,
	`day` text NOT NULL,
	`dedupe_key` text NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_dedupe` ON `events` (`shop_id`,`dedupe_key`);--> statement-breakpoint
CREATE INDEX `events_person` ON `events` (`shop_id`,`subscriber_id`,`at`);--> statement-breakpoint
CREATE INDEX `events_message` ON `events` (`shop_id`,`message_id`,`kind`);--> statement-breakpoint
CREATE INDEX `events_day` ON `events` (`shop_id`,`kind`,`day`);--> statement-breakpoint
CREATE TABLE `form_versions` (
	`shop_id` text NOT NULL,
	`form_id` text NOT NULL,
	`version` integer NOT NULL,
	`settings` text NOT NULL,
	`hash` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `form_id`, `version`)
);
--> statement-breakpoint
CREATE TABLE `forms` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`settings` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`source` text NOT NULL,
	`delivery_id` text NOT NULL,
	`shop_domain` text NOT NULL,
	`topic` text NOT NULL,
	`body` text NOT NULL,
	`triggered_at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`state` text NOT NULL,
	`note` text,
	`done_at` integer,
	PRIMARY KEY(`source`, `delivery_id`)
);
--> statement-breakpoint
CREATE INDEX `inbox_state` ON `inbox` (`state`,`received_at`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`payload` text NOT NULL,
	`unique_key` text,
	`state` text NOT NULL,
	`run_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`lease_until` integer,
	`last_error` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_key` ON `jobs` (`kind`,`unique_key`);--> statement-breakpoint
CREATE INDEX `jobs_due` ON `jobs` (`state`,`run_at`);--> statement-breakpoint
CREATE TABLE `links` (
	`shop_id` text NOT NULL,
	`message_id` text NOT NULL,
	`n` integer NOT NULL,
	`url` text NOT NULL,
	`label` text NOT NULL,
	PRIMARY KEY(`shop_id`, `message_id`, `n`),
	FOREIGN KEY (`shop_id`,`message_id`) REFERENCES `messages`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `messages` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`preheader` text NOT NULL,
	`html` text NOT NULL,
	`text` text NOT NULL,
	`from_name` text NOT NULL,
	`from_email` text NOT NULL,
	`reply_to` text NOT NULL,
	`language` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `order_lines` (
	`shop_id` text NOT NULL,
	`order_id` text NOT NULL,
	`id` text NOT NULL,
	`product_id` text,
	`variant_id` text,
	`title` text NOT NULL,
	`quantity` integer NOT NULL,
	`price` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `order_id`, `id`),
	FOREIGN KEY (`shop_id`,`order_id`) REFERENCES `orders`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `order_lines_product` ON `order_lines` (`shop_id`,`product_id`);--> statement-breakpoint
CREATE TABLE `orders` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`subscriber_id` text,
	`total` integer NOT NULL,
	`currency` text NOT NULL,
	`test` integer NOT NULL,
	`cancelled_at` integer,
	`processed_at` integer NOT NULL,
	`day` text NOT NULL,
	`checkout_token` text,
	`platform_updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `orders_person` ON `orders` (`shop_id`,`subscriber_id`,`processed_at`);--> statement-breakpoint
CREATE INDEX `orders_time` ON `orders` (`shop_id`,`processed_at`);--> statement-breakpoint
CREATE TABLE `privacy_requests` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`platform_request_id` text,
	`subscriber_id` text,
	`email_hint` text,
	`state` text NOT NULL,
	`export` text,
	`received_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`done_at` integer,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `products` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`title` text NOT NULL,
	`handle` text NOT NULL,
	`url` text,
	`image_url` text,
	`image_alt` text,
	`vendor` text,
	`product_type` text,
	`tags` text NOT NULL,
	`status` text NOT NULL,
	`price_min` integer,
	`price_max` integer,
	`compare_at_min` integer,
	`currency` text NOT NULL,
	`available` integer NOT NULL,
	`inventory` integer,
	`deleted_at` integer,
	`platform_updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `segments` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`rules` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `shop_settings` (
	`shop_id` text PRIMARY KEY NOT NULL,
	`sender_name` text NOT NULL,
	`sender_email` text NOT NULL,
	`reply_to` text NOT NULL,
	`postal_address` text NOT NULL,
	`sender_confirmed_at` integer,
	`brand` text NOT NULL,
	`double_opt_in` integer NOT NULL,
	`tracking` text NOT NULL,
	`attribution_days` integer NOT NULL,
	`records_attested_at` integer,
	`onboarding_dismissed_at` integer,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `shop_tokens` (
	`shop_id` text PRIMARY KEY NOT NULL,
	`access_token` text NOT NULL,
	`refresh_token` text,
	`expires_at` integer,
	`refresh_expires_at` integer,
	`refresh_lease_until` integer,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `shops` (
	`id` text PRIMARY KEY NOT NULL,
	`platform` text NOT NULL,
	`domain` text NOT NULL,
	`platform_id` text,
	`name` text NOT NULL,
	`email` text,
	`url` text,
	`currency` text NOT NULL,
	`timezone` text NOT NULL,
	`locale` text NOT NULL,
	`country` text,
	`address` text,
	`status` text NOT NULL,
	`scopes` text NOT NULL,
	`installed_at` integer NOT NULL,
	`uninstalled_at` integer,
	`updated_at` integer NOT NULL,
	`consent_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `shops_domain` ON `shops` (`platform`,`domain`);--> statement-breakpoint
CREATE TABLE `subscriber_tags` (
	`shop_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`tag` text NOT NULL,
	PRIMARY KEY(`shop_id`, `subscriber_id`, `tag`),
	FOREIGN KEY (`shop_id`,`subscriber_id`) REFERENCES `subscribers`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `subscriber_tags_tag` ON `subscriber_tags` (`shop_id`,`tag`);--> statement-breakpoint
CREATE TABLE `subscribers` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`email` text NOT NULL,
	`email_key` text NOT NULL,
	`address_hash` text NOT NULL,
	`first_name` text,
	`last_name` text,
	`locale` text,
	`country` text,
	`platform_id` text,
	`source` text NOT NULL,
	`orders_count` integer NOT NULL,
	`total_spent` integer NOT NULL,
	`first_order_at` integer,
	`last_order_at` integer,
	`last_open_at` integer,
	`last_click_at` integer,
	`restricted_at` integer,
	`platform_updated_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subscribers_email` ON `subscribers` (`shop_id`,`email_key`);--> statement-breakpoint
CREATE INDEX `subscribers_platform` ON `subscribers` (`shop_id`,`platform_id`);--> statement-breakpoint
CREATE INDEX `subscribers_hash` ON `subscribers` (`shop_id`,`address_hash`);--> statement-breakpoint
CREATE TABLE `suppressions` (
	`shop_id` text NOT NULL,
	`address_hash` text NOT NULL,
	`reason` text NOT NULL,
	`detail` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `address_hash`, `reason`)
);
--> statement-breakpoint
CREATE TABLE `syncs` (
	`shop_id` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`operation_id` text,
	`result_url` text,
	`lines_done` integer NOT NULL,
	`objects_done` integer NOT NULL,
	`objects_total` integer,
	`error` text,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `kind`)
);
--> statement-breakpoint
CREATE TABLE `variants` (
	`shop_id` text NOT NULL,
	`id` text NOT NULL,
	`product_id` text NOT NULL,
	`title` text NOT NULL,
	`sku` text,
	`price` integer NOT NULL,
	`compare_at` integer,
	`inventory` integer,
	`available` integer NOT NULL,
	PRIMARY KEY(`shop_id`, `id`),
	FOREIGN KEY (`shop_id`,`product_id`) REFERENCES `products`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `variants_product` ON `variants` (`shop_id`,`product_id`);