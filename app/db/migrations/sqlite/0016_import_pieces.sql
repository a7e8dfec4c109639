DROP INDEX `import_changes_person`;--> statement-breakpoint
DROP INDEX `consent_entries_person`;--> statement-breakpoint
CREATE INDEX `consent_entries_person` ON `consent_entries` (`shop_id`,`subscriber_id`,`purpose`,`seq`,`state`,`basis`);--> statement-breakpoint
ALTER TABLE `import_pieces` ADD `skip` text;--> statement-breakpoint
-- By hand: WITHOUT ROWID; nothing is in it yet.
DROP TABLE `import_changes`;--> statement-breakpoint
CREATE TABLE `import_changes` (
	`shop_id` text NOT NULL,
	`import_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`before` text,
	`after` text,
	PRIMARY KEY(`shop_id`, `import_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`import_id`) REFERENCES `imports`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
