import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { historiesOf, recordConsent } from '../consent/record.ts'
import { standingOf } from '../consent/mailable.ts'
import { askForWriteBack } from '../consent/write-back.ts'
import { languageOf } from '../consent/words.ts'
import { forms, formVersions, suppressions } from '../db/schema.ts'
import { queueSingle } from '../deliveries/queue-single.ts'
import { confirmationFault } from '../domains/may-send.ts'
import { appendEvents } from '../events/append.ts'
import { addressHash } from '../lib/crypto.ts'
import { newId } from '../lib/ids.ts'
import { signLink } from '../lib/tokens.ts'
import { isAddress } from '../mail/check.ts'
import { getSettings, type Shop, type ShopSettings } from '../shops/shops.ts'
import { findByEmail } from '../subscribers/find.ts'
import { upsertSubscribers } from '../subscribers/upsert.ts'
import { formSettings, type FormSettings, type SignupInput, type SignupReply } from './contract.ts'
import { confirmationMail } from './confirmation-mail.ts'
import { formOfKind, textsIn, type Form } from './forms.ts'
import { forgetOldTurns, mailboxKey, mailboxLimits, networkKey, networkLimits, takeTurn } from './limits.ts'

/** Faster than this after the form was shown (milliseconds) nobody types an address. */
const tooFast = 500

/**
 * A shopper sent a form. New, known, subscribed and blocked addresses get the same answer, so that nobody learns from it who
 * is a customer. Nothing is stored for machines; nobody gets more than one confirmation a day, whoever asks. What is stored is
 * stored in one transaction: person, ledger, event, confirmation mail, and the job that tells the store.
 */
export async function signUp(app: App, shop: Shop, input: SignupInput, ip: string): Promise<SignupReply> {
  const words = replies[languageOf(input.language, shop.locale)]
  const form = await wantedForm(app, shop, input.formId)
  const settings = await getSettings(app, shop.id)
  if (!form || form.status !== 'on' || shop.status === 'uninstalled') return { ok: false, message: words.closed }
  if (!settings.senderEmail || !settings.senderName) return { ok: false, message: words.closed }
  if (await confirmationFault(app, settings)) return { ok: false, message: words.closed } // another shop's domain
  if (!isAddress(input.email)) return { ok: false, message: words.badEmail, fields: { email: words.badEmail } }
  const shown = await shownForm(app, form, input, shop)
  const welcome: SignupReply = { ok: true, message: settings.doubleOptIn ? shown.success || words.pressButton : words.onTheList }
  if (input.website !== '' || (input.elapsed !== undefined && input.elapsed < tooFast)) return welcome
  if (!(await takeTurn(app, shop.id, networkKey(app, shop.id, ip), networkLimits))) return { ok: false, message: words.later }
  await app.db.transaction(() => store(app, shop, settings, form, shown, input))
  return welcome
}

interface Shown {
  /** The published words. */
  wording: string
  /** The theme's own words, as the request says; null when it names a published version. */
  told: string | null
  wordingVersion: string
  tracking: string
  language: string
  success: string
  hash: string | null
}

async function store(app: App, shop: Shop, settings: ShopSettings, form: Form, shown: Shown, input: SignupInput): Promise<void> {
  await forgetOldTurns(app, shop.id)
  const blocks = await blocksOf(app, shop.id, input.email)
  const forgotten = blocks.has('erased')
  if (blocks.size > (forgotten ? 1 : 0)) return
  const known = await findByEmail(app, shop.id, input.email)
  if (known && (await standingOf(app, shop.id, [known.id])).get(known.id) === null) return // on the list already
  const saidNo = known !== null && (await lastSaid(app, shop.id, known.id)) === 'unsubscribed'
  // Anybody can type an address into a form. Where its owner said "no" or "forget me" before, the mailbox itself must say "yes".
  const prove = settings.doubleOptIn || saidNo || forgotten
  if (prove && !(await takeTurn(app, shop.id, mailboxKey(app, shop.id, input.email), mailboxLimits))) return
  const subscriberId = known?.id ?? (await addPerson(app, shop, shown, input))
  const now = app.clock.now()
  const requestId = newId(now)
  const same = {
    subscriberId, method: 'form' as const, source: `${form.kind === 'popup' ? 'Pop-up' : 'Form'} "${form.name}"`, wordingVersion: shown.wordingVersion, language: shown.language, page: pageOf(input.page),
    messageId: requestId, formId: form.id, occurredAt: now,
    evidence: {
      formVersion: input.version,
      formHash: shown.hash,
      ...(input.gpc ? { gpc: true } : {}),
      ...(prove ? { address: addressHash(app.settings.keys, shop.id, known?.email ?? input.email) } : {}), // the mailbox that the mail goes to: its confirmation proves no other
      ...(shown.told ? { wordingAsSent: shown.told } : {}),
    },
    ...(prove ? { act: 'requested' as const, basis: 'none' as const } : { act: 'granted' as const, basis: 'express_single' as const }),
  }
  await recordConsent(app, shop.id, [
    // Words that came along with the request are anybody's: they are kept as such. What goes into a mail, and is agreed to by its button, are ours.
    { ...same, purpose: 'email_marketing', ...(prove || !shown.told ? { wording: shown.wording } : { wording: shown.told, wordingVersion: 'theme' }) },
    ...(input.tracking && !input.gpc && settings.tracking !== 'off' && shown.tracking ? [{ ...same, purpose: 'tracking' as const, wording: shown.tracking }] : []),
    ...(input.gpc && !known ? [{ ...same, purpose: 'tracking' as const, act: 'withdrawn' as const, basis: 'none' as const, wording: null }] : []),
  ])
  await appendEvents(app, shop.id, [{ kind: 'signed_up', subscriberId, detail: { formId: form.id }, at: now, dedupeKey: `signed_up:${requestId}` }])
  if (prove) {
    const url = `${app.url}/confirm/${signLink(app.settings.keys, 'confirm', { shopId: shop.id, messageId: requestId, subscriberId })}`
    const mail = confirmationMail({ shop, brand: settings.brand, language: shown.language, url, wording: shown.wording })
    await queueSingle(app, shop.id, { kind: 'confirmation', ...mail, to: { subscriberId, email: known?.email ?? input.email } })
  }
  // A "no" in the store stays until the person themselves has confirmed, and who was forgotten is not named there before.
  if (!saidNo && !forgotten) await askForWriteBack(app, shop.id, subscriberId)
}

