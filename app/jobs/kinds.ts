import { z } from 'zod'

const shop = { shopId: z.string() }

/** Every kind of work that outlives a request: its name and what it carries (ids only). worker.ts says who answers. */
export const jobKinds = {
  'shops.welcome': z.object(shop),
  'sync.start': z.object(shop),
  'sync.read': z.object({ ...shop, kind: z.enum(['shop', 'customers', 'products', 'orders']) }),
  'sync.reconcile': z.object(shop),
  'sync.consents': z.object(shop),
  'inbox.work': z.object({}),
  'consent.write-back': z.object({ ...shop, subscriberId: z.string() }),
  'campaigns.start': z.object({ ...shop, campaignId: z.string() }),
  'campaigns.ask-links': z.object({ ...shop, campaignId: z.string(), rehearsalId: z.string() }),
  'campaigns.drop-rehearsals': z.object({ ...shop, campaignId: z.string() }),
  'campaigns.compare': z.object({ ...shop, campaignId: z.string() }),
  'deliveries.send': z.object({ ...shop, messageId: z.string() }),
  'deliveries.recover': z.object({}),
  'lost.recover': z.object({}),
  'campaigns.watch': z.object(shop),
  'campaigns.finish': z.object({ ...shop, messageId: z.string() }),
  'segments.read': z.object({ ...shop, segmentId: z.string() }),
  'imports.compare': z.object({ ...shop, importId: z.string() }),
  'imports.run': z.object({ ...shop, importId: z.string() }),
  'imports.undo': z.object({ ...shop, importId: z.string() }),
  'domains.check': z.object({ ...shop, domain: z.string() }),
  'privacy.redact': z.object({ ...shop, subscriberId: z.string(), requestId: z.string() }),
  'privacy.redact-shop': z.object(shop),
  'privacy.export': z.object({ ...shop, requestId: z.string() }),
  'shops.nightly': z.object({}),
  'shops.hourly': z.object({}),
  'shops.refresh-tokens': z.object({}),
} as const

export type JobKind = keyof typeof jobKinds
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]>
