/** One message for one person, complete: nothing is added after this. */
export interface Mail {
  /** Opaque; comes back in the provider's events. Never personal data: providers keep it readable. */
  key: string
  from: { name: string; email: string }
  replyTo: string
  to: string
  subject: string
  html: string
  text: string
  /** Extra headers such as List-Unsubscribe; values without line breaks. */
  headers: Record<string, string>
  /**
   * The same `html` and `text` as a run of pieces: joined, they must be equal. `Fixed` pieces are the same objects in all mails of a
   * campaign, so that a provider encodes their words once and keeps the result with them; plain strings are this person's own.
   */
  pieces?: { html: Piece[]; text: Piece[] }
}

/** Words that many mails share. Never changed once made; recognised by identity. */
export interface Fixed {
  readonly words: string
}
export type Piece = string | Fixed

/**
 * What became of a mail at the provider's door.
 * `accepted`: 2xx (or 250 after DATA). `refused`: certainly not taken and will not be: the person's row ends here.
 * `later`: certainly not taken, may be tried again at `retryAt`. `paused`: certainly not taken, and the sender must be
 * repaired first (401, unverified sender). `uncertain`: the answer was lost after the first byte left; never resend blindly.
 */
export type Outcome =
  | { kind: 'accepted'; providerId: string | null }
  /** `people`: of a shared call, the numbers of those because of whom it was refused, where that is known. Without them it would do; each of them alone gets an answer of his own. */
  | { kind: 'refused'; reason: string; badAddress: boolean; people?: number[] }
  /** `whole`: the provider as a whole asked for rest (429) or cannot be reached, not this mail alone. */
  | { kind: 'later'; reason: string; retryAfterMs: number; whole: boolean }
  | { kind: 'paused'; reason: string }
  | { kind: 'uncertain'; reason: string }

/** What a provider tells later about a mail, verified. `key` is the `Mail.key`. */
export interface Feedback {
  id: string // the provider's own id of this event, for dedupe
  key: string
  /** `processed` says only that the provider took it: evidence, and nothing to count. */
  kind: 'processed' | 'delivered' | 'deferred' | 'bounced' | 'blocked' | 'dropped' | 'complained' | 'unsubscribed' | 'opened' | 'clicked'
  at: Date
  detail: string | null
  machine: boolean
  /** The signature that brought it counts once: what comes again under the same token is passed over, whatever it says. */
  once?: string
}

/** A piece of a shared body: words that are the same for all, or the number of a value (index into `SharedRecipient.values`). */
export type SharedPart = string | { value: number }

/** One body for many people; the provider fills the values in. Values for `html` come already escaped. */
export interface SharedMail {
  from: { name: string; email: string }
  replyTo: string
  subject: SharedPart[]
  html: SharedPart[]
  text: SharedPart[]
  /** As in `Mail.headers`; those without a value are the same for all. The Message-ID is not among them: providers make it of the key. */
  headers: Record<string, SharedPart[]>
}
export interface SharedRecipient {
  key: string
  to: string
  values: string[]
}

/** What a provider that merges can do. */
export interface SharedSending {
  /** Most recipients of one call. */
  most: number
  /** Prepares a body once for a campaign. The function it gives hands the body over for these people in one call; one outcome for all. Never throws. */
  prepare(mail: SharedMail): (recipients: SharedRecipient[]) => Promise<Outcome>
}

/** Where somebody must set a record so that the provider may send in the name of a domain, and what it signs with. */
export interface ProviderDomain {
  /** The provider's own id of this domain. */
  ref: string
  /** Absolute names without a dot at the end. */
  records: { type: 'CNAME' | 'TXT'; name: string; value: string; purpose: 'return_path' | 'dkim' | 'spf' }[]
  /** Domain of its signature (DKIM d=). */
  dkimDomain: string
  /** Domain of the envelope sender, which SPF is about. */
  returnPath: string
  /** What an SPF record of the owner must name ('include:mailgun.org'); null where the return path leads to the provider's own. */
  spfMust: string | null
}
/** `refused`: asking again as we are will not help, somebody must repair something. `later`: no answer or too busy; ask again. */
export type DomainAnswer<T> = { kind: 'ok'; value: T } | { kind: 'refused' | 'later'; reason: string }

/** What a provider that keeps a list of domains can do. Neither call throws; asking twice is asking once. */
export interface ProviderDomains {
  /** Registers the domain, or finds it registered, and tells which records it wants. */
  authenticate(domain: string): Promise<DomainAnswer<ProviderDomain>>
  /** Makes the provider look at the records itself: until it has seen them it does not sign. `reason` is its own word for what it misses. */
  validate(ref: string): Promise<DomainAnswer<{ valid: boolean; reason: string | null }>>
}

export interface MailProvider {
  name: string
  /** Does a mail with the same key, handed over twice, leave once? (A repeat would then be harmless.) */
  idempotent: boolean
  /** How doubt is settled after a lost answer: by its events, or not at all (then a person decides). */
  evidence: 'events' | 'none'
  /** How many mails may be in flight at once, and how many may begin in a second. */
  limits: { lanes: number; perSecond: number }
  /** Hands one mail over. Never throws: every fault is an outcome. */
  send(mail: Mail): Promise<Outcome>
  /** Present where one call can carry one body and the values of many people. */
  shared?: SharedSending
  /** Present where the provider signs for domains that it was told of. */
  domains?: ProviderDomains
  /** Verifies the provider's webhook and reads it; null when the signature is wrong. */
  feedback?(headers: Record<string, string | undefined>, rawBody: Buffer, now: Date): Feedback[] | null
  close(): Promise<void>
}
