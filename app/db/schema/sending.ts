import { sql } from 'drizzle-orm'
import { foreignKey, index, int, json, primaryKey, table, text, time, uniqueIndex } from '../columns.ts'
import { subscribers } from './people.ts'

// Campaigns, the messages made from them, and the send ledger.

export const segments = table(
  'segments',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    rules: json<unknown>().notNull(), // segments/contract.ts: segmentRules
    /** The store's own segment that this one follows; its people stand in segment_members as last read. */
    platformId: text(),
    membersReadAt: time(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** Who is in a segment of the store's own, as last read. */
export const segmentMembers = table(
  'segment_members',
  { shopId: text().notNull(), segmentId: text().notNull(), subscriberId: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.shopId, t.segmentId, t.subscriberId] }),
    foreignKey({ columns: [t.shopId, t.segmentId], foreignColumns: [segments.shopId, segments.id] }).onDelete('cascade'),
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

export const campaigns = table(
  'campaigns',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    subject: text().notNull(),
    preheader: text().notNull(),
    content: json<unknown>().notNull(), // templates/contract.ts: mailContent
    audience: json<unknown>().notNull(), // campaigns/contract.ts: audience
    status: text().notNull(), // campaigns/contract.ts: campaignStatus
    /** Counts the changes of the draft, so that two windows cannot overwrite each other unseen. */
    version: int().notNull(),
    statusReason: text(),
    scheduledAt: time(),
    startedAt: time(),
    finishedAt: time(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] }), index('campaigns_status').on(t.shopId, t.status)],
)

/** One message as it will leave: compiled once, never changed. A campaign's message has the campaign's id. */
export const messages = table(
  'messages',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().$type<'campaign' | 'confirmation' | 'test'>().notNull(),
    subject: text().notNull(),
    preheader: text().notNull(),
    html: text().notNull(),
    text: text().notNull(),
    fromName: text().notNull(),
    fromEmail: text().notNull(),
    replyTo: text().notNull(),
    language: text().notNull(),
    /**
     * How it leaves, decided at the freeze: 'shared' = one body and values for many people in a call, 'individual' = each mail
     * for one person.
     */
    way: text().$type<'shared' | 'individual'>().notNull(),
    createdAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** Where the links of a message lead. A click names the message and a number, never an address to go to. */
export const links = table(
  'links',
  { shopId: text().notNull(), messageId: text().notNull(), n: int().notNull(), url: text().notNull(), label: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.shopId, t.messageId, t.n] }),
    foreignKey({ columns: [t.shopId, t.messageId], foreignColumns: [messages.shopId, messages.id] }).onDelete('cascade'),
  ],
)

/**
 * A part of a shared message's audience that travels in one call. What the whole part has in common (state, key, times) stands
 * here once; the rows of its people say only what differs for them. docs/sending.md.
 */
export const batches = table(
  'batches',
  {
    shopId: text().notNull(),
    messageId: text().notNull(),
    n: int().notNull(),
    /** Its people are rows with this `batch`, between these two ids: so they are found along the primary key. */
    firstId: text().notNull(),
    lastId: text().notNull(),
    /** How many rows follow this batch (have no state of their own); for showing, never for deciding. */
    people: int().notNull(),
    state: text().notNull(),
    reason: text(),
    detail: text(), // what the provider said when it did not take it, without addresses
    attempts: int().notNull(),
    claimedBy: text(),
    leaseUntil: time(),
    nextAt: time(),
    requestId: text(),
    postedAt: time(),
    acceptedAt: time(),
    providerId: text(),
    updatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.messageId, t.n] }),
    index('batches_state').on(t.shopId, t.messageId, t.state, t.n),
    uniqueIndex('batches_request').on(t.requestId),
    index('batches_unsettled').on(t.state, t.leaseUntil).where(sql`state = 'posting' or state = 'uncertain'`),
    foreignKey({ columns: [t.shopId, t.messageId], foreignColumns: [messages.shopId, messages.id] }).onDelete('cascade'),
  ],
)

/**
 * The send ledger: one row per person and message, written when the audience is frozen, for those who will not get it too.
 * deliveries/contract.ts has the states and who may change which into which. On SQLite it lies in the order of its key, without row
 * numbers (the migration `lean_ledger` says so by hand; drizzle-kit does not know it): a freeze costs a third less.
 */