/** Where a person stood before any sign-up that still waits for its confirmation. */
async function lastSaid(app: App, shopId: string, subscriberId: string): Promise<string | undefined> {
  const history = (await historiesOf(app, shopId, [subscriberId])).get(`${subscriberId} email_marketing`) ?? []
  return history.find((entry) => entry.state !== 'pending')?.state
}

/** Only a new person is filled in from the form: a stranger must not rename somebody whom the shop knows. */
async function addPerson(app: App, shop: Shop, shown: Shown, input: SignupInput): Promise<string> {
  const ids = await upsertSubscribers(app, shop.id, [{ email: input.email, firstName: input.firstName || null, locale: shown.language, source: 'form' }])
  return ids.values().next().value!
}

/** By its id, or by its kind where a theme knows nothing else. */
async function wantedForm(app: App, shop: Shop, id: string): Promise<Form | null> {
  if (id === 'inline' || id === 'popup') return formOfKind(app, shop, id)
  const [row] = await app.db.select().from(forms).where(and(eq(forms.shopId, shop.id), eq(forms.id, id)))
  return row ?? null
}

/** The words that stood before the shopper: of the published version they saw, or the theme's own, which come with the form. */
async function shownForm(app: App, form: Form, input: SignupInput, shop: Shop): Promise<Shown> {
  const [version] = await app.db.select().from(formVersions).where(and(eq(formVersions.shopId, shop.id), eq(formVersions.formId, form.id), eq(formVersions.version, input.version)))
  const settings: FormSettings = formSettings.parse(version?.settings ?? form.settings)
  const { language, texts } = textsIn(settings, input.language, shop.locale)
  return version
    ? { wording: texts.consent, told: null, wordingVersion: `${form.kind} v${version.version}`, tracking: texts.tracking, language, success: texts.success, hash: version.hash }
    : { wording: texts.consent, told: input.wording || null, wordingVersion: `${form.kind} v${form.version}`, tracking: texts.tracking, language, success: texts.success, hash: null }
}

/** What stands against an address: one that bounced, complained or is on the shop's blocked list is not written to and not stored. Who asked to be forgotten may come back. */
async function blocksOf(app: App, shopId: string, email: string): Promise<Set<string>> {
  const rows = await app.db
    .select({ reason: suppressions.reason })
    .from(suppressions)
    .where(and(eq(suppressions.shopId, shopId), eq(suppressions.addressHash, addressHash(app.settings.keys, shopId, email))))
  return new Set(rows.map((row) => row.reason))
}

/** Where the form stood, without what may follow the path: queries hold things that are nobody's business. */
const pageOf = (page: string): string | null => page.split(/[?#]/)[0]!.slice(0, 500) || null

export const replies = {
  en: {
    badEmail: 'This does not look like an e-mail address.',
    closed: 'Signing up is not possible right now. Please try again later.',
    later: 'Many people are signing up from your network right now. Please try again in a few minutes.',
    pressButton: 'Nearly there: press the button in the mail that we sent you.',
    onTheList: 'Thank you, you are on the list.',
    back: 'Back to the shop',
    failed: 'Please check what you entered.',
  },
  de: {
    badEmail: 'Das sieht nicht wie eine E-Mail-Adresse aus.',
    closed: 'Die Anmeldung ist gerade nicht möglich. Bitte versuchen Sie es später noch einmal.',
    later: 'Gerade melden sich viele Menschen aus Ihrem Netz an. Bitte versuchen Sie es in ein paar Minuten noch einmal.',
    pressButton: 'Fast geschafft: Drücken Sie den Knopf in der E-Mail, die wir Ihnen geschickt haben.',
    onTheList: 'Vielen Dank, Sie sind dabei.',
    back: 'Zurück zum Shop',
    failed: 'Bitte prüfen Sie Ihre Eingaben.',
  },
  fr: {
    badEmail: 'Cela ne ressemble pas à une adresse e-mail.',
    closed: 'L’inscription n’est pas possible pour le moment. Veuillez réessayer plus tard.',
    later: 'Beaucoup de personnes s’inscrivent depuis votre réseau en ce moment. Veuillez réessayer dans quelques minutes.',
    pressButton: 'Presque terminé : appuyez sur le bouton de l’e-mail que nous vous avons envoyé.',
    onTheList: 'Merci, vous êtes inscrit(e).',
    back: 'Retour à la boutique',
    failed: 'Veuillez vérifier votre saisie.',
  },
}
