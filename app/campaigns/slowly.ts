import type { App } from '../app.ts'
import { planFor } from '../domains/allowance.ts'
import { DAY, dayIn } from '../lib/clock.ts'
import type { Shop } from '../shops/shops.ts'

/** "Your domain is new …: 200 people today, 400 tomorrow and 31 on Friday", when not everybody gets it today; else null. */
export async function slowly(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop, people: number): Promise<string | null> {
  const plan = await planFor(app, shop, people)
  if (!plan) return null
  const today = dayIn(shop.timezone, app.clock.now())
  const [first] = plan
  if (!first || (plan.length === 1 && first.day === today)) return null
  const days = Math.round((Date.parse(plan.at(-1)!.day) - Date.parse(today)) / DAY)
  const parts = plan.slice(0, 3).map((one) => `${one.people.toLocaleString('en')} ${one === first ? (one.people === 1 ? 'person ' : 'people ') : ''}${dayWords(one.day, today)}`)
  const rest = plan.length > 3 ? `, and so on; the last on ${dateWords(plan.at(-1)!.day, days)}` : ''
  const list = rest ? parts.join(', ') : parts.join(', ').replace(/, (?=[^,]*$)/, ' and ')
  return `Your domain is new to newsletters, so this leaves slowly: ${list}${rest}. Mailboxes trust a sender who grows.`
}

function dayWords(day: string, today: string): string {
  const days = Math.round((Date.parse(day) - Date.parse(today)) / DAY)
  return days === 0 ? 'today' : days === 1 ? 'tomorrow' : `on ${dateWords(day, days)}`
}
/** "Friday" within a week, "Friday 4 December" later. */
const dateWords = (day: string, days: number): string =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'long', ...(days >= 7 ? { day: 'numeric', month: 'long' } : {}), timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))
