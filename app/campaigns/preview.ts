import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { domainFault } from '../domains/may-send.ts'
import { notFound } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { arrivingBytes } from '../templates/checks.ts'
import { mailContent, type PreviewReply } from '../templates/contract.ts'
import { fill, mergeShop } from '../templates/merge.ts'
import { limitSize } from './draft.ts'
import { compileFor, mergeColumns, mergePerson, samplePerson, show } from './render.ts'

export const previewInput = z.object({ subject: z.string().max(250), preheader: z.string().max(250), content: mailContent, subscriberId: z.string().max(40).optional() })

/** The mail as it would arrive at a person of the shop, or at a sample person. Nothing is stored. */
export async function preview(app: Pick<App, 'db' | 'mail'>, shop: Shop, input: z.infer<typeof previewInput>): Promise<PreviewReply> {
  limitSize(input.content)
  let person = samplePerson
  if (input.subscriberId !== undefined) {
    const [found] = await app.db
      .select(mergeColumns)
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, input.subscriberId)))
    if (!found) throw notFound()
    person = mergePerson(found)
  }
  const settings = await getSettings(app, shop.id)
  const compiled = await compileFor(app, shop, input, settings)
  const domain = await domainFault(app, settings)
  const shown = show(shop, settings, { ...compiled, subject: input.subject, preheader: input.preheader }, person)
  return { ...shown, preheader: fill(input.preheader, person, mergeShop(shop), 'text'), bytes: arrivingBytes(compiled.html), checks: [...(domain ? [{ level: 'error' as const, code: 'domain', message: domain, blockId: null }] : []), ...compiled.checks] }
}
