import { z } from 'zod'
import { consentEntryView, consentState } from '../consent/contract.ts'

// Browser-safe: shapes only. The admin imports this file too.

/** Shown in words and colour: may we write to this person, and if not, why. */
export const mailable = z.enum(['subscribed', 'pending', 'unconfirmed_record', 'expired', 'unsubscribed', 'none', 'bounced', 'complained', 'blocked', 'restricted'])
export type Mailable = z.infer<typeof mailable>

/** Where a person was first met. */
export const personSource = z.enum(['shopify', 'order', 'form', 'import', 'manual'])
export type PersonSource = z.infer<typeof personSource>

const tagName = z.string().trim().min(1, 'write a tag').max(255, 'at most 255 characters')

/** Who is meant: everything that is given must fit. `search`: the beginnings of words of address, name or domain, all of them. */
export const subscriberFilter = z.object({
  search: z.string().trim().max(200, 'at most 200 characters').default(''),
  status: mailable.optional(),
  tag: z.string().max(255).optional(),
  segmentId: z.string().max(40).optional(),
  source: personSource.optional(),
  country: z.string().max(2).optional(), // two capital letters, as in `choices`
  language: z.string().max(10).optional(), // 'de' fits 'de-AT' too
  ordered: z.enum(['yes', 'no']).optional(),
  /** A custom field, with exactly this value; without a value: whatever is known in it. A date is YYYY-MM-DD, yes/no is 'yes' or 'no'. */
  fieldId: z.string().max(40).optional(),
  fieldValue: z.string().max(255).optional(),
})
export type SubscriberFilter = z.infer<typeof subscriberFilter>

/** GET /api/subscribers?<subscriberFilter>&cursor= -> subscriberList: 50 a page, newest first. Nothing is counted. A page may be shorter, even empty, while `nextCursor` says where to go on. 404 for a segment or field that is not there. */
export const subscriberQuery = subscriberFilter.extend({ cursor: z.string().max(200).optional() })
export const subscriberRow = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  status: mailable,
  country: z.string().nullable(),
  ordersCount: z.number(),
  totalSpent: z.number(), // minor units
  createdAt: z.string(),
})
export const subscriberList = z.object({ rows: z.array(subscriberRow), nextCursor: z.string().nullable(), currency: z.string() })
export type SubscriberList = z.infer<typeof subscriberList>

/** A number of people; with `more`, there are more than that, and counting on would take too long. */
export const headcount = z.object({ people: z.number(), more: z.boolean() })
export type Headcount = z.infer<typeof headcount>
/** GET /api/subscribers/counts?<subscriberFilter> -> subscriberCounts. Up to 15 seconds old. `mailable`: how many of everybody may be mailed. */
export const subscriberCounts = z.object({ fit: headcount, everybody: headcount, mailable: headcount })
export type SubscriberCounts = z.infer<typeof subscriberCounts>

/** GET /api/subscribers/choices -> what there is to filter by, each in its natural order; at most 500 tags. */
export const subscriberChoices = z.object({
  tags: z.array(z.string()),
  countries: z.array(z.string()),
  languages: z.array(z.string()), // two letters
  sources: z.array(personSource),
  fields: z.array(z.lazy(() => fieldView)),
  segments: z.array(z.object({ id: z.string(), name: z.string() })),
})
export type SubscriberChoices = z.infer<typeof subscriberChoices>

// Custom fields

export const fieldKind = z.enum(['text', 'number', 'date', 'yes_no'])
export type FieldKind = z.infer<typeof fieldKind>
/** What marking a field as sensitive does, in the words that stand beside the switch. */
export const sensitiveWords = 'For things that are nobody’s business but yours and theirs, such as health or faith. You see it here and in exports; segments, mails and analytics never do.'
export const mostFields = 50
const fieldName = z.string().trim().min(1, 'give the field a name').max(100, 'at most 100 characters')
/**
 * GET /api/fields -> fieldList, by name. POST /api/fields fieldInput; PUT /api/fields/:id fieldChange; DELETE /api/fields/:id (with all its values) -> fieldList.
 * 422 names `name` when another field has it. What kind of thing a field holds is chosen once.
 */
export const fieldInput = z.object({ name: fieldName, kind: fieldKind, sensitive: z.boolean().default(false) })
export const fieldChange = fieldInput.omit({ kind: true })
export const fieldView = z.object({ id: z.string(), name: z.string(), kind: fieldKind, sensitive: z.boolean() })
export type FieldView = z.infer<typeof fieldView>
/** `people`: of how many something is known in the field. */
export const fieldList = z.object({ fields: z.array(fieldView.extend({ people: headcount })) })
export type FieldList = z.infer<typeof fieldList>

// One person

/** `own`: given in Homing. The others are the store's and are changed there. */
export const personTag = z.object({ tag: z.string(), own: z.boolean() })
export const timelineItem = z.object({
  at: z.string(),
  /** ordered | sent | delivered | opened | clicked | bounced | blocked | dropped | deferred | complained | signed_up | confirmed | unsubscribed | consent | restricted | restriction_lifted */
  kind: z.string(),
  title: z.string(), // "Opened Spring sale"
  detail: z.string().nullable(), // "Judged a machine: security scanner"
  verdict: z.enum(['human', 'machine', 'unknown']).nullable(),
})
/** GET /api/subscribers/:id/timeline?before=<nextBefore> -> the next older part. */
export const timeline = z.object({ items: z.array(timelineItem), nextBefore: z.string().nullable() })
export type Timeline = z.infer<typeof timeline>

