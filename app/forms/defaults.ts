import { createHash } from 'node:crypto'
import type { App } from '../app.ts'
import { readBrand } from '../consent/page.ts'
import { insertAll } from '../db/insert-all.ts'
import { forms, formVersions } from '../db/schema.ts'
import { contrast } from '../lib/colour.ts'
import { idFromBytes } from '../lib/ids.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import type { FormSettings, FormTexts } from './contract.ts'

type Kind = 'popup' | 'inline'
const kinds: Kind[] = ['popup', 'inline']

/**
 * Gives a shop its two forms, if it has not got them: a pop-up that is off and an inline form that is on, in English, German
 * and French. Doing it twice, or from two processes at once, does no harm.
 */
export async function ensureForms(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'name' | 'locale'>): Promise<void> {
  const { brand } = await getSettings(app, shop.id)
  const { accent, accentText, surface, text, radius } = readBrand(brand)
  const look = { background: surface, text: contrast(text, surface) >= 4.5 ? text : '#1f2421', accent, accentText, radius }
  const now = app.clock.now()
  const rows = kinds.map((kind) => ({
    shopId: shop.id, id: formId(shop.id, kind), kind, name: kind === 'popup' ? 'Pop-up' : 'Sign-up form', status: kind === 'popup' ? ('off' as const) : ('on' as const),
    settings: { askName: false, texts: textsFor(shop), look, afterSeconds: 8, restDays: 30 } satisfies FormSettings, version: 1, createdAt: now, updatedAt: now,
  }))
  await app.db.transaction(async () => {
    await insertAll(app.db, forms, rows, { target: ['shopId', 'id'] })
    await insertAll(app.db, formVersions, rows.map((row) => ({ shopId: shop.id, formId: row.id, version: 1, settings: row.settings, hash: hashOf(row.settings), createdAt: now })), { target: ['shopId', 'formId', 'version'] })
  })
}

/** The id of a shop's first form of a kind: always the same, so that making it twice makes one. */
export const formId = (shopId: string, kind: Kind): string => idFromBytes(createHash('sha256').update(`form:${shopId}:${kind}`).digest().subarray(0, 16))

/** Of what a published form said and looked like; the ledger points to it. Keys are sorted, so that equal settings have equal hashes on both databases. */
export const hashOf = (settings: unknown): string => createHash('sha256').update(JSON.stringify(settings, sortKeys)).digest('hex')

const sortKeys = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value

/** The three languages. Which one a shopper gets is decided when the form is shown (`textsIn`). */
function textsFor(shop: Pick<Shop, 'name'>): Record<string, FormTexts> {
  const named = (text: string, most: number): string => text.replaceAll('%s', () => shop.name).slice(0, most)
  return Object.fromEntries(Object.entries(texts).map(([language, words]) => [language, { ...words, consent: named(words.consent, 600), tracking: named(words.tracking, 300) }]))
}

const texts: Record<string, FormTexts> = {
  en: {
    heading: 'News worth opening',
    body: 'New things first, now and then an offer. Never more than you would like.',
    emailLabel: 'Your e-mail address',
    nameLabel: 'First name (if you like)',
    button: 'Sign me up',
    decline: 'No, thanks',
    consent: '%s may write to me by e-mail about new products, offers and news. I can leave at any time with one click in each mail.',
    tracking: '%s may also see which mails I open and which links I press, so that the mail fits me better.',
    success: 'Nearly there: we sent you a mail. Press the button in it and you are on the list.',
  },
  de: {
    heading: 'Post, die sich lohnt',
    body: 'Neues zuerst, ab und zu ein Angebot. Nie mehr, als Ihnen lieb ist.',
    emailLabel: 'Ihre E-Mail-Adresse',
    nameLabel: 'Vorname (freiwillig)',
    button: 'Anmelden',
    decline: 'Nein, danke',
    consent: '%s darf mir per E-Mail über neue Produkte, Angebote und Neuigkeiten schreiben. Ich kann mich jederzeit mit einem Klick in jeder E-Mail abmelden.',
    tracking: '%s darf auch sehen, welche E-Mails ich öffne und welche Links ich anklicke, damit die Post besser zu mir passt.',
    success: 'Fast geschafft: Wir haben Ihnen eine E-Mail geschickt. Drücken Sie den Knopf darin, dann sind Sie dabei.',
  },
  fr: {
    heading: 'Des nouvelles qui valent la peine',
    body: 'Les nouveautés d’abord, une offre de temps en temps. Jamais plus que vous ne le souhaitez.',
    emailLabel: 'Votre adresse e-mail',
    nameLabel: 'Prénom (facultatif)',
    button: 'Je m’inscris',
    decline: 'Non, merci',
    consent: '%s peut m’écrire par e-mail au sujet de nouveautés, d’offres et d’actualités. Je peux me désinscrire à tout moment en un clic dans chaque e-mail.',
    tracking: '%s peut aussi voir quels e-mails j’ouvre et sur quels liens je clique, pour que les messages me correspondent mieux.',
    success: 'Presque terminé : nous vous avons envoyé un e-mail. Appuyez sur le bouton qu’il contient et vous serez inscrit(e).',
  },
}
