import { z } from 'zod'
import { deliveryReason, sendProgress } from '../deliveries/contract.ts'
import { mailCheck, mailContent } from '../templates/contract.ts'

/**
 * draft -> scheduled -> preparing -> sending -> sent, with paused (back to sending), cancelled from anything not finished.
 * A campaign that was sent goes back to sending when somebody decides that held people get it again.
 * A scheduled campaign may go back to draft. `failed`: could not be prepared; `statusReason` says why in plain words.
 */
export const campaignStatus = z.enum(['draft', 'scheduled', 'preparing', 'sending', 'paused', 'sent', 'cancelled', 'failed'])
export type CampaignStatus = z.infer<typeof campaignStatus>

/** Who gets it. */
export const audience = z.discriminatedUnion('kind', [z.object({ kind: z.literal('everyone') }), z.object({ kind: z.literal('segment'), segmentId: z.string() })])
export type Audience = z.infer<typeof audience>

/** PUT /api/campaigns/:id (autosave). `version` is the one that was read; a newer one on the server answers 409. */
export const campaignInput = z.object({
  version: z.number().int().min(0).max(1_000_000_000),
  name: z.string().trim().min(1, 'give the campaign a name').max(150, 'at most 150 characters'),
  subject: z.string().max(250, 'at most 250 characters'),
  preheader: z.string().max(250, 'at most 250 characters'),
  content: mailContent,
  audience,
})
/** POST /api/campaigns -> campaignView */
export const campaignCreate = z.object({ name: z.string().trim().min(1).max(150), templateId: z.string().optional() })

/**
 * Too many people call the shop's mail spam. `warn`: one in a thousand. `stop`: three in a thousand; nothing leaves until somebody of
 * the shop has read `words` and confirmed (POST /api/complaints/confirm {}).
 */
export const complaintNotice = z.object({
  level: z.enum(['warn', 'stop']),
  /** Of one campaign, or of all mail of the last 30 days. */
  scope: z.enum(['campaign', 'shop']),
  words: z.string(),
})
export type ComplaintNotice = z.infer<typeof complaintNotice>

/** GET /api/campaigns/:id/live: what changes while a campaign goes out, small enough to be asked for every second. 404 before it has begun. */
export const campaignLive = z.object({
  status: campaignStatus,
  statusReason: z.string().nullable(),
  progress: sendProgress,
  /** People whose mail is being handed over at this moment: it ends as it ends, whatever is pressed. */
  underWay: z.number(),
  /** Until when it is known, at the latest, whether those who are being checked got it; null when nobody is. */
  checkedBy: z.string().nullable(),
  complaints: complaintNotice.nullable(),
  /** While the sending domain is new: how many leave on which day, from today; empty when all leave at once. */
  days: z.array(z.object({ day: z.string(), people: z.number() })),
})
export type CampaignLive = z.infer<typeof campaignLive>

/** GET /api/campaigns/:id/held?cursor= : people of whom nobody can tell whether they got it */
export const heldList = z.object({
  people: z.array(z.object({ subscriberId: z.string(), email: z.string(), name: z.string(), at: z.string(), said: z.string().nullable() })),
  total: z.number(),
  nextCursor: z.string().nullable(),
  /** False once the campaign was cancelled. */
  canSendAgain: z.boolean(),
})
/** POST /api/campaigns/:id/held/again, .../held/leave { people } -> heldDecided. Whoever is not held (any more) is passed over. */
export const heldDecision = z.object({ people: z.union([z.literal('all'), z.array(z.string().max(40)).min(1).max(500)]) })
export const heldDecided = z.object({ changed: z.number() })

export const campaignFigures = z.object({ accepted: z.number(), delivered: z.number(), openedHuman: z.number(), clickedHuman: z.number(), orders: z.number(), revenue: z.number() })
/** GET /api/campaigns?cursor= -> { campaigns: campaignRow[], nextCursor } */
export const campaignRow = z.object({
  id: z.string(),
  name: z.string(),
  subject: z.string(),
  status: campaignStatus,
  statusReason: z.string().nullable(),
  scheduledAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  updatedAt: z.string(),
  progress: sendProgress.nullable(),
  figures: campaignFigures.nullable(),
  currency: z.string(),
})
export const campaignList = z.object({
  campaigns: z.array(campaignRow),
  nextCursor: z.string().nullable(),
  /** What time it is at the server: scheduling goes by that. */
  now: z.string(),
})
/** GET /api/campaigns/going: those that are being prepared, go out or are paused, for a list that keeps up with them. */
export const campaignsGoing = z.object({ campaigns: z.array(campaignRow.pick({ id: true, status: true, statusReason: true, progress: true })) })
/** GET /api/campaigns/:id */
export const campaignView = z.object({
  id: z.string(),
  name: z.string(),
  subject: z.string(),
  preheader: z.string(),
  content: mailContent,
  audience,
  status: campaignStatus,
  statusReason: z.string().nullable(),
  version: z.number(),
  scheduledAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  updatedAt: z.string(),
  progress: sendProgress.nullable(),
  /** What time it is at the server: scheduling goes by that. */
  now: z.string(),
})
/** What a link of the mail answered when it was asked once. `could_not`: it leads to where we do not ask, or refused to tell us. */
export const linkResult = z.enum(['answers', 'does_not', 'could_not'])
export const askedLink = z.object({ url: z.string(), result: linkResult, words: z.string() })
export type AskedLink = z.infer<typeof askedLink>

/**
 * GET /api/campaigns/:id/rehearsal?fresh=1: who gets it, as it was written down at `at` (the manifest). Without `fresh` the newest one is
 * answered while it is younger than 15 minutes and draft and segment have not changed. Checks and `canSend` are always of this moment.
 */
