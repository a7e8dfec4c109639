import { sql } from 'drizzle-orm'
import { bool, foreignKey, index, int, isPostgres, json, money, primaryKey, table, text, time, uniqueIndex } from '../columns.ts'
import { facetColumn, wordColumn, wordWhere } from '../word-start.ts'

// The people of a store, and what they said about being written to.

/** The people; one per shop and address. Whether they may be written to stands in the consent ledger, nowhere here. */
export const subscribers = table(
  'subscribers',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    email: text().notNull(), // as typed
    emailKey: text().notNull(), // trimmed, lower case
    addressHash: text().notNull(),
    firstName: text(),
    lastName: text(),
    locale: text(),
    country: text(),
    platformId: text(), // the store's customer number
    source: text().notNull(), // subscribers/contract.ts: personSource
    ordersCount: int().notNull(),
    totalSpent: money().notNull(), // shop currency
    firstOrderAt: time(),
    lastOrderAt: time(),
    lastOpenAt: time(), // by a human, as far as we can tell
    lastClickAt: time(),
    /**
     * A copy of the newest entry about mail in the ledger, written with it in one transaction, so that lists and counts need not read
     * the ledger. Never asked when it is decided whether somebody gets a mail.
     */
    consentState: text(), // consent/contract.ts: consentState; null: no entry
    consentBasis: text(),
    consentAt: time(), // when the person acted
    consentRecordedAt: time(),
    restrictedAt: time(),
    platformUpdatedAt: time(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    uniqueIndex('subscribers_email').on(t.shopId, isPostgres ? wordColumn('address') : t.emailKey), // PostgreSQL finds beginnings by it too
    index('subscribers_platform').on(t.shopId, t.platformId),
    index('subscribers_hash').on(t.shopId, t.addressHash),
    // For segments: who bought, opened and clicked, by when; the others stand in none of them.
    index('subscribers_bought').on(t.shopId, t.lastOrderAt, t.ordersCount, t.totalSpent, t.firstOrderAt, t.id).where(sql`last_order_at is not null`),
    index('subscribers_opened').on(t.shopId, t.lastOpenAt, t.id).where(sql`last_open_at is not null`),
    index('subscribers_clicked').on(t.shopId, t.lastClickAt, t.id).where(sql`last_click_at is not null`),
    // The list's search and filters. Each ends with the id, so that it is read without the person, newest first. Orders and opens change none but the facets.
    index('subscribers_facet').on(t.shopId, facetColumn, t.id),
    index('subscribers_restricted').on(t.shopId, t.id).where(sql`restricted_at is not null`),
    index('subscribers_domain').on(t.shopId, wordColumn('domain'), t.id),
    index('subscribers_second_part').on(t.shopId, wordColumn('secondPart'), t.id).where(wordWhere('secondPart')),
    index('subscribers_first_name').on(t.shopId, wordColumn('firstName'), t.id).where(wordWhere('firstName')),
    index('subscribers_first_name_end').on(t.shopId, wordColumn('firstNameEnd'), t.id).where(wordWhere('firstNameEnd')),
    index('subscribers_last_name').on(t.shopId, wordColumn('lastName'), t.id).where(wordWhere('lastName')),
    index('subscribers_last_name_end').on(t.shopId, wordColumn('lastNameEnd'), t.id).where(wordWhere('lastNameEnd')),
  ],
)

export const subscriberTags = table(
  'subscriber_tags',
  {
    shopId: text().notNull(),
    subscriberId: text().notNull(),
    tag: text().notNull(),
    /** Given in Homing, by hand or by an import: what the store tells replaces only the store's own tags. Null: the store's. */
    own: bool(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId, t.tag] }),
    index('subscriber_tags_word').on(t.shopId, sql`lower(tag)`, t.subscriberId), // for segments: the store does not tell capital letters apart
    index('subscriber_tags_tag').on(t.shopId, t.tag, t.subscriberId), // with the person: newest first without sorting
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

