import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { messages } from '../db/schema.ts'
import type { MailProvider } from '../mail/provider.ts'
import { compileMail, type CompiledMail } from './compile-mail.ts'
import { loadRun } from './run.ts'
import type { SharedCall } from './send-batches.ts'

/**
 * Decides how a message leaves, before it is frozen: in calls for many people where its mails differ in values only and the provider
 * merges and tells afterwards what it took; else one by one (docs/sending.md).
 */
export async function chooseWay(app: Pick<App, 'db' | 'mail' | 'url' | 'settings'>, shopId: string, messageId: string): Promise<void> {
  const run = await loadRun(app, shopId, messageId)
  if (run && prepareCall(app.mail, compileMail(app, run))) await app.db.update(messages).set({ way: 'shared' }).where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
}

/** The call that carries this mail for many people, or null when it cannot leave in that way. */
export const prepareCall = ({ shared, evidence }: MailProvider, mail: CompiledMail): SharedCall | null => (shared && mail.shared && evidence === 'events' ? shared.prepare(mail.shared) : null)
