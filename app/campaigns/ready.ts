import type { Audience } from './audience.ts'
import { stoppedBecause } from './complaints.ts'
import type { ShopSettings } from '../shops/shops.ts'
import type { MailCheck } from '../templates/contract.ts'

/** What a campaign still lacks before it may leave, besides people; each as a check, so that the page can say where to go. `domain`: what domainFault() answered. */
export function missing(settings: ShopSettings, checks: MailCheck[], audience: Audience | null, domain: string | null): MailCheck[] {
  const all: MailCheck[] = []
  const fault = (code: string, message: string): void => void all.push({ level: 'error', code, message, blockId: null })
  if (!settings.senderName || !settings.senderEmail) fault('sender_missing', 'Say in the settings who the mail comes from: a name and an address.')
  if (domain) fault('domain', domain)
  if (!settings.postalAddress.trim()) fault('postal_address_missing', 'Add your postal address in the settings. The law wants it in each mail.')
  const stopped = stoppedBecause(settings)
  if (stopped) fault('complaints', `${stopped} Nothing is sent until you have read what to do about it on the home page and confirmed that you want to go on.`)
  if (!audience) fault('segment_missing', 'The segment of this campaign does not exist any more. Choose whom it is for.')
  else if (audience.fault) fault('segment_broken', `The segment “${audience.name}” cannot be asked: ${audience.fault}`)
  return [...all, ...checks.filter((c) => c.level === 'error')]
}

/** The faults as one sentence for `statusReason` and refusals. */
export const inOneSentence = (faults: MailCheck[]): string => faults.slice(0, 3).map((f) => f.message).join(' ') + (faults.length > 3 ? ` And ${faults.length - 3} more.` : '')
