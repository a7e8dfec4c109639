DROP INDEX `batches_state`;--> statement-breakpoint
CREATE INDEX `batches_state` ON `batches` (`shop_id`,`message_id`,`state`,`n`);