export const deliveries = table(
  'deliveries',
  {
    shopId: text().notNull(),
    messageId: text().notNull(),
    subscriberId: text().notNull(),
    email: text().notNull(), // the recipient, bound at the freeze
    /** Number of the batch it travels in, or null. */
    batch: int(),
    /** Null: as its batch. deliveries/state.ts reads the two together. */
    state: text(),
    reason: text(),
    detail: text(), // as in batches
    attempts: int().notNull(),
    claimedBy: text(),
    leaseUntil: time(),
    nextAt: time(),
    requestId: text(),
    postedAt: time(),
    acceptedAt: time(),
    providerId: text(),
    /** What became known after the provider took it: null, 'delivered', 'bounced', 'complained'. */
    outcome: text(),
    outcomeAt: time(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.messageId, t.subscriberId] }),
    // With the person, although nobody asks for that order: without fresh statistics PostgreSQL would prefer the shorter index to the
    // primary key for `message, state, person` and read the whole message for each row. With the time, because otherwise SQLite prefers
    // the primary key for `message, state, due` and reads the whole message.
    index('deliveries_state').on(t.shopId, t.messageId, t.state, t.subscriberId, t.nextAt).where(sql`state is not null`),
    index('deliveries_request').on(t.requestId).where(sql`request_id is not null`),
    // Rows of a batch are found by the campaign and the person instead (subscribers/ledger.ts): this index would be the dearest part of a freeze.
    // Its last column is always null, and lets SQLite see that the index is enough.
    index('deliveries_person').on(t.shopId, t.subscriberId, t.batch).where(sql`batch is null`),
    // What a dead worker may have left, of all shops: found each minute without reading the ledger. SQLite understands `or` here, and not `in`.
    index('deliveries_unsettled').on(t.state, t.leaseUntil).where(sql`state = 'claimed' or state = 'posting' or state = 'uncertain'`),
    foreignKey({ columns: [t.shopId, t.messageId], foreignColumns: [messages.shopId, messages.id] }).onDelete('cascade'),
  ],
)

/** What was promised before a send: how everybody of the shop was decided at one moment. The newest of a campaign is kept. */
export const rehearsals = table(
  'rehearsals',
  {
    shopId: text().notNull(),
    campaignId: text().notNull(),
    id: text().notNull(),
    at: time().notNull(),
    /** The version of the draft that was rehearsed; another one is another mail. */
    version: int().notNull(),
    everybody: int().notNull(),
    included: int().notNull(),
    /** Of them, who has been forgotten since and taken out of it: all, and those who would have got it. */
    forgotten: int(),
    forgottenIncluded: int(),
    /** How many by each reason, and how many of those who get it lack a name that the mail uses (campaigns/manifest.ts). */
    counts: json<unknown>(),
    /** What the links of the mail answered when they were asked (campaigns/ask-links.ts); null until then. */
    links: json<unknown>(),
    /** After the send: the manifest against what happened (campaigns/compare.ts). */
    comparison: json<unknown>(),
    comparedAt: time(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('rehearsals_campaign').on(t.shopId, t.campaignId, t.at),
    foreignKey({ columns: [t.shopId, t.campaignId], foreignColumns: [campaigns.shopId, campaigns.id] }).onDelete('cascade'),
  ],
)

/**
 * One row a person of the shop. Like the send ledger it does not hang on the person: who is merged stays in it under the id of then;
 * who is forgotten is taken out with everything else (subscribers/erase.ts). On SQLite it lies in the order of its key, like the ledger.
 */
export const rehearsalPeople = table(
  'rehearsal_people',
  {
    shopId: text().notNull(),
    rehearsalId: text().notNull(),
    subscriberId: text().notNull(),
    /** The first rule that decided; null: gets it. 'not_there': was not on the list then, and got it nevertheless. */
    reason: text(),
    /** After the send, where it went otherwise than promised: why (campaigns/contract.ts: difference), and when that happened. */
    difference: text(),
    differenceAt: time(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.rehearsalId, t.subscriberId] }),
    index('rehearsal_people_difference').on(t.shopId, t.rehearsalId, t.difference, t.subscriberId).where(sql`difference is not null`),
    foreignKey({ columns: [t.shopId, t.rehearsalId], foreignColumns: [rehearsals.shopId, rehearsals.id] }).onDelete('cascade'),
  ],
)