/** GET /api/subscribers/:id */
export const subscriberProfile = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  locale: z.string().nullable(),
  country: z.string().nullable(),
  source: personSource,
  /** The store knows this person too: what is changed there later wins over names, language and country that are changed here. */
  inStore: z.boolean(),
  tags: z.array(personTag),
  /** All fields of the shop, by name; `value` as it is written (dates YYYY-MM-DD, yes/no 'yes' or 'no'), null when nothing is known. */
  fields: z.array(fieldView.extend({ value: z.string().nullable() })),
  segments: z.array(z.object({ id: z.string(), name: z.string() })),
  status: mailable,
  /** One sentence: "Subscribed on 3 May 2026 through the pop-up, confirmed by mail." */
  statusSentence: z.string(),
  consentState,
  /** Since when this person's data is kept and not used (they asked for it, or it is disputed), and why. Who set it stands in the event log. */
  restricted: z.object({ at: z.string(), reason: z.string() }).nullable(),
  ordersCount: z.number(),
  totalSpent: z.number(),
  currency: z.string(),
  firstOrderAt: z.string().nullable(),
  lastOrderAt: z.string().nullable(),
  createdAt: z.string(),
  timeline: z.array(timelineItem),
  /** Where the older part of the timeline begins; null: there is none. */
  nextBefore: z.string().nullable(),
  consent: z.array(consentEntryView),
  canUnsubscribe: z.boolean(),
})
export type SubscriberProfile = z.infer<typeof subscriberProfile>
// POST /api/subscribers/:id/unsubscribe {} -> subscriberProfile

const name = z.string().trim().max(100, 'at most 100 characters').nullable()
/**
 * PUT /api/subscribers/:id personChange -> subscriberProfile. `tags`: all tags that were given here; the store's stay, named or not.
 * `fields`: id -> what is written, null or '' for nothing; a field that is not named stays. 422 names `fields.<id>`.
 */
export const personChange = z.object({
  firstName: name,
  lastName: name,
  locale: z.string().trim().regex(/^([a-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?$/, 'is not a language such as en or de-AT').nullable(),
  country: z.string().trim().regex(/^([A-Z]{2})?$/, 'is not a country code such as US').nullable(),
  fields: z.record(z.string().max(40), z.string().max(1000, 'at most 1,000 characters').nullable()).default({}),
  tags: z.array(tagName).max(100, 'at most 100 tags').optional(),
})
export type PersonChange = z.infer<typeof personChange>

/** How somebody agreed outside of Homing, as the merchant can show it. */
export const agreedHow = z.enum(['paper', 'phone', 'in_person'])
/**
 * POST /api/subscribers personAdded -> { id, added, sentence }. `basis` null: the person never agreed, and gets no mail. It is written as the merchant's record where
 * the ledger says nothing yet of this person, and changes nothing else: whoever said no stays out. 422 names `email` where somebody asked to be forgotten.
 */
export const personAdded = z.object({
  email: z.string().trim().max(254, 'is too long'),
  firstName: name.default(null),
  lastName: name.default(null),
  basis: z
    .object({ how: agreedHow, on: z.iso.date('is not a day'), note: z.string().trim().min(3, 'say where this is kept, such as “Form in the green folder”').max(500, 'at most 500 characters') })
    .nullable(),
})
export type PersonAdded = z.infer<typeof personAdded>
/** `added`: false when somebody with this address was here already. `sentence`: what came of it, and where they stand. */
export const personAddedReply = z.object({ id: z.string(), added: z.boolean(), sentence: z.string() })

/** POST /api/subscribers/:id/restrict { reason } and POST /api/subscribers/:id/lift { reason } -> subscriberProfile. 409 when it is so already. */
export const restriction = z.object({ reason: z.string().trim().min(3, 'say why').max(500, 'at most 500 characters') })
/** POST /api/subscribers/:id/erase {} -> who asked is written down under Privacy and forgotten within minutes, for good. */
export const eraseReply = z.object({ dueAt: z.string() })

// Many people

/** POST /api/subscribers/tag -> tagged. `people`: some by id, or everybody who fits. */
export const tagInput = z.object({
  tag: tagName,
  action: z.enum(['add', 'remove']),
  people: z.union([z.object({ ids: z.array(z.string().max(40)).min(1, 'choose somebody').max(1000, 'at most 1,000 people') }), z.object({ filter: subscriberFilter })]),
})
export type TagInput = z.infer<typeof tagInput>
/** `kept`: how many carry the tag from the store, which only the store takes away. `sentence` says so: "“vip” was taken from 12 people. 3 have it from your store: remove it there." */
export const tagged = z.object({ changed: z.number(), kept: z.number(), sentence: z.string() })
export type Tagged = z.infer<typeof tagged>

/** GET /api/subscribers/:id/duplicates -> { people }: who may be the same person, most likely first, at most 20. */
export const duplicate = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  status: mailable,
  ordersCount: z.number(),
  createdAt: z.string(),
  /** "The same mailbox, written with a plus or dots" */
  why: z.string(),
})
export const duplicates = z.object({ people: z.array(duplicate) })
export type Duplicates = z.infer<typeof duplicates>
/**
 * GET /api/subscribers/:id/merge?removedId= -> mergePreview; POST /api/subscribers/:id/merge { removedId } -> subscriberProfile of the one who stays.
 * 404 when one of the two is not there; 422 for the same person twice.
 */
export const mergeInput = z.object({ removedId: z.string().max(40) })
export const mergePreview = z.object({
  kept: z.object({ id: z.string(), email: z.string(), name: z.string(), status: mailable }),
  removed: z.object({ id: z.string(), email: z.string(), name: z.string(), status: mailable }),
  /** Where the one person stands afterwards: never higher than either. */
  status: mailable,
  /** "ada@work.example gets no mail afterwards, because ada@home.example said no." */
  sentence: z.string(),
  orders: z.number(), // of both
})
export type MergePreview = z.infer<typeof mergePreview>
