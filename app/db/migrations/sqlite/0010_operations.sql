ALTER TABLE `installation` ADD `beat_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `installation` ADD `address` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `installation` ADD `place` text;--> statement-breakpoint
ALTER TABLE `installation` ADD `stamp` text;