import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { notFound } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { arrivingBytes } from '../templates/checks.ts'
import { mailContent, type PreviewReply } from '../templates/contract.ts'
import { fill } from '../templates/merge.ts'
import { storefront } from '../templates/newest.ts'
import { limitSize } from './draft.ts'
import { compileFor, samplePerson, show } from './render.ts'

export const previewInput = z.object({ subject: z.string().max(250), preheader: z.string().max(250), content: mailContent, subscriberId: z.string().max(40).optional() })

/** The mail as it would arrive at a person of the shop, or at a sample person. Nothing is stored. */
export async function preview(app: Pick<App, 'db'>, shop: Shop, input: z.infer<typeof previewInput>): Promise<PreviewReply> {
  limitSize(input.content)
  let person = samplePerson
  if (input.subscriberId !== undefined) {
    const [found] = await app.db
      .select({ firstName: subscribers.firstName, lastName: subscribers.lastName, email: subscribers.email })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, input.subscriberId)))
    if (!found) throw notFound()
    person = found
  }
  const settings = await getSettings(app, shop.id)
  const compiled = await compileFor(app, shop, input, settings)
  const shown = show(shop, settings, { ...compiled, subject: input.subject, preheader: input.preheader }, person)
  return { ...shown, preheader: fill(input.preheader, person, { name: shop.name, url: storefront(shop) }, 'text'), bytes: arrivingBytes(compiled.html), checks: compiled.checks }
}
