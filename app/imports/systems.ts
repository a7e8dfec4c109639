import { cellText, plainWords } from './cells.ts'
import type { ColumnTarget, ImportMapping } from './contract.ts'

// The exports of other systems, told by the names of their columns. Names stand as `plainWords` writes them.

export interface Recognised {
  name: 'klaviyo' | 'mailchimp' | 'omnisend' | 'smartrmail'
  /** "This looks like …" */
  words: string
  columns: Record<string, Exclude<ColumnTarget, object>>
  consent: ImportMapping['consent']
}

/** Which system's file this is, or null. `lines` are the first of it, for files whose columns have names that everybody uses. */
export function recognise(headers: string[], lines: string[][], fileName: string): Recognised | null {
  const names = headers.map(plainWords)
  const has = (...all: string[]): boolean => all.every((name) => names.includes(name))
  return mailchimp(has, fileName) ?? klaviyo(has, names, lines) ?? omnisend(has) ?? smartrmail(has, names)
}

type Has = (...all: string[]) => boolean

/**
 * An audience is exported as one file for each standing: subscribed, nonsubscribed, unsubscribed and cleaned (its file name begins with
 * that); LEID and EUID stand in all. Seen: "Email Address, First Name, Last Name, …, MEMBER_RATING, OPTIN_TIME, OPTIN_IP, CONFIRM_TIME, CONFIRM_IP, …, CC,
 * REGION, LAST_CHANGED, LEID, EUID, NOTES, TAGS", with UNSUB_TIME, UNSUB_CAMPAIGN_TITLE, UNSUB_REASON or CLEAN_TIME, CLEAN_CAMPAIGN_TITLE among them
 * (exports in public repositories; mailchimp.com/help/view-export-contacts).
 */
function mailchimp(has: Has, fileName: string): Recognised | null {
  if (!has('email address') || !(has('leid', 'euid') || has('member rating') || has('unsub time') || has('clean time'))) return null
  const [unsubscribed, cleaned] = [has('unsub time'), has('clean time')]
  const never = /^(nonsubscribed|non-subscribed|transactional)/i.test(fileName)
  return {
    name: 'mailchimp',
    words: `This looks like Mailchimp’s list of ${cleaned ? 'cleaned addresses (those that bounced)' : unsubscribed ? 'people who unsubscribed' : never ? 'people who never subscribed' : 'subscribers'}.`,
    columns: {
      'email address': 'email', 'first name': 'first_name', 'last name': 'last_name', cc: 'country', language: 'language', tags: 'tags',
      ...(cleaned ? { 'clean time': 'suppression_reason' } : unsubscribed ? { 'unsub time': 'unsubscribed_at' } : has('confirm time') ? { 'confirm time': 'consent_at' } : { 'optin time': 'consent_at' }),
    },
    consent: cleaned || never ? 'none' : unsubscribed ? 'unsubscribed' : 'record',
  }
}

/**
 * Lists and segments: "Email, Klaviyo ID, First Name, Last Name, …, Country, …, Source, Email Marketing Consent, Email Marketing Consent Timestamp, …, Email
 * Suppressions, Email Suppressions Timestamp" (help.klaviyo.com 115005078687; exports in public repositories). The list of suppressed profiles has names that
 * many use, and reasons that only Klaviyo writes (developers.klaviyo.com: EmailMarketingSuppression).
 */
function klaviyo(has: Has, names: string[], lines: string[][]): Recognised | null {
  const columns: Recognised['columns'] = {
    email: 'email', 'first name': 'first_name', 'last name': 'last_name', country: 'country', locale: 'language', 'email marketing consent': 'consent', 'email marketing consent timestamp': 'consent_at',
    'email suppressions': 'suppression_reason', 'shopify tags': 'tags',
  }
  if (has('email') && (has('klaviyo id') || has('email marketing consent')))
    return { name: 'klaviyo', words: 'This looks like a list of profiles from Klaviyo.', columns, consent: has('email marketing consent') ? 'record' : 'none' }
  const own = /^(USER_SUPPRESSED|HARD_BOUNCE|SPAM_COMPLAINT|INVALID_EMAIL)$/
  const reason = names.findIndex((_, column) => lines.some((cells) => own.test(cellText(cells[column]))))
  if (!has('email') || reason < 0) return null
  return { name: 'klaviyo', words: 'This looks like Klaviyo’s list of suppressed profiles.', columns: { ...columns, [names[reason]!]: 'suppression_reason', timestamp: 'unsubscribed_at' }, consent: 'unsubscribed' }
}

/**
 * "Email, Email consent, Email subscription status, Email opt-in date, First name, Last name, Phone number, SMS subscription status, …, City, State,
 * Country, Tags, Segments" (exports in public repositories); opt-out dates as its help names them (support.omnisend.com 4234735). It keeps
 * no list of suppressed addresses: who unsubscribed is a segment of the same form (support.omnisend.com 4219894).
 */
function omnisend(has: Has): Recognised | null {
  if (!has('email') || !(has('email subscription status') || has('email opt in date') || has('email channel status'))) return null
  return {
    name: 'omnisend',
    words: 'This looks like a list of contacts from Omnisend.',
    columns: {
      email: 'email', 'first name': 'first_name', 'last name': 'last_name', country: 'country', 'country code': 'country', language: 'language', tags: 'tags', 'email subscription status': 'consent',
      'email channel status': 'consent', 'email opt in date': 'consent_at', 'email opt out date': 'unsubscribed_at',
    },
    consent: 'record',
  }
}

/** Told by the names of its own fields, email, first_name, last_name, subscribed (docs.smartrmail.com 636619): what an export calls them is not told in public. */
function smartrmail(has: Has, names: string[]): Recognised | null {
  if (!has('email', 'first name', 'last name', 'subscribed') || names.includes('accepts marketing')) return null
  return {
    name: 'smartrmail',
    words: 'This looks like a list of subscribers from SmartrMail.',
    columns: { email: 'email', 'first name': 'first_name', 'last name': 'last_name', country: 'country', language: 'language', tags: 'tags', subscribed: 'consent', 'subscribed at': 'consent_at', 'unsubscribed at': 'unsubscribed_at' },
    consent: 'record',
  }
}
