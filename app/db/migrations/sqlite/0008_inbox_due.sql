DROP INDEX `inbox_state`;--> statement-breakpoint
ALTER TABLE `inbox` ADD `next_at` integer;--> statement-breakpoint
ALTER TABLE `inbox` ADD `attempts` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `inbox` SET `next_at` = `received_at` WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX `inbox_due` ON `inbox` (`next_at`) WHERE state = 'waiting';