import { sql } from 'drizzle-orm'
import { bool, foreignKey, index, int, json, money, primaryKey, table, text, time, uniqueIndex } from './columns.ts'

// What there is. Every table that holds a merchant's data begins with shop_id, and so do its keys: a question that forgets
// the shop finds no index to help it. Ids, times and states come from code; the database has no defaults.

/** A store that installed us. One row lives on after uninstalling, until the platform asks us to forget the store. */
export const shops = table(
  'shops',
  {
    id: text().primaryKey(),
    platform: text().notNull(), // 'shopify'
    domain: text().notNull(), // 'fern-and-fig.myshopify.com'
    platformId: text(),
    name: text().notNull(),
    email: text(),
    url: text(), // storefront, with scheme
    currency: text().notNull(),
    timezone: text().notNull(),
    locale: text().notNull(),
    country: text(),
    address: text(), // as the platform tells it, one line a part
    status: text().$type<'installed' | 'needs_reopening' | 'uninstalled'>().notNull(),
    scopes: text().notNull(),
    installedAt: time().notNull(),
    uninstalledAt: time(),
    /** When the platform asked us to forget the store; while it is set, that is not done yet. */
    forgetAskedAt: time(),
    updatedAt: time().notNull(),
    /** Last number given to an entry of this shop's consent ledger; its row lock puts the entries in one order. */
    consentSeq: int().notNull(),
  },
  (t) => [uniqueIndex('shops_domain').on(t.platform, t.domain)],
)

/**
 * The domain that a store sends from: the records its owner has to set, what the last check found, and since when it may grow.
 */
export const sendingDomains = table(
  'sending_domains',
  {
    shopId: text().notNull(),
    domain: text().notNull(),
    /** The mail provider's own id of this domain, where it keeps one. */
    providerRef: text(),
    records: json<unknown>().notNull(), // domains/contract.ts
    findings: json<unknown>().notNull(), // of the last check
    status: text().$type<'pending' | 'verified' | 'failing'>().notNull(),
    checkedAt: time(),
    verifiedAt: time(),
    /** The owner's DKIM selector, where the provider brings none (an own mail server). */
    dkimSelector: text(),
    /** A check was asked for and has not answered yet. */
    checkAskedAt: time(),
    /** Since when something that must be there is gone, while it still counts as verified (domains/check.ts). */
    brokenSince: time(),
    /** When the first campaign left from it; a new domain begins with few mails a day. */
    warmingSince: time(),
    /** Begin with few mails a day: nobody said that this domain has sent newsletters before. */
    gently: bool().notNull(),
    /** What campaigns may send on which day while it grows; domains/ramp.ts. */
    planned: json<unknown>().notNull(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.domain] })],
)

/** One row: which installation this database belongs to. A restored or copied database is known by it and does not send (operations/fence.ts). */
export const installation = table('installation', {
  id: text().primaryKey(), // 'this'
  /** Drawn anew at each start. Its twin stands outside of the database; who answers at our public address must know it. */
  generation: text().notNull(),
  /** Last beat; always later than the one before, whatever the clock does. A database whose last beat is older than what its twin or a process has seen went back in time. */
  beatAt: time().notNull(),
  /** Public address at the last start, and where the database itself is (PostgreSQL: database and timeline). */
  address: text().notNull(),
  place: text(),
  /** PostgreSQL: the transaction that wrote this row. A row brought back by a dump was written by another. */
  stamp: text(),
  fencedAt: time(),
  fencedBecause: text(), // operations/contract.ts: fenceCause
  /** Why all sending rests for all processes (operations/contract.ts: restCause), or null. */
  restingBecause: text(),
  cleanStop: bool().notNull(),
  updatedAt: time().notNull(),
})

/** The platform's keys to a store, encrypted. */
export const shopTokens = table('shop_tokens', {
  shopId: text().primaryKey(),
  accessToken: text().notNull(),
  refreshToken: text(),
  expiresAt: time(),
  refreshExpiresAt: time(),
  /** One refresher at a time: whoever holds the lease refreshes, everybody else waits for the new token. */
  refreshLeaseUntil: time(),
  updatedAt: time().notNull(),
})

