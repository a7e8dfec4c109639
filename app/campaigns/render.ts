import type { App } from '../app.ts'
import { productPicks } from '../catalogue/picks.ts'
import { subscribers } from '../db/schema.ts'
import { footer, placeFooter } from '../deliveries/footer.ts'
import { escapeHtml } from '../lib/http.ts'
import { getSettings, type Shop, type ShopSettings } from '../shops/shops.ts'
import { brandOf } from '../templates/brand.ts'
import { pickedProducts } from '../templates/clean.ts'
import { compileMessage, type Compiled } from '../templates/compile.ts'
import type { MailContent } from '../templates/contract.ts'
import { mergeShop, personalise, storefront, type MergePerson } from '../templates/merge.ts'

export interface MailWords {
  subject: string
  preheader: string
  content: MailContent
}

/** Draws a mail with the shop's brand and the catalogue as it is now. */
export async function compileFor(app: Pick<App, 'db'>, shop: Shop, words: MailWords, settings?: ShopSettings): Promise<Compiled> {
  const known = settings ?? (await getSettings(app, shop.id))
  const products = await productPicks(app, shop.id, pickedProducts(words.content))
  return compileMessage({ ...words, brand: brandOf(known), shop: { name: shop.name, url: storefront(shop), locale: shop.locale }, products })
}

/**
 * A compiled mail as one person would see it, for looking at only: real targets instead of counted ones, and a way out that
 * leads nowhere. With `marks`, each link carries `data-link="n"`, so that a report can draw on it.
 */
export function show(shop: Shop, settings: ShopSettings, mail: Compiled & { subject: string; preheader: string }, person: MergePerson, marks = false): { subject: string; html: string; text: string } {
  const filled = personalise(mail, person, mergeShop(shop))
  const end = footer({ kind: 'campaign', language: shop.locale, senderName: settings.senderName || shop.name, postalAddress: settings.postalAddress, shopName: shop.name, unsubscribeUrl: '#', preferencesUrl: '#' })
  const urls = new Map(mail.links.map((link) => [String(link.n), link.url]))
  const html = placeFooter(filled.html, end.html, 'html').replace(/href="\[\[link:(\d+)\]\]"/g, (_, n: string) => `href="${escapeHtml(urls.get(n) ?? '#')}"${marks ? ` data-link="${n}"` : ''}`)
  const text = placeFooter(filled.text, end.text, 'text').replace(/\[\[link:(\d+)\]\]/g, (_, n: string) => urls.get(n) ?? '')
  return { subject: filled.subject, html, text }
}

/** Who stands in a preview when nobody is named. */
export const samplePerson: MergePerson = { firstName: 'Robin', lastName: 'Sample', email: 'robin@example.com', store: { country: 'US', locale: 'en', ordersCount: 1, totalSpent: 5000 } }

/** What mails can say of a person, or ask about them: columns to read, and a person made of such a row. */
export const mergeColumns = {
  firstName: subscribers.firstName, lastName: subscribers.lastName, email: subscribers.email, country: subscribers.country, locale: subscribers.locale, ordersCount: subscribers.ordersCount,
  totalSpent: subscribers.totalSpent,
}
type MergeRow = Pick<typeof subscribers.$inferSelect, keyof typeof mergeColumns>
export const mergePerson = <T extends MergeRow>({ country, locale, ordersCount, totalSpent, ...rest }: T): Omit<T, 'country' | 'locale' | 'ordersCount' | 'totalSpent'> & MergePerson =>
  ({ ...rest, store: { country, locale, ordersCount, totalSpent } })
