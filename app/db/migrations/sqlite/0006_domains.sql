ALTER TABLE `sending_domains` ADD `dkim_selector` text;--> statement-breakpoint
ALTER TABLE `sending_domains` ADD `check_asked_at` integer;--> statement-breakpoint
ALTER TABLE `sending_domains` ADD `broken_since` integer;--> statement-breakpoint
ALTER TABLE `sending_domains` ADD `gently` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `sending_domains` ADD `planned` text DEFAULT '{"largest":0,"days":[]}' NOT NULL;