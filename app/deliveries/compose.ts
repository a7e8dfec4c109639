import type { App } from '../app.ts'
import { escapeHtml } from '../lib/http.ts'
import { signLink } from '../lib/tokens.ts'
import type { Mail } from '../mail/provider.ts'
import { oneLine, personalise } from '../templates/merge.ts'
import { footer, placeFooter } from './footer.ts'
import type { Run } from './run.ts'
import { webAddress, withSource } from './targets.ts'

export interface Recipient {
  subscriberId: string
  /** The address as it was bound at the freeze. */
  email: string
  /** The key under which the provider tells about this mail. */
  requestId: string
  firstName: string | null
  lastName: string | null
  /** May opens and clicks of this person be recorded? If not, nothing in the mail is theirs alone except the way out. */
  track: boolean
}

/**
 * One message for one person, complete. Merge tags are filled in first, then the footer and the links: what a person's name or
 * a merchant's text brings along cannot become either.
 */
export function compose(app: Pick<App, 'url' | 'settings'>, run: Run, to: Recipient): Mail {
  const { message } = run
  const subject = { shopId: run.shopId, messageId: run.messageId, subscriberId: to.subscriberId }
  const sign = (purpose: Parameters<typeof signLink>[1]): string => signLink(app.settings.keys, purpose, subject)
  const unsubscribeUrl = `${app.url}/u/${sign('unsubscribe')}`
  const filled =
    message.kind === 'confirmation' // complete as it was queued
      ? { subject: oneLine(message.subject), html: message.html, text: message.text }
      : personalise(message, to, run.shop)
  const end = footer({
    kind: message.kind,
    language: message.language,
    senderName: message.fromName,
    postalAddress: run.settings.postalAddress,
    shopName: run.shop.name,
    unsubscribeUrl,
    preferencesUrl: `${app.url}/p/${sign('preferences')}`,
  })
  const tracked = to.track && message.kind === 'campaign'
  const clicks = tracked ? `${app.url}/c/${sign('click')}/` : null
  const clicksHtml = clicks && escapeHtml(clicks)
  const targets = targetsOf(run)
  const link = (n: number): string => {
    const target = targets.get(n)
    return target ? (clicks && target.counted ? clicks + n : target.url) : '#'
  }
  const linkHtml = (n: number): string => {
    const target = targets.get(n)
    return target ? (clicksHtml && target.counted ? clicksHtml + n : target.html) : '#'
  }
  const pixel = tracked ? `<img src="${app.url}/o/${sign('open')}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">` : ''
  return {
    key: to.requestId,
    from: { name: oneLine(message.fromName), email: message.fromEmail },
    replyTo: message.replyTo,
    to: to.email,
    subject: filled.subject,
    html: linked(placeFooter(filled.html, end.html + pixel, 'html'), linkHtml),
    text: linked(placeFooter(filled.text, end.text, 'text'), link),
    headers: {
      'Message-ID': `<${to.requestId}@${message.fromEmail.split('@')[1] ?? 'localhost'}>`, // the same at every attempt
      ...(message.kind === 'confirmation'
        ? { 'Auto-Submitted': 'auto-generated' }
        : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', Precedence: 'bulk' }),
    },
  }
}

const linked = (body: string, url: (n: number) => string): string => body.replace(/\[\[link:(\d{1,4})\]\]/g, (_, n: string) => url(Number(n)))

interface Target {
  /** Where the link leads when nobody counts it, as text and as it stands in HTML. */
  url: string
  html: string
  /** False for mailto: it has nothing to count. */
  counted: boolean
}
const known = new WeakMap<Run, Map<number, Target>>()

/** Where the links of a message lead is the same for everybody: worked out once for a run, not for each person. */
function targetsOf(run: Run): Map<number, Target> {
  const before = known.get(run)
  if (before) return before
  const targets = new Map<number, Target>()
  for (const [n, address] of run.links) {
    const counted = webAddress(address) !== null
    const url = counted && run.campaign ? withSource(address, run.shop, run.campaign.name) : address
    targets.set(n, { url, html: escapeHtml(url), counted })
  }
  known.set(run, targets)
  return targets
}