/** Where a merged person went: links in mails that the old record got must work for ever. */
export const subscriberAliases = table(
  'subscriber_aliases',
  { shopId: text().notNull(), id: text().notNull(), keptId: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('subscriber_aliases_kept').on(t.shopId, t.keptId),
    foreignKey({ columns: [t.shopId, t.keptId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

/**
 * The consent ledger: entries are added, never changed. The newest entry of a person and purpose (highest seq) tells where
 * they stand; `state` is what the entry led to, so that it can be checked by folding the entries again.
 */
export const consentEntries = table(
  'consent_entries',
  {
    shopId: text().notNull(),
    seq: int().notNull(),
    subscriberId: text().notNull(),
    purpose: text().$type<'email_marketing' | 'tracking'>().notNull(),
    act: text().notNull(), // consent/contract.ts: consentAct
    state: text().notNull(), // consent/contract.ts: consentState
    basis: text().notNull(), // consent/contract.ts: consentBasis
    method: text().notNull(), // consent/contract.ts: consentMethod
    source: text().notNull(), // plain words: 'Pop-up "Newsletter"', 'Shopify', 'Unsubscribe link'
    wording: text(), // the exact words that the person saw
    wordingVersion: text(),
    language: text(),
    page: text(),
    messageId: text(),
    formId: text(),
    evidence: json<Record<string, unknown>>(),
    occurredAt: time().notNull(), // when the person acted, as told by whoever saw it
    recordedAt: time().notNull(),
    /** Whom it was written for, when it has moved to another record since (merge): the commitment names that one. */
    writtenFor: text(),
    /** Random; the entry is committed to under it. It goes with the entry when the person is forgotten (consent/chain.ts). */
    salt: text(),
    /** Hash over the link of the entry before and the commitment to this one; null until it is sealed. */
    link: text(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.seq] }),
    index('consent_entries_person').on(t.shopId, t.subscriberId, t.purpose, t.seq, t.state, t.basis), // with state and basis: where everybody stands is read from it alone
    index('consent_entries_form').on(t.shopId, t.formId, t.recordedAt, t.method, t.subscriberId),
  ],
)

/** What is left of an entry whose person was forgotten: enough for the chain to be verified, nothing of the person. */
export const consentErased = table(
  'consent_erased',
  { shopId: text().notNull(), seq: int().notNull(), commitment: text().notNull(), link: text().notNull() },
  (t) => [primaryKey({ columns: [t.shopId, t.seq] })],
)

/** Custom fields of a shop. A sensitive one is shown to the merchant and exported, and kept out of segments, analytics and mails. */
export const fields = table(
  'fields',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    kind: text().$type<'text' | 'number' | 'date' | 'yes_no'>().notNull(),
    sensitive: bool().notNull(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** What is known about a person in a custom field. `value` as written; for comparing: `number` (of dates: milliseconds; yes is 1, no is 0). */
export const fieldValues = table(
  'field_values',
  { shopId: text().notNull(), subscriberId: text().notNull(), fieldId: text().notNull(), value: text().notNull(), number: money() },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId, t.fieldId] }),
    index('field_values_value').on(t.shopId, t.fieldId, t.value, t.subscriberId, t.number),
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
    foreignKey({ columns: [t.shopId, t.fieldId], foreignColumns: [fields.shopId, fields.id] }).onDelete('cascade'),
  ],
)

/** What a person bought of a product, summed over orders that count: written with the orders, so that segments need not read lines. */
export const purchases = table(
  'purchases',
  {
    shopId: text().notNull(),
    subscriberId: text().notNull(),
    productId: text().notNull(),
    orders: int().notNull(),
    quantity: int().notNull(),
    firstAt: time().notNull(),
    lastAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId, t.productId] }),
    index('purchases_product').on(t.shopId, t.productId, t.lastAt, t.subscriberId, t.firstAt, t.orders),
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

/** Addresses that get nothing, whatever the ledger says. Only a keyed hash of the address is kept. */
export const suppressions = table(
  'suppressions',
  {
    shopId: text().notNull(),
    addressHash: text().notNull(),
    reason: text().$type<'bounced' | 'complained' | 'erased' | 'manual'>().notNull(),
    detail: text(), // what the mail service said, or the note of whoever blocked it by hand
    createdAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.addressHash, t.reason] }), index('suppressions_newest').on(t.shopId, t.createdAt, t.addressHash), index('suppressions_reason').on(t.shopId, t.reason, t.addressHash)],
)

/** What people of the shop did with blocked addresses, and who: entries are added, never changed; they go when the person is forgotten. */
export const suppressionActs = table(
  'suppression_acts',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    addressHash: text().notNull(),
    act: text().$type<'blocked' | 'lifted'>().notNull(),
    reason: text().$type<'bounced' | 'complained' | 'manual'>().notNull(),
    note: text(),
    userId: text().notNull(), // the platform's number of that person
    at: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] }), index('suppression_acts_address').on(t.shopId, t.addressHash, t.at)],
)

/**
 * What the store has not been told yet of people's decisions: written with the decision, gone when the store knows. So nothing is
 * lost with a job, nor while a store that ended our grant waits for its owner to open the app again.
 */
export const consentWriteBacks = table(
  'consent_write_backs',
  {
    shopId: text().notNull(),
    subscriberId: text().notNull(),
    askId: text().notNull(), // which asking this is: a newer decision is not settled by the telling of an older one
    askedAt: time().notNull(),
    nextAt: time().notNull(), // when it is asked for again if nobody has settled it
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId] }),
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

/** People of whom the store says "subscribed" with a newer time than our ledger has, which raises nobody: the merchant sees both. */
export const consentDisagreements = table(
  'consent_disagreements',
  {
    shopId: text().notNull(),
    subscriberId: text().notNull(),
    storeAt: time().notNull(),
    storeLevel: text().$type<'single' | 'confirmed' | 'unknown'>().notNull(),
    foundAt: time().notNull(),
    keptAt: time(), // when the merchant decided that our ledger stands
    keptBy: text(), // the platform's number of that person
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId] }),
    foreignKey({ columns: [t.shopId, t.subscriberId], foreignColumns: [subscribers.shopId, subscribers.id] }).onDelete('cascade'),
  ],
)

/** A person's request under privacy law, with its clock. */
export const privacyRequests = table(
  'privacy_requests',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().$type<'data_request' | 'redact'>().notNull(),
    platformRequestId: text(),
    subscriberId: text(),
    emailHint: text(), // 'a***@example.com': enough for the merchant to recognise, gone after redaction
    state: text().$type<'open' | 'done'>().notNull(),
    export: json<unknown>(),
    receivedAt: time().notNull(),
    dueAt: time().notNull(),
    doneAt: time(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)
