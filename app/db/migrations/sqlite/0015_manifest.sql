-- By hand: WITHOUT ROWID, and nothing to read of columns that are new.
CREATE TABLE `__new_rehearsal_people` (
	`shop_id` text NOT NULL,
	`rehearsal_id` text NOT NULL,
	`subscriber_id` text NOT NULL,
	`reason` text,
	`difference` text,
	`difference_at` integer,
	PRIMARY KEY(`shop_id`, `rehearsal_id`, `subscriber_id`),
	FOREIGN KEY (`shop_id`,`rehearsal_id`) REFERENCES `rehearsals`(`shop_id`,`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_rehearsal_people` (`shop_id`, `rehearsal_id`, `subscriber_id`, `reason`) SELECT `shop_id`, `rehearsal_id`, `subscriber_id`, `reason` FROM `rehearsal_people`;--> statement-breakpoint
DROP TABLE `rehearsal_people`;--> statement-breakpoint
ALTER TABLE `__new_rehearsal_people` RENAME TO `rehearsal_people`;--> statement-breakpoint
CREATE INDEX `rehearsal_people_difference` ON `rehearsal_people` (`shop_id`,`rehearsal_id`,`difference`,`subscriber_id`) WHERE difference is not null;--> statement-breakpoint
ALTER TABLE `rehearsals` ADD `counts` text;--> statement-breakpoint
ALTER TABLE `rehearsals` ADD `links` text;--> statement-breakpoint
ALTER TABLE `rehearsals` ADD `forgotten` integer;--> statement-breakpoint
ALTER TABLE `rehearsals` ADD `forgotten_included` integer;