export const shopSettings = table('shop_settings', {
  shopId: text().primaryKey(),
  senderName: text().notNull(),
  senderEmail: text().notNull(),
  replyTo: text().notNull(),
  /** Postal address of the sender; no campaign leaves without it (CAN-SPAM, R14). */
  postalAddress: text().notNull(),
  senderConfirmedAt: time(),
  brand: json<Record<string, unknown>>().notNull(),
  doubleOptIn: bool().notNull(),
  /**
   * Whose opens and clicks are recorded. 'off': nobody's. 'consented': of those who said yes. 'by_law': of those who said
   * yes, and outside the EU, EEA, UK, Switzerland and unknown countries of everybody who did not say no.
   */
  tracking: text().$type<'off' | 'consented' | 'by_law'>().notNull(),
  attributionDays: int().notNull(),
  /** When the merchant confirmed that consent kept in the store's own records was obtained lawfully. */
  recordsAttestedAt: time(),
  onboardingDismissedAt: time(),
  /** When so many people called our mail spam that sending stopped, and why in words; it goes on once the merchant has read and confirmed that. */
  complaintsStoppedAt: time(),
  complaintsBecause: text(),
  complaintsConfirmedAt: time(),
  complaintsConfirmedBy: text(), // the platform's number of that person
  updatedAt: time().notNull(),
})

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
    source: text().notNull(), // 'shopify' | 'order' | 'form' | 'manual'
    ordersCount: int().notNull(),
    totalSpent: money().notNull(), // shop currency
    firstOrderAt: time(),
    lastOrderAt: time(),
    lastOpenAt: time(), // by a human, as far as we can tell
    lastClickAt: time(),
    restrictedAt: time(),
    platformUpdatedAt: time(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    uniqueIndex('subscribers_email').on(t.shopId, t.emailKey),
    index('subscribers_platform').on(t.shopId, t.platformId),
    index('subscribers_hash').on(t.shopId, t.addressHash),
  ],
)

export const subscriberTags = table(
  'subscriber_tags',
  { shopId: text().notNull(), subscriberId: text().notNull(), tag: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.shopId, t.subscriberId, t.tag] }),
    index('subscriber_tags_tag').on(t.shopId, t.tag),
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
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.seq] }),
    index('consent_entries_person').on(t.shopId, t.subscriberId, t.purpose, t.seq, t.state), // with the state: where everybody stands is read from it alone
    index('consent_entries_form').on(t.shopId, t.formId, t.recordedAt),
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
  (t) => [primaryKey({ columns: [t.shopId, t.addressHash, t.reason] }), index('suppressions_newest').on(t.shopId, t.createdAt, t.addressHash)],
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

export const products = table(
  'products',
  {
    shopId: text().notNull(),
    id: text().notNull(), // the store's number
    title: text().notNull(),
    handle: text().notNull(),
    url: text(),
    imageUrl: text(),
    imageAlt: text(),
    vendor: text(),
    productType: text(),
    tags: json<string[]>().notNull(),
    status: text().notNull(), // 'active' | 'draft' | 'archived'
    priceMin: money(),
    priceMax: money(),
    compareAtMin: money(),
    currency: text().notNull(),
    available: bool().notNull(),
    inventory: int(),
    deletedAt: time(),
    /** Start of the last reading of the whole store that found it. What a later one does not find was deleted there. */
    seenAt: time(),
    platformUpdatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

export const variants = table(
  'variants',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    productId: text().notNull(),
    title: text().notNull(),
    sku: text(),
    price: money().notNull(),
    compareAt: money(),
    inventory: int(),
    available: bool().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('variants_product').on(t.shopId, t.productId),
    foreignKey({ columns: [t.shopId, t.productId], foreignColumns: [products.shopId, products.id] }).onDelete('cascade'),
  ],
)

export const orders = table(
  'orders',
  {
    shopId: text().notNull(),
    id: text().notNull(), // the store's number
    name: text().notNull(), // '#1001'
    subscriberId: text(),
    total: money().notNull(), // what is left after refunds, shop currency
    currency: text().notNull(),
    test: bool().notNull(),
    cancelledAt: time(),
    processedAt: time().notNull(),
    day: text().notNull(), // processedAt in the shop's zone
    checkoutToken: text(),
    platformUpdatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('orders_person').on(t.shopId, t.subscriberId, t.processedAt),
    index('orders_time').on(t.shopId, t.processedAt),
  ],
)

export const orderLines = table(
  'order_lines',
  {
    shopId: text().notNull(),
    orderId: text().notNull(),
    id: text().notNull(),
    productId: text(),
    variantId: text(),
    title: text().notNull(),
    quantity: int().notNull(),
    price: money().notNull(), // one unit
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.orderId, t.id] }),
    index('order_lines_product').on(t.shopId, t.productId),
    foreignKey({ columns: [t.shopId, t.orderId], foreignColumns: [orders.shopId, orders.id] }).onDelete('cascade'),
  ],
)

