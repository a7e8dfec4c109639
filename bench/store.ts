import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { closeApp, createApp, type App } from '../app/app.ts'
import { lockLedger, seal } from '../app/consent/seal.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { migrate } from '../app/db/migrate.ts'
import { campaigns, consentEntries, links, messages, sendingDomains, shops, shopSettings, subscribers } from '../app/db/schema.ts'
import { readSettings } from '../app/env.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { newId } from '../app/lib/ids.ts'
import { createLog } from '../app/lib/log.ts'
import type { Shop } from '../app/shops/shops.ts'
import { defaultBrand } from '../app/templates/contract.ts'
import type { Newsletter } from './newsletter.ts'

export const apiSecret = 'bench-client-secret'

export interface Store {
  app: App
  shop: Shop
  /** Path of the SQLite file. */
  file: string
  close: () => Promise<void>
}

/** The environment that every app of a benchmark has; what is missing is where its database and its mail provider are. */
export const commonEnv = {
  NODE_ENV: 'development', LOG_LEVEL: 'silent', APP_URL: 'https://mail.example.com', SHOPIFY_API_KEY: 'bench-client-id', SHOPIFY_API_SECRET: apiSecret,
  SECRET_KEYS: `b1:${Buffer.alloc(32, 1).toString('base64')}`, HASH_KEY: Buffer.alloc(32, 2).toString('base64'), MAIL_PROVIDER: 'outbox',
}

/** The real app over a fresh SQLite file with real migrations, and one shop with its sender. */
export async function openStore(env: Record<string, string> = {}): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'homing-bench-'))
  const file = join(folder, 'homing.db')
  const settings = readSettings({ ...commonEnv, DATABASE_URL: `file:${file}`, ...env })
  // Faults are counted by the benchmarks themselves; what is worth a line in a log is worth one here.
  const app = createApp({ settings, beside: true, log: createLog('error'), fetch: () => Promise.reject(new Error('a benchmark asks nobody outside this machine')) })
  await migrate(app.db)
  return { app, shop: await addShop(app), file, close: async () => {
    await closeApp(app)
    rmSync(folder, { recursive: true, force: true })
  } }
}

/** A shop with its sender. */
export async function addShop(app: App, handle = 'fern-and-fig'): Promise<Shop> {
  const now = app.clock.now()
  const id = newId(now)
  const [shop] = await app.db
    .insert(shops)
    .values({
      id, platform: 'shopify', platformId: null, domain: `${handle}.myshopify.com`, name: 'Fern & Fig', url: 'https://fern-and-fig.example', email: 'ada@fern-and-fig.example', currency: 'USD',
      timezone: 'America/Los_Angeles', locale: 'en', country: 'US', address: null, status: 'installed', scopes: '', installedAt: now, uninstalledAt: null, updatedAt: now, consentSeq: 0,
    })
    .returning()
  await app.db.insert(shopSettings).values({
    shopId: id, senderName: 'Fern & Fig', senderEmail: 'ada@fern-and-fig.example', replyTo: '', postalAddress: '1 Fern Street, Portland OR 97201, USA', senderConfirmedAt: now,
    brand: { ...defaultBrand }, doubleOptIn: true, tracking: 'by_law', attributionDays: 5, recordsAttestedAt: null, onboardingDismissedAt: null, updatedAt: now,
  })
  await app.db.insert(sendingDomains).values({
    shopId: id, domain: 'fern-and-fig.example', records: { provider: app.mail.name, records: [], dkimDomain: null, returnPath: 'fern-and-fig.example', spfMust: null }, findings: {}, status: 'verified', verifiedAt: now,
    gently: false, planned: { largest: 0, days: [] }, createdAt: now, updatedAt: now,
  })
  return shop!
}

/** People who agreed to get mail and live where opens and clicks may be recorded. Answers their ids. */
export async function addPeople(app: App, shopId: string, count: number): Promise<string[]> {
  const now = app.clock.now()
  const all: string[] = []
  for (let at = 0; at < count; at += 10_000) {
    const ids = Array.from({ length: Math.min(10_000, count - at) }, () => newId(now))
    await app.db.transaction(async () => {
      await insertAll(app.db, subscribers, ids.map((id, i) => {
        const { email, ...name } = nameOf(at + i)
        return {
          shopId, id, email, emailKey: email, addressHash: addressHash(app.settings.keys, shopId, email), ...name, country: 'US',
          source: 'form', ordersCount: 0, totalSpent: 0, consentState: 'subscribed', consentBasis: 'express_confirmed', consentAt: now, consentRecordedAt: now, createdAt: now, updatedAt: now,
        }
      }))
      const { seq, link } = await lockLedger(app, shopId)
      const entries = ids.map((id, i): typeof consentEntries.$inferSelect => ({
        shopId, seq: seq + 1 + i, subscriberId: id, purpose: 'email_marketing', act: 'confirmed', state: 'subscribed', basis: 'express_confirmed', method: 'form',
        source: 'bench', wording: null, wordingVersion: null, language: null, page: null, messageId: null, formId: null, evidence: null, occurredAt: now, recordedAt: now, writtenFor: null, salt: null, link: null,
      }))
      const consentLink = seal(link, entries)
      await insertAll(app.db, consentEntries, entries)
      await app.db.update(shops).set({ consentSeq: seq + ids.length, consentLink }).where(eq(shops.id, shopId))
    })
    all.push(...ids)
  }
  return all
}

/** What the person with this number is called, and their address. */
export const nameOf = (i: number): { email: string; firstName: string; lastName: string | null } => ({ email: `person${i}@example.org`, firstName: `First${i}`, lastName: i % 3 ? `O'Last ${i}` : null })

/** A campaign that is being sent, compiled, with nobody frozen yet. */
export async function addCampaign(app: App, shop: Shop, letter: Newsletter, way: 'shared' | 'individual' = 'individual'): Promise<string> {
  const now = app.clock.now()
  const id = newId(now)
  await app.db.insert(campaigns).values({
    shopId: shop.id, id, name: 'Spring sale', subject: letter.subject, preheader: letter.preheader, content: { blocks: [] }, audience: { kind: 'everyone' }, status: 'sending', version: 1, createdAt: now, updatedAt: now,
  })
  await app.db.insert(messages).values({
    shopId: shop.id, id, kind: 'campaign', subject: letter.subject, preheader: letter.preheader, html: letter.html, text: letter.text, fromName: shop.name, fromEmail: 'ada@fern-and-fig.example', replyTo: '',
    language: 'en', way, createdAt: now,
  })
  await insertAll(app.db, links, letter.links.map((link) => ({ shopId: shop.id, messageId: id, ...link })))
  return id
}
