import { createTransport } from 'nodemailer'
import { compileMail } from '../../app/deliveries/compile-mail.ts'
import { loadRun } from '../../app/deliveries/run.ts'
import { newId } from '../../app/lib/ids.ts'
import type { Mail } from '../../app/mail/provider.ts'
import type { OpenBench } from '../bench.ts'
import { checkSent, hundredths, sendCampaign } from '../campaign.ts'
import { makeNewsletter } from '../newsletter.ts'
import { startSmtpSink } from '../smtp-sink.ts'
import { addCampaign, addPeople, nameOf, openStore } from '../store.ts'

const connections = 20
const different = 200

/**
 * A campaign by SMTP from the freeze to the last accepted row: every mail composed for one person, promised and recorded one by one,
 * handed to a minimal server. Compared with nodemailer composing the same mails on a pool of 20 connections to the same server,
 * without any ledger and with the words of 200 people filled in before.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 5_000
  const sink = await startSmtpSink({ mode: 'drain' })
  const store = await openStore({ MAIL_PROVIDER: 'smtp', SMTP_URL: `smtp://127.0.0.1:${sink.port}`, MAIL_PER_SECOND: '1000000' })
  const { app, shop } = store
  const letter = await makeNewsletter()
  await addPeople(app, shop.id, count)
  const mails = await readyMails()
  let last = { statements: 0, sinkCpu: 0, doubled: 0, lost: 0 }

  async function readyMails(): Promise<Mail[]> {
    const run = await loadRun(app, shop.id, await addCampaign(app, shop, letter))
    const compiled = compileMail(app, run!)
    const now = app.clock.now()
    return Array.from({ length: different }, (_, i) => compiled.one({ subscriberId: newId(now), key: newId(now), track: true, ...nameOf(i) }))
  }
  return {
    unit: 'messages',
    bar: 4,
    async limit() {
      await sink.forget()
      const pool = createTransport({ host: '127.0.0.1', port: sink.port, pool: true, maxConnections: connections, maxMessages: Infinity, ignoreTLS: true })
      const from = performance.now()
      await Promise.all(Array.from({ length: count }, (_, i) => {
        const { from: sender, subject, html, text, headers } = mails[i % different]!
        return pool.sendMail({ from: { name: sender.name, address: sender.email }, to: nameOf(i).email, subject, html, text, headers })
      }))
      const seconds = (performance.now() - from) / 1000
      pool.close()
      const seen = await sink.counts()
      if (seen.distinct !== count) throw new Error(`the server took ${seen.distinct} of ${count} mails of nodemailer`)
      return count / seconds
    },
    async product() {
      await sink.forget()
      const { messageId, seconds, statements } = await sendCampaign(app, shop, letter, 'individual')
      const { sinkCpu, ...checked } = await checkSent(app, shop, messageId, count, sink)
      last = { statements, sinkCpu: sinkCpu / seconds, ...checked }
      return count / seconds
    },
    detail: () => ({
      recipients: count, nodemailer_connections: connections, connections: app.mail.limits.lanes, mail_bytes: Buffer.byteLength(mails[0]!.html) + Buffer.byteLength(mails[0]!.text), doubled: last.doubled, lost: last.lost,
      statements_per_message: Math.ceil((last.statements / count) * 1000) / 1000, sink_cpu: hundredths(last.sinkCpu),
    }),
    close: async () => {
      await store.close()
      await sink.stop()
    },
  }
}
