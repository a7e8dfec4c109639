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
}

/**
 * What became of a mail at the provider's door.
 * `accepted`: 2xx (or 250 after DATA). `refused`: certainly not taken and will not be: the person's row ends here.
 * `later`: certainly not taken, may be tried again at `retryAt`. `paused`: certainly not taken, and the sender must be
 * repaired first (401, unverified sender). `uncertain`: the answer was lost after the first byte left; never resend blindly.
 */
export type Outcome =
  | { kind: 'accepted'; providerId: string | null }
  | { kind: 'refused'; reason: string; badAddress: boolean }
  /** `whole`: the provider as a whole asked for rest (429) or cannot be reached, not this mail alone. */
  | { kind: 'later'; reason: string; retryAfterMs: number; whole: boolean }
  | { kind: 'paused'; reason: string }
  | { kind: 'uncertain'; reason: string }

/** What a provider tells later about a mail, verified. `key` is the `Mail.key`. */
export interface Feedback {
  id: string // the provider's own id of this event, for dedupe
  key: string
  /** `processed` says only that the provider took it: evidence, and nothing to count. */
  kind: 'processed' | 'delivered' | 'deferred' | 'bounced' | 'blocked' | 'dropped' | 'complained' | 'opened' | 'clicked'
  at: Date
  detail: string | null
  machine: boolean
}

export interface MailProvider {
  name: string
  /** How doubt is settled after a lost answer: by its events, or not at all (then a person decides). */
  evidence: 'events' | 'none'
  /** How many mails may be in flight at once, and how many may begin in a second. */
  limits: { lanes: number; perSecond: number }
  /** Hands one mail over. Never throws: every fault is an outcome. */
  send(mail: Mail): Promise<Outcome>
  /** Verifies the provider's webhook and reads it; null when the signature is wrong. */
  feedback?(headers: Record<string, string | undefined>, rawBody: Buffer, now: Date): Feedback[] | null
  close(): Promise<void>
}
