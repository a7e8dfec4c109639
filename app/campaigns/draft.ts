import { and, eq, inArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { campaigns } from '../db/schema.ts'
import { conflict, invalid, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { findSegment } from '../segments/segments.ts'
import type { Shop } from '../shops/shops.ts'
import { cleanContent } from '../templates/clean.ts'
import type { MailContent } from '../templates/contract.ts'
import { starterInput } from '../templates/newest.ts'
import { starterTemplate } from '../templates/starters.ts'
import type { campaignCreate, campaignInput } from './contract.ts'
import { findCampaign, refusal, type Campaign } from './state.ts'

/** A new draft, empty or from a starter mail with the shop's newest products already in it. */
export async function createDraft(app: Pick<App, 'db' | 'clock'>, shop: Shop, input: z.infer<typeof campaignCreate>): Promise<Campaign> {
  let starter = null
  if (input.templateId !== undefined) {
    starter = starterTemplate(await starterInput(app, shop), input.templateId)
    if (!starter) throw invalid('There is no such template.', { templateId: 'is unknown' })
  }
  return insertDraft(app, shop.id, { name: input.name, subject: starter?.subject ?? '', preheader: starter?.preheader ?? '', content: starter?.content ?? { blocks: [] }, audience: { kind: 'everyone' } })
}

/**
 * Autosave. `input.version` is the one that the editor read; if somebody saved in between, nothing is overwritten and the
 * answer is 409. Only drafts can be changed.
 */
export async function saveDraft(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, input: z.infer<typeof campaignInput>): Promise<Campaign> {
  limitSize(input.content)
  if (input.audience.kind === 'segment' && !(await findSegment(app, shop.id, input.audience.segmentId))) throw invalid('This segment does not exist any more.', { audience: 'does not exist any more' })
  const [saved] = await app.db
    .update(campaigns)
    .set({
      name: input.name, subject: input.subject, preheader: input.preheader, content: cleanContent(input.content), audience: input.audience,
      version: sql`${campaigns.version} + 1`, statusReason: null, updatedAt: app.clock.now(),
    })
    .where(and(eq(campaigns.shopId, shop.id), eq(campaigns.id, id), eq(campaigns.status, 'draft'), eq(campaigns.version, input.version)))
    .returning()
  if (saved) return saved
  const { status } = await findCampaign(app, shop.id, id)
  if (status === 'draft') throw conflict('Somebody changed this campaign in another window. Load it again to go on from there.')
  throw await refusal(app, shop.id, id)
}

/** A copy as a draft, whatever became of the original. */
export async function duplicate(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<Campaign> {
  const { name, subject, preheader, content, audience } = await findCampaign(app, shop.id, id)
  return insertDraft(app, shop.id, { name: `${name.slice(0, 140)} (copy)`, subject, preheader, content, audience })
}

/** Deletes what was never sent: drafts, and campaigns that could not be prepared. */
export async function deleteDraft(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  const gone = await app.db
    .delete(campaigns)
    .where(and(eq(campaigns.shopId, shopId), eq(campaigns.id, id), inArray(campaigns.status, ['draft', 'failed'])))
    .returning({ id: campaigns.id })
  if (gone.length === 0) throw await refusal(app, shopId, id)
}

type Words = Pick<Campaign, 'name' | 'subject' | 'preheader' | 'content' | 'audience'>
async function insertDraft(app: Pick<App, 'db' | 'clock'>, shopId: string, words: Words): Promise<Campaign> {
  const now = app.clock.now()
  const [made] = await app.db
    .insert(campaigns)
    .values({ ...words, shopId, id: newId(now), status: 'draft', version: 1, statusReason: null, scheduledAt: null, startedAt: null, finishedAt: null, createdAt: now, updatedAt: now })
    .returning()
  if (!made) throw notFound()
  return made
}

/** A mail that is clipped at 102 KB needs no half megabyte of blocks; the limit keeps drawing quick (reliability.md X3). */
export function limitSize(content: MailContent): void {
  if (JSON.stringify(content).length > 300_000) throw invalid('The mail is too large. Take some blocks out.', { content: 'is too large' })
}
