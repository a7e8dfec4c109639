import { and, eq, gte, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentEntries, forms, formVersions } from '../db/schema.ts'
import { after, DAY } from '../lib/clock.ts'
import { conflict, notFound } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { formSettings, type FormSettings, type FormTexts, type FormView, type PublicForm } from './contract.ts'
import { ensureForms, formId, hashOf } from './defaults.ts'
import type { z } from 'zod'
import type { formInput } from './contract.ts'

export type Form = typeof forms.$inferSelect

/** The shop's forms, pop-up first; made now if the shop has none yet. */
export async function listForms(app: Pick<App, 'db' | 'clock'>, shop: Shop): Promise<FormView[]> {
  let rows = await app.db.select().from(forms).where(eq(forms.shopId, shop.id)).orderBy(sql`${forms.kind} desc`, forms.id)
  if (rows.length === 0) {
    await ensureForms(app, shop)
    rows = await app.db.select().from(forms).where(eq(forms.shopId, shop.id)).orderBy(sql`${forms.kind} desc`, forms.id)
  }
  const figures = await figuresOf(app, shop.id)
  return rows.map((row) => viewOf(row, figures))
}

/** @throws notFound for an unknown form and for another shop's. */
export async function getForm(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<FormView> {
  return viewOf(await formRow(app, shop.id, id), await figuresOf(app, shop.id))
}

/** Publishes a change: what shoppers see from now on is kept as a version of its own. @throws conflict when somebody was faster. */
export async function saveForm(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, input: z.infer<typeof formInput>): Promise<FormView> {
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const before = await formRow(app, shop.id, id)
    if (before.version !== input.version) throw conflict('Somebody changed this form in the meantime. Please reload it.')
    const same = hashOf(before.settings) === hashOf(input.settings) // switching on and off, or a new name, publishes no new words
    const version = same ? before.version : before.version + 1
    const changed = await app.db
      .update(forms)
      .set({ name: input.name, status: input.status, settings: input.settings, version, updatedAt: now })
      .where(and(eq(forms.shopId, shop.id), eq(forms.id, id), eq(forms.version, input.version)))
      .returning({ id: forms.id })
    if (changed.length === 0) throw conflict('Somebody changed this form in the meantime. Please reload it.')
    if (!same) await app.db.insert(formVersions).values({ shopId: shop.id, formId: id, version, settings: input.settings, hash: hashOf(input.settings), createdAt: now })
  })
  return getForm(app, shop, id)
}

/** What a shopper meets, or null when the form is off. */
export async function publicFormOf(app: Pick<App, 'db' | 'clock'>, shop: Shop, kind: 'popup' | 'inline', locale: string): Promise<PublicForm> {
  const row = await formOfKind(app, shop, kind)
  if (!row || row.status !== 'on' || shop.status === 'uninstalled') return { form: null }
  const settings = formSettings.parse(row.settings)
  const { language, texts } = textsIn(settings, locale, shop.locale)
  const { askName, look, afterSeconds, restDays } = settings
  return { form: { id: row.id, version: row.version, kind, language, texts, askName, look, afterSeconds, restDays } }
}

/** The shop's form of a kind; made now if the shop has none yet. */
export async function formOfKind(app: Pick<App, 'db' | 'clock'>, shop: Shop, kind: 'popup' | 'inline'): Promise<Form | null> {
  const find = async (): Promise<Form | undefined> => (await app.db.select().from(forms).where(and(eq(forms.shopId, shop.id), eq(forms.id, formId(shop.id, kind)))))[0]
  const row = await find()
  if (row) return row
  await ensureForms(app, shop)
  return (await find()) ?? null
}

/** The words in the shopper's language, else in the shop's, else in English, else in whichever there is. */
export function textsIn(settings: FormSettings, wish: string, shopLocale: string): { language: string; texts: FormTexts } {
  const languages = Object.keys(settings.texts).toSorted()
  const fits = (locale: string): string | undefined => {
    const lower = locale.toLowerCase()
    return languages.find((l) => l.toLowerCase() === lower) ?? languages.find((l) => l.slice(0, 2) === lower.slice(0, 2))
  }
  const language = fits(wish) ?? fits(shopLocale) ?? fits('en') ?? languages[0]!
  return { language, texts: settings.texts[language]! }
}

async function formRow(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Form> {
  const [row] = await app.db.select().from(forms).where(and(eq(forms.shopId, shopId), eq(forms.id, id)))
  if (!row) throw notFound()
  return row
}

type Figures = Map<string, { signups: number; confirmed: number }>

/** People who sent a form in the last 30 days, and those of them who are through; counted from the ledger. */
async function figuresOf(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<Figures> {
  const rows = await app.db
    .select({
      formId: consentEntries.formId,
      signups: sql`count(distinct case when ${consentEntries.act} in ('requested', 'granted') then ${consentEntries.subscriberId} end)`.mapWith(Number),
      confirmed: sql`count(distinct case when ${consentEntries.state} = 'subscribed' then ${consentEntries.subscriberId} end)`.mapWith(Number),
    })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), sql`${consentEntries.formId} is not null`, gte(consentEntries.recordedAt, after(app.clock.now(), -30 * DAY)), eq(consentEntries.purpose, 'email_marketing')))
    .groupBy(consentEntries.formId)
  return new Map(rows.map((row) => [row.formId!, { signups: row.signups, confirmed: row.confirmed }]))
}

const viewOf = (row: Form, figures: Figures): FormView => ({
  id: row.id, kind: row.kind, name: row.name, status: row.status, settings: formSettings.parse(row.settings), version: row.version, updatedAt: row.updatedAt.toISOString(),
  ...(figures.get(row.id) ?? { signups: 0, confirmed: 0 }),
})
