import type { z } from 'zod'
import type { campaignView, ComparisonView, Rehearsal, whyReply } from '../../app/campaigns/contract.ts'
import { reasonWords } from '../../app/deliveries/contract.ts'
import type { CampaignReport } from '../../app/reports/contract.ts'
import type { SubscriberCounts } from '../../app/subscribers/contract.ts'
import type { Simulation } from '../servers.ts'
import type { AdminClient } from './admin-client.ts'

/** What the story's parts share. */
export interface Telling {
  simulation: Simulation
  admin: AdminClient
  step: (name: string, held: boolean, detail: string) => void
  equal: (name: string, ours: number, truth: number, what: string) => void
  /** Waits until a campaign is sent and all that followed from it is settled. */
  finished: (campaignId: string) => Promise<void>
}
/** Who may not be mailed any more since the first campaign, by the reason that must be named. */
type Left = Record<'unsubscribed' | 'bounced' | 'complained', string[]>

/** A second campaign to the same people: it leaves out exactly those who left, each with the reason, and says so beforehand. */
export async function sendAgain({ simulation, admin, step, equal, finished }: Telling, before: { campaignId: string; plan: Rehearsal; left: Left }): Promise<void> {
  const { left, plan } = before
  const { world } = simulation
  for (const status of ['bounced', 'complained'] as const)
    equal(`addresses that ${status} are blocked`, (await admin.get<SubscriberCounts>(`/api/subscribers/counts?status=${status}`)).fit.people, left[status].length, `people are shown as ${status}`)

  const copy = await admin.post<z.infer<typeof campaignView>>(`/api/campaigns/${before.campaignId}/duplicate`)
  await admin.put(`/api/campaigns/${copy.id}`, { version: copy.version, name: 'The story’s second campaign', subject: 'Once more', preheader: copy.preheader, audience: copy.audience, content: copy.content })
  const again = await admin.get<Rehearsal>(`/api/campaigns/${copy.id}/rehearsal`)
  const all = Object.entries(left)
  const gone = new Map(all.flatMap(([reason, people]) => people.map((email) => [email.toLowerCase(), reasonWords[reason as keyof Left]] as const)))
  const wrong = again.reasons.filter(({ reason, people }) => people - peopleFor(plan, reason) !== (left[reason as keyof Left]?.length ?? 0)).map(({ reason }) => reason)
  step('the next rehearsal leaves out exactly those', again.canSend && wrong.length === 0 && again.included === plan.included - gone.size && again.everybody === plan.everybody,
    wrong.length > 0 ? `the numbers are wrong for: ${wrong.join(', ')}` : `${again.included} will get it; out since the first: ${all.map(([reason, people]) => `${people.length} ${reason}`).join(', ')}`)
  let named = 0
  for (const [email, words] of gone) {
    const found = (await admin.post<z.infer<typeof whyReply>>(`/api/campaigns/${copy.id}/why`, { q: email })).people.find((one) => one.email.toLowerCase() === email)
    if (found && !found.gets && found.sentence.toLowerCase().includes(words.toLowerCase())) named++
  }
  equal('each of them with the reason', named, gone.size, 'people are named with it')

  const earlier = world.mails.length
  await admin.post(`/api/campaigns/${copy.id}/send`)
  await finished(copy.id)
  const mails = world.mails.slice(earlier)
  const report = await admin.get<CampaignReport>(`/api/campaigns/${copy.id}/report`)
  step('the second campaign wrote to none of them', mails.length === again.included && report.accepted === mails.length && !mails.some((mail) => gone.has(mail.to.toLowerCase())) && report.bounced === 0 && report.complained === 0,
    `${mails.length} mails, ${report.bounced} bounced, ${report.complained} complained`)
  const compared = await admin.get<ComparisonView>(`/api/campaigns/${copy.id}/comparison`)
  step('and went exactly as rehearsed', addsUp(compared, again, mails.length) && compared.differences.length === 0, compared.sentence)
}

/** Planned and sent differ by exactly the people who are explained, and nobody is not. */
export const addsUp = ({ planned, got, differences, unexplained }: ComparisonView, plan: Rehearsal, sent: number): boolean =>
  unexplained === 0 && planned === plan.included && got === sent && planned + differences.reduce((sum, one) => sum + (one.got ? one.people : -one.people), 0) === sent

const peopleFor = (plan: Rehearsal, reason: string): number => plan.reasons.find((one) => one.reason === reason)?.people ?? 0
