import { bool, int, json, primaryKey, table, text, time, uniqueIndex } from '../columns.ts'

// The stores, their settings and keys.

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
    /** Link of that entry: the head of the chain. */
    consentLink: text(),
  },
  (t) => [uniqueIndex('shops_domain').on(t.platform, t.domain)],
)

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
  /** Since when buyers may be written to about similar products (soft opt-in), and the words that offered them to refuse. Null: not used. */
  softOptInSince: time(),
  softOptInWording: text(),
  softOptInFamily: text(), // of which products: "skin care"
  /** Cut points of the buyer groups (segments/rfm.ts), measured each night. */
  rfm: json<unknown>(),
  rfmMeasuredAt: time(),
  onboardingDismissedAt: time(),
  /** When so many people called our mail spam that sending stopped, and why in words; it goes on once the merchant has read and confirmed that. */
  complaintsStoppedAt: time(),
  complaintsBecause: text(),
  complaintsConfirmedAt: time(),
  complaintsConfirmedBy: text(), // the platform's number of that person
  updatedAt: time().notNull(),
})

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