export const rehearsal = z.object({
  /** When it was written down. */
  at: z.string(),
  everybody: z.number(),
  included: z.number(),
  excluded: z.number(),
  audienceName: z.string(), // "Everybody who may be mailed" or the segment's name
  reasons: z.array(z.object({ reason: deliveryReason, words: z.string(), people: z.number() })),
  samples: z.array(z.object({ subscriberId: z.string(), email: z.string(), name: z.string(), subject: z.string(), html: z.string() })).max(3),
  checks: z.array(mailCheck),
  /** The links of the mail, each address once. `result` is null until it has been asked. */
  links: z.array(z.object({ url: z.string(), label: z.string(), result: linkResult.nullable(), words: z.string() })),
  /** Links are being asked: ask for this again in a moment. */
  asking: z.boolean(),
  /** While the sending domain is new: who gets it on which day, in a sentence. */
  slowly: z.string().nullable(),
  canSend: z.boolean(),
})
/** GET /api/campaigns/:id/rehearsal/people?reason=&cursor= -> peopleReply: the people behind a reason; without a reason those who get it. */
export const rehearsedQuery = z.object({ reason: z.union([deliveryReason, z.literal('')]).default(''), cursor: z.string().max(40).optional() })
/** GET /api/campaigns/:id/rehearsal/mail/:subscriberId : the mail as this person would get it; `bytes` as it arrives. */
export const rehearsedMail = z.object({ email: z.string(), name: z.string(), subject: z.string(), preheader: z.string(), html: z.string(), bytes: z.number() })

/** Why somebody got a mail who was out in the rehearsal, or did not although they were in; by what happened after it. */
export const differences = [
  'unsubscribed', 'consent_lowered', 'consent_expired', 'bounced', 'complained', 'blocked', 'restricted', 'forgotten', 'merged', 'left_by_order', 'left_by_mail', 'left_by_consent', 'left_by_change',
  'joined', 'agreed', 'attested', 'unblocked', 'unrestricted', 'joined_by_order', 'joined_by_mail', 'joined_by_consent', 'joined_by_change', 'changed', 'settings_changed', 'segment_changed', 'catalogue_changed', 'groups_measured', 'days_passed',
  'cancelled', 'uninstalled', 'bad_address', 'refused', 'no_evidence', 'waiting', 'uncertain', 'held', 'unexplained',
] as const
export const difference = z.enum(differences)
export type Difference = z.infer<typeof difference>
/** What is stored of it: numbers only. The people stand in the manifest. */
export const comparison = z.object({
  planned: z.number(),
  got: z.number(),
  /** `got`: whether these people got it (and were not to), or did not (and were). */
  differences: z.array(z.object({ difference, got: z.boolean(), people: z.number() })),
  unexplained: z.number(),
})
export type Comparison = z.infer<typeof comparison>
/** GET /api/campaigns/:id/comparison, once a campaign is over: the rehearsal against what happened. 404 when there was no rehearsal, 409 while it goes out. */
export const comparisonView = z.object({
  /** When the rehearsal was written down, and when it was laid beside the send. */
  at: z.string(),
  comparedAt: z.string(),
  planned: z.number(),
  got: z.number(),
  /** "Planned 1,204, sent 1,201: 2 unsubscribed in between, 1 address was refused." */
  sentence: z.string(),
  differences: z.array(
    z.object({ difference, got: z.boolean(), words: z.string(), people: z.number(), sample: z.array(z.object({ subscriberId: z.string(), email: z.string(), name: z.string(), at: z.string().nullable() })) }),
  ),
  unexplained: z.number(),
})
export type ComparisonView = z.infer<typeof comparisonView>
/** GET /api/campaigns/:id/comparison/people?difference=&got=&cursor= -> peopleReply: the people behind a difference. */
export const differingQuery = z.object({ difference: difference.default('unexplained'), got: z.enum(['yes', 'no']).default('no'), cursor: z.string().max(40).optional() })

/** POST /api/campaigns/:id/why { q: 'ada' } -> up to 10 people whose address or name fits, each in or out with one sentence, as it is at this moment */
export const whyQuestion = z.object({ q: z.string().max(200, 'at most 200 characters').default('') })
export const whyReply = z.object({ people: z.array(z.object({ subscriberId: z.string(), email: z.string(), name: z.string(), gets: z.boolean(), sentence: z.string() })) })
/** POST /api/campaigns/:id/test { to } */
export const testInput = z.object({ to: z.email('is not an e-mail address') })
/** POST /api/campaigns/:id/schedule { at } (UTC, ISO); POST .../send {}; .../pause {}; .../resume {}; .../cancel {}; .../unschedule {}; .../duplicate {}; DELETE (drafts only). All answer campaignView. */
export const scheduleInput = z.object({ at: z.iso.datetime('is not a time') })
/** GET /api/campaigns/:id/people?state=&cursor= : people behind the numbers */
export const peopleQuery = z.object({
  show: z.enum(['all', 'excluded', 'accepted', 'delivered', 'opened', 'clicked', 'ordered', 'bounced', 'unsubscribed', 'held', 'refused', 'suppressed', 'uncertain', 'waiting']).default('all'),
  cursor: z.string().max(200).optional(),
})
export const peopleReply = z.object({
  people: z.array(z.object({ subscriberId: z.string(), email: z.string(), name: z.string(), state: z.string(), words: z.string(), said: z.string().nullable(), at: z.string().nullable() })),
  nextCursor: z.string().nullable(),
})
export type CampaignView = z.infer<typeof campaignView>
export type CampaignRow = z.infer<typeof campaignRow>
export type Rehearsal = z.infer<typeof rehearsal>
