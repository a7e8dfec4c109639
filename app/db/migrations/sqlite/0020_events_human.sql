DROP INDEX `events_human_message`;--> statement-breakpoint
CREATE INDEX `events_human_message` ON `events` (`shop_id`,`message_id`,`kind`,`subscriber_id`,`at`) WHERE verdict = 'human';