/** Which mail an order is credited to: the last human click before it, within the shop's window. */
export const attributions = table(
  'attributions',
  {
    shopId: text().notNull(),
    orderId: text().notNull(),
    messageId: text().notNull(),
    subscriberId: text().notNull(),
    clickedAt: time().notNull(),
    orderedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.orderId] }),
    index('attributions_message').on(t.shopId, t.messageId),
    foreignKey({ columns: [t.shopId, t.orderId], foreignColumns: [orders.shopId, orders.id] }).onDelete('cascade'),
  ],
)

/** What people and the mail system did, as it became known. Numbers in reports are counted from these rows. */
export const events = table(
  'events',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().notNull(), // events/contract.ts: eventKind
    subscriberId: text(),
    messageId: text(),
    verdict: text().$type<'human' | 'machine' | 'unknown'>(),
    linkNo: int(),
    detail: json<Record<string, unknown>>(),
    at: time().notNull(),
    day: text().notNull(),
    /** What makes it the same event when it is told twice. */
    dedupeKey: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    uniqueIndex('events_dedupe').on(t.shopId, t.dedupeKey),
    index('events_person').on(t.shopId, t.subscriberId, t.at),
    index('events_message').on(t.shopId, t.messageId, t.kind),
    index('events_day').on(t.shopId, t.kind, t.day),
  ],
)

export const segments = table(
  'segments',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    rules: json<unknown>().notNull(), // segments/contract.ts: segmentRules
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
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

export const forms = table(
  'forms',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().$type<'popup' | 'inline'>().notNull(),
    name: text().notNull(),
    status: text().$type<'on' | 'off'>().notNull(),
    settings: json<unknown>().notNull(), // forms/contract.ts: formSettings
    version: int().notNull(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

/** Each published wording of a form is kept: the ledger points here. */
export const formVersions = table(
  'form_versions',
  {
    shopId: text().notNull(),
    formId: text().notNull(),
    version: int().notNull(),
    settings: json<unknown>().notNull(),
    hash: text().notNull(),
    createdAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.formId, t.version] })],
)

/**
 * What keeps sign-up forms from being a weapon: when a mailbox was last sent a confirmation, and when a network last sent a
 * form. The key is a keyed hash ('to:...' or 'from:...'), the times are milliseconds; a row is locked while it is judged.
 */
export const signupLimits = table(
  'signup_limits',
  { shopId: text().notNull(), key: text().notNull(), times: json<number[]>().notNull(), updatedAt: time().notNull() },
  (t) => [primaryKey({ columns: [t.shopId, t.key] }), index('signup_limits_age').on(t.shopId, t.updatedAt)],
)

/** How far reading the store has come; one row per shop and kind of thing. */
export const syncs = table(
  'syncs',
  {
    shopId: text().notNull(),
    kind: text().$type<'shop' | 'customers' | 'products' | 'orders'>().notNull(),
    state: text().$type<'waiting' | 'asked' | 'reading' | 'done' | 'failed'>().notNull(),
    operationId: text(),
    resultUrl: text(),
    /** Lines of the result already stored: where a new process goes on. */
    linesDone: int().notNull(),
    objectsDone: int().notNull(),
    objectsTotal: int(),
    error: text(),
    startedAt: time().notNull(),
    finishedAt: time(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.kind] })],
)

/** News from platforms and mail providers: stored before they are answered, worked on later. Not a merchant's table: the shop may be unknown. */
export const inbox = table(
  'inbox',
  {
    source: text().notNull(), // 'shopify', or a mail provider of whose deliveries only the tokens are remembered
    deliveryId: text().notNull(), // the sender's own id of this delivery
    shopDomain: text().notNull(),
    topic: text().notNull(),
    body: text().notNull(),
    triggeredAt: time().notNull(),
    receivedAt: time().notNull(),
    state: text().$type<'waiting' | 'done' | 'ignored' | 'failed'>().notNull(),
    note: text(),
    /** While it waits: when work on it is due. A worker that takes it moves this on, so that it comes back if the worker dies. */
    nextAt: time(),
    attempts: int().notNull(),
    doneAt: time(),
  },
  (t) => [primaryKey({ columns: [t.source, t.deliveryId] }), index('inbox_due').on(t.nextAt).where(sql`state = 'waiting'`)],
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

/** Work that survives a crash, on SQLite and, for work with a time, on PostgreSQL (jobs/). */
export const jobs = table(
  'jobs',
  {
    id: text().primaryKey(),
    kind: text().notNull(),
    payload: json<unknown>().notNull(),
    uniqueKey: text(),
    state: text().$type<'ready' | 'running' | 'failed'>().notNull(),
    runAt: time().notNull(),
    attempts: int().notNull(),
    leaseUntil: time(),
    lastError: text(),
    createdAt: time().notNull(),
  },
  (t) => [uniqueIndex('jobs_key').on(t.kind, t.uniqueKey), index('jobs_due').on(t.state, t.runAt)],
)
