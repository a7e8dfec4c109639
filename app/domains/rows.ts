import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import { findings, setup, type Findings, type Setup } from './contract.ts'

export interface SendingDomain extends Omit<typeof sendingDomains.$inferSelect, 'records' | 'findings'> {
  setup: Setup
  found: Findings | null
}

/** A shop's domain as it was set up for the mail provider that is in use; null when it was not, or for another provider. */
export async function findDomain(app: Pick<App, 'db' | 'mail'>, shopId: string, domain: string): Promise<SendingDomain | null> {
  const [row] = await app.db.select().from(sendingDomains).where(isDomain(shopId, domain))
  if (!row) return null
  const made = setup.safeParse(row.records)
  if (!made.success || made.data.provider !== app.mail.name) return null
  return { ...row, setup: made.data, found: findings.safeParse(row.findings).data ?? null }
}

export const isDomain = (shopId: string, domain: string) => and(eq(sendingDomains.shopId, shopId), eq(sendingDomains.domain, domain))

/** The provider as its customers know it. */
export const providerWords = (name: string): string => ({ sendgrid: 'SendGrid', mailgun: 'Mailgun' })[name] ?? 'your mail server'
