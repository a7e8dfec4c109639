import type { Fetch } from '../app/lib/fetch.ts'

// The pretend platform's own truth. Nothing here knows how Homing is built; it speaks to it by HTTP only.

export interface SimCustomer {
  id: number
  email: string | null
  firstName: string | null
  lastName: string | null
  locale: string
  country: string | null // ISO code
  tags: string[]
  state: 'DISABLED' | 'ENABLED'
  marketing: { state: 'NOT_SUBSCRIBED' | 'PENDING' | 'SUBSCRIBED' | 'UNSUBSCRIBED' | 'INVALID' | 'REDACTED'; level: 'SINGLE_OPT_IN' | 'CONFIRMED_OPT_IN' | 'UNKNOWN'; updatedAt: Date | null }
  createdAt: Date
  updatedAt: Date
}
export interface SimVariant { id: number; title: string; sku: string; price: number; compareAt: number | null; inventory: number }
export interface SimProduct {
  id: number
  title: string
  handle: string
  descriptionHtml: string
  vendor: string
  productType: string
  tags: string[]
  status: 'ACTIVE' | 'DRAFT' | 'ARCHIVED'
  collections: string[] // handles
  /** Path of its picture on the storefront, '/images/olive-pot.png', or null. */
  image: string | null
  imageAlt: string | null
  createdAt: Date
  updatedAt: Date
  variants: SimVariant[]
}
export interface SimLine { id: number; productId: number | null; variantId: number | null; title: string; sku: string; quantity: number; price: number }
export interface SimOrder {
  id: number
  name: string
  customerId: number | null
  email: string | null
  lines: SimLine[]
  total: number // minor units
  currency: string
  test: boolean
  cancelledAt: Date | null
  processedAt: Date
  createdAt: Date
  updatedAt: Date
  checkoutToken: string | null
  cartToken: string | null
  landingSite: string | null
  acceptsMarketing: boolean
  /** What went back to the buyer so far, minor units; absent means nothing. */
  refunded?: number
}
/** A checkout that somebody began; it becomes an order or stays behind. */
export interface SimCheckout {
  id: number
  token: string
  cartToken: string
  email: string | null
  lines: { productId: number; variantId: number; quantity: number }[]
  acceptsMarketing: boolean
  createdAt: Date
  completedAt: Date | null
}
/**
 * One pair of tokens of the app. `refreshable` is false once a newer pair took over for good; `previousRefresh`
 * is the refresh token that brought this pair; `used` says whether this pair was ever used.
 */
export interface SimToken {
  access: string
  refresh: string
  issuedAt: Date
  expiresAt: Date
  refreshExpiresAt: Date
  refreshable: boolean
  used: boolean
  previousRefresh: string | null
  /** The person it acts for; null for an offline token. */
  userId: string | null
}
export interface SimSegment { id: number; name: string; query: string; createdAt: Date; updatedAt: Date }
export interface SimCollection { handle: string; title: string; description: string }

/** What a store is. All money is in minor units of `currency`. */
export interface SimStore {
  id: number
  domain: string // 'fern-and-fig.myshopify.com'
  name: string
  email: string
  ownerName: string
  currency: string
  timezone: string
  locale: string
  country: string
  address: { address1: string; city: string; zip: string; phone: string }
  tagline: string
  theme: { background: string; text: string; accent: string; font: string }
  collections: Map<string, SimCollection>
  customers: Map<number, SimCustomer>
  customersByEmail: Map<string, number> // lower case
  products: Map<number, SimProduct>
  orders: Map<number, SimOrder>
  nextId: number
  nextOrderNumber: number
  /** Scopes that the owner granted, beyond the required ones of the toml. */
  optionalScopes: Set<string>
  installed: { at: Date; scopes: string[] } | null
  /** Is the app's embed switched on in the theme, and the inline block placed? */
  embedOn: boolean
  blockOn: boolean
  /** Without approval for personal fields these answer null (level 2). */
  protectedDataApproved: boolean
  /** Tokens of the app for this store. */
  tokens: SimToken[]
  /** Throttling bucket: points available and when that was true. */
  bucket: { available: number; at: Date; maximum: number; restoreRate: number }
  checkouts: Map<string, SimCheckout>
  segments: Map<number, SimSegment>
  /** A store that the platform closed or froze answers 404 or 402 to the app. */
  status: 'open' | 'frozen' | 'closed'
}

/** One line in the list of what just happened, readable by a person. */
export interface WireEntry { n: number; at: Date; kind: 'api' | 'webhook' | 'proxy' | 'mail' | 'token' | 'clock' | 'shopper'; shop: string | null; title: string; detail: string; status: number | null; ms: number | null }

export interface SimMail {
  id: string // provider's message id
  via?: 'mailgun' // which provider took it, if not SendGrid
  key: string // our custom argument, opaque
  args: Record<string, string> // all custom arguments; they come back in every event
  at: Date
  to: string
  from: { name: string; email: string }
  replyTo: string | null
  subject: string
  html: string
  text: string
  headers: Record<string, string>
  source: string // the call as it arrived, pretty
  events: { kind: string; at: Date }[]
}

/** A clock that can jump: real time plus an offset. */
export interface SimClock {
  now(): Date
  jump(milliseconds: number): void
  /** Tells whoever waits for a time that it moved. */
  onJump(listener: () => void): void
}

/** Addresses of everything, on this machine. */
export interface SimUrls {
  app: string // the real app
  doors: string // the page with three doors, mailbox, control API under /__sim
  admin: string // stands for admin.shopify.com
  cdn: string // stands for cdn.shopify.com (App Bridge stand-in); same server as admin
  /** Storefront of a store, by its myshopify domain; stands for https://<domain>. */
  storefront(domain: string): string
  platform: string // where requests to *.myshopify.com, storage and SendGrid arrive
}

/** The whole pretend world. Made by simulator/world.ts. */
export interface World {
  seed: number
  clock: SimClock
  stores: Map<string, SimStore>
  urls: SimUrls
  wire: { entries: WireEntry[]; add(entry: Omit<WireEntry, 'n' | 'at'>): void }
  mails: SimMail[]
  /** Name servers ('TXT fern.example' -> values), and the domains that the mail provider's account has, by their number there. */
  dns: { records: Map<string, string[]>; authenticated: Map<number, string>; valid: Set<number> }
  app: { clientId: string; clientSecret: string; requiredScopes: string[]; optionalScopes: string[] }
  /** How the pretend partners misbehave, on request. */
  faults: {
    webhooks: { duplicate: boolean; reorder: boolean; dropNext: number }
    api: { throttleNext: number; errorNext: number; slowMs: number }
    /** `scatter`: children of a bulk result do not follow their parent at once (the platform promises no order). `hold`: running ones do not end. */
    bulk: { scatter: boolean; failNext: number; hold: boolean }
    dns: { silent: boolean }
    mail: { tooManyNext: number; errorNext: number; hangNext: number; loseAnswerNext: number; refuseAddresses: Set<string>; duplicateEvents?: boolean }
  }
  random(): number // seeded
  /** How the app's requests to platform hosts reach us; given to createApp. */
  fetch: Fetch
}
