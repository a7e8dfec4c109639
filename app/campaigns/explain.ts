import type { DeliveryReason } from '../deliveries/contract.ts'
import type { Difference } from './contract.ts'
import type { Everywhere, Happened } from './evidence.ts'

/** Why somebody's mail went otherwise than the manifest said, and when that happened. */
export interface Explained {
  difference: Difference
  at: Date | null
}

interface Question {
  /** Why they are out: at the freeze or the last look (`lost`), or in the manifest (`gained`). Null: there is no row of them at all. */
  reason: string | null
  /** From the manifest on, up to where it was decided otherwise. */
  from: Date
  until: Date
  person: Happened
  all: Everywhere
}

/** They were to get it, and did not. */
export function explainLost(question: Question): Explained {
  const { reason, person, all } = question
  const { merged, blocked, changed, reasonThen, reasonLater } = person
  const said = lastSaid(question)
  const near = within(question)
  const mergedSince = near('merged', merged)
  switch (reason as DeliveryReason | null) {
    case null:
      return mergedSince ?? unexplained
    case 'unsubscribed':
      return (said?.state === 'unsubscribed' ? near(said.merge ? 'merged' : 'unsubscribed', said.at) : null) ?? mergedSince ?? unexplained
    case 'never_agreed':
    case 'not_confirmed':
    case 'record_not_attested':
    case 'expired':
      return near(said?.merge ? 'merged' : 'consent_lowered', said?.at) ?? mergedSince ?? (reasonThen === null && reasonLater === reason ? { difference: 'consent_expired', at: null } : near('settings_changed', all.settings) ?? near('changed', changed) ?? unexplained)
    case 'bounced':
      return near('bounced', blocked?.get('bounced')) ?? mergedSince ?? near('changed', changed) ?? unexplained
    case 'complained':
      return near('complained', blocked?.get('complained')) ?? mergedSince ?? near('changed', changed) ?? unexplained
    case 'suppressed':
      return near('blocked', blocked?.get('manual')) ?? mergedSince ?? near('changed', changed) ?? unexplained
    case 'erased':
      return near('forgotten', blocked?.get('erased')) ?? mergedSince ?? unexplained
    case 'restricted':
      return near('restricted', person.restrictedAt) ?? mergedSince ?? unexplained
    case 'no_address':
      return near('changed', changed) ?? mergedSince ?? unexplained
    case 'not_in_segment':
      return bySegment(question, 'left')
    default:
      return unexplained
  }
}

/** They were not to get it, and did. */
export function explainGained(question: Question): Explained {
  const { reason, person, all } = question
  const { merged, changed, lifted } = person
  const said = lastSaid(question)
  const near = within(question)
  const mergedSince = near('merged', merged)
  const agreed = said?.state === 'subscribed' || said?.state === 'unconfirmed_record' ? near('agreed', said.at) : null
  switch (reason as DeliveryReason | null) {
    case null:
      return mergedSince ?? near('joined', person.joined) ?? unexplained
    case 'never_agreed':
    case 'not_confirmed':
    case 'record_not_attested':
    case 'expired':
    case 'unsubscribed':
      return agreed ?? mergedSince ?? near('attested', all.attested) ?? near('settings_changed', all.settings) ?? near('changed', changed) ?? unexplained
    case 'bounced':
    case 'complained':
    case 'suppressed':
    case 'erased':
      return near('unblocked', lifted) ?? agreed ?? mergedSince ?? near('changed', changed) ?? unexplained
    case 'restricted':
      return (person.restrictedAt ? null : near('unrestricted', changed)) ?? mergedSince ?? unexplained
    case 'no_address':
      return near('changed', changed) ?? mergedSince ?? unexplained
    case 'not_in_segment':
      return bySegment(question, 'joined')
    default:
      return unexplained
  }
}

const unexplained: Explained = { difference: 'unexplained', at: null }

/** In or out of the segment: what a person did first, then what became of the question itself, then the days that it counts. */
function bySegment(question: Question, way: 'left' | 'joined'): Explained {
  const { person, all } = question
  const near = within(question)
  const inThen = person.reasonThen !== 'not_in_segment'
  const inLater = person.reasonLater !== 'not_in_segment'
  return (
    near(`${way}_by_order`, person.order) ??
    near(`${way}_by_mail`, person.mail) ??
    near(`${way}_by_consent`, lastSaid(question)?.at) ??
    near('merged', person.merged) ??
    near(`${way}_by_change`, person.changed) ??
    near(`${way}_by_change`, all.undone) ??
    near('segment_changed', all.segments) ??
    near('groups_measured', all.groups) ??
    near('catalogue_changed', all.catalogue) ??
    (person.reasonThen !== undefined && inThen !== inLater && inThen === (way === 'left') ? { difference: 'days_passed', at: null } : unexplained)
  )
}

/** Where the ledger stood when it was decided, as far as that was said since the manifest. */
const lastSaid = ({ from, until, person }: Question): NonNullable<Happened['consent']>[number] | undefined => person.consent?.findLast((one) => one.at >= from && one.at <= until)

/** An event explains a difference only if it lies between the manifest and the moment at which it was decided otherwise. */
const within =
  ({ from, until }: Question) =>
  (difference: Difference, at: Date | null | undefined): Explained | null =>
    at && at >= from && at <= until ? { difference, at } : null
