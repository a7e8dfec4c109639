import { and, desc, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns } from '../db/schema.ts'
import { DAY } from '../lib/clock.ts'
import type { HomeView } from './contract.ts'

interface Situation {
  sender: boolean
  domain: boolean
  popupOn: boolean
  joined: boolean
  campaign: boolean
  mailable: number
  unattested: number
  failed: boolean
}

/** The one thing that helps most now; null when there is nothing to push for. */
export async function nextStep(app: Pick<App, 'db' | 'clock'>, shopId: string, now: Situation): Promise<HomeView['next']> {
  const recent = await app.db
    .select({ id: campaigns.id, name: campaigns.name, status: campaigns.status, startedAt: campaigns.startedAt })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shopId), inArray(campaigns.status, ['draft', 'scheduled', 'preparing', 'sending', 'paused', 'sent', 'failed'])))
    .orderBy(desc(campaigns.updatedAt), desc(campaigns.id))
    .limit(50)
  const failed = recent.find(({ status }) => status === 'failed')
  if (failed) return { title: `“${failed.name}” could not be sent`, body: 'Open it to see why. Nobody has got it.', action: 'Open the campaign', href: `/campaigns/${failed.id}` }
  const paused = recent.find(({ status }) => status === 'paused')
  if (paused) return { title: `“${paused.name}” is paused`, body: 'Some people have it, some do not. Go on with it or end it.', action: 'Open the campaign', href: `/campaigns/${paused.id}` }
  if (now.failed) return { title: 'Reading your store did not finish', body: 'Some customers, products or orders may be missing here.', action: 'Look at the settings', href: '/settings?part=store' }
  if (!now.sender) return { title: 'Say who you are', body: 'Each mail carries your name, an address for replies and your postal address. It takes a minute.', action: 'Set up the sender', href: '/settings' }
  if (!now.domain) return { title: 'Set up your sending domain', body: 'Mailboxes refuse newsletters from domains that do not vouch for them. You set a few records, once.', action: 'Show me the records', href: '/settings/domain' }
  if (now.unattested > 0) {
    const people = `${now.unattested.toLocaleString('en')} ${now.unattested === 1 ? 'person' : 'people'}`
    return { title: `Your store says that ${people} agreed to get mail`, body: 'Confirm how they agreed, and you may write to them.', action: 'Have a look', href: '/settings?part=consent' }
  }
  if (!now.popupOn && !now.joined) return { title: 'Let people sign up', body: 'The sign-up form is off. Switch it on, and visitors of your store can join.', action: 'Look at the form', href: '/forms' }
  const draft = recent.find(({ status }) => status === 'draft')
  const waiting = recent.some(({ status }) => ['scheduled', 'preparing', 'sending'].includes(status))
  if (waiting || now.mailable === 0) return null
  if (draft) return { title: `Finish “${draft.name}”`, body: 'The draft is waiting where you left it.', action: 'Open the draft', href: `/campaigns/${draft.id}` }
  const people = `${now.mailable.toLocaleString('en')} ${now.mailable === 1 ? 'person' : 'people'}`
  if (!now.campaign) return { title: 'Send your first campaign', body: `${people} may be written to. Begin with one of the ready-made mails.`, action: 'Choose a template', href: '/campaigns' }
  const last = Math.max(0, ...recent.map(({ startedAt }) => startedAt?.getTime() ?? 0))
  const days = Math.floor((app.clock.now().getTime() - last) / DAY)
  if (last > 0 && days >= 14) return { title: `Your last mail went out ${days} days ago`, body: `${people} may be written to.`, action: 'Write a campaign', href: '/campaigns' }
  return null
}
