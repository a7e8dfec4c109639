import type { ColumnTarget, ImportMapping, ImportState, ImportView } from '../../app/imports/contract.ts'
import type { BadgeProps } from '../ui/index.ts'

/** What is going on by itself: the page asks again and again. */
export const underWay = (state: ImportState): boolean => ['uploading', 'comparing', 'running', 'stopping', 'undoing'].includes(state)

export const stateWords: Record<ImportState, string> = {
  uploading: 'On its way', read: 'Waits for you', comparing: 'Being compared', compared: 'Waits for you', running: 'Coming in', stopping: 'Stopping', stopped: 'Stopped', done: 'Brought in',
  undoing: 'Being undone', undone: 'Undone', failed: 'Failed',
}
export const stateTones: Record<ImportState, BadgeProps['tone']> = {
  uploading: 'info', read: 'attention', comparing: 'info', compared: 'attention', running: 'info', stopping: 'info', stopped: 'warning', done: 'success', undoing: 'info', undone: undefined, failed: 'critical',
}

/** What a column can be, in the order in which it is offered. */
export const targetWords: Record<Extract<ColumnTarget, string>, string> = {
  ignore: 'Not brought in', email: 'E-mail address', first_name: 'First name', last_name: 'Last name', full_name: 'Whole name', language: 'Language', country: 'Country', tags: 'Tags',
  consent: 'Whether they agreed', consent_at: 'When they agreed', unsubscribed_at: 'When they said no', suppression_reason: 'Why they are blocked',
}

export const consentChoices: Record<ImportMapping['consent'], { label: string; helpText: string }> = {
  record: { label: 'They agreed to get mail from me, and I can show it', helpText: 'You may mail those of whom your list says nothing yet. Whoever said no stays out.' },
  none: { label: 'Nothing yet', helpText: 'They come into your list and get no mail before they agree themselves.' },
  unsubscribed: { label: 'They said no', helpText: 'They get no mail, even if your list says yes today.' },
}

type Origin = NonNullable<ImportView['origin']>
export const originWords: Record<Origin, string> = {
  other_tool: 'From the mail tool that I used before',
  own_store: 'From my shop: people who ordered or have an account',
  own_website: 'From a form on my own website',
  own_event: 'In person: at my counter, a fair or an event',
  partner: 'From a partner, a sponsor or a swap',
  bought: 'I bought or rented the list',
}
/** Why a list from somebody else is not brought in. Null: it may be. */
export const refusedOrigin = (origin: Origin | null): string | null =>
  origin === 'bought'
    ? 'Bought and rented lists cannot be brought in. These people have not asked for your mail: writing to them is against the law in most countries, many will mark it as spam, and then your own customers stop getting your mail too.'
    : origin === 'partner'
      ? 'Lists from others cannot be brought in, with their consent or without it: these people agreed to hear from somebody else, not from you. Ask your partner to link to your sign-up form; who signs up there is yours.'
      : null
