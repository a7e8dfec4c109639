import { and, asc, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { fields, importPieces } from '../db/schema.ts'
import { csvRecords } from '../lib/csv.ts'
import { isAddress } from '../mail/check.ts'
import { cellText, plainWords } from './cells.ts'
import type { ColumnTarget, ImportMapping } from './contract.ts'
import { recognise } from './systems.ts'

export interface FileFacts {
  fileName: string
  kind: 'people' | 'suppressions'
  headers: string[]
  separator: string
}

/** The first lines of a file that hold something, cell by cell; none once its content is gone. */
export async function firstLines(app: Pick<App, 'db'>, shopId: string, id: string, separator: string, most = 5): Promise<string[][]> {
  const [piece] = await app.db
    .select({ content: importPieces.content })
    .from(importPieces)
    .where(and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id), eq(importPieces.n, 0)))
  if (!piece) return []
  return csvRecords(piece.content, separator).filter((cells) => cells.some((cell) => cell.trim() !== '')).slice(0, most)
}

/** What each column of a file most likely is: by the system that wrote it, by its name, by what stands in it. */
export async function propose(app: Pick<App, 'db'>, shopId: string, id: string, file: FileFacts): Promise<{ recognised: string | null; mapping: ImportMapping }> {
  const own = await app.db.select({ id: fields.id, name: fields.name }).from(fields).where(eq(fields.shopId, shopId)).orderBy(asc(fields.createdAt), asc(fields.id))
  const lines = await firstLines(app, shopId, id, file.separator, 50)
  return proposal(file, lines, own)
}

/** The same, pure. */
export function proposal({ fileName, kind, headers }: Omit<FileFacts, 'separator'>, lines: string[][], own: { id: string; name: string }[]): { recognised: string | null; mapping: ImportMapping } {
  const system = recognise(headers, lines, fileName)
  const taken = new Set<string>()
  const columns = headers.map((header): ColumnTarget => {
    const words = plainWords(header)
    const target = system?.columns[words] ?? (system ? undefined : byWords.get(words))
    if (target && target !== 'ignore' && !taken.has(target)) {
      taken.add(target)
      return target
    }
    const field = own.find((one) => plainWords(one.name) === words && !taken.has(one.id))
    if (!field) return 'ignore'
    taken.add(field.id)
    return { fieldId: field.id }
  })
  if (!taken.has('email')) {
    const found = mostAddresses(headers.length, lines)
    if (found !== null) columns[found] = 'email'
  }
  const consent = system ? system.consent : kind === 'suppressions' ? 'unsubscribed' : taken.has('consent') ? 'record' : 'none'
  return { recognised: system?.name ?? null, mapping: { columns, tags: [], consent } }
}

/** The column in which most of the first lines have an address. */
function mostAddresses(columns: number, lines: string[][]): number | null {
  const found = Array.from({ length: columns }, (_, column) => lines.filter((cells) => isAddress(cellText(cells[column]))).length)
  const most = Math.max(0, ...found)
  return most > 0 ? found.indexOf(most) : null
}

/** Names of columns in English, German, French, Spanish, Italian and Dutch, as `plainWords` writes them. */
const words: [Exclude<ColumnTarget, object>, string][] = [
  ['email', 'email|e mail|mail|email address|e mail address|emailaddress|email adresse|e mail adresse|mailadresse|emailadresse|adresse e mail|adresse email|adresse mail|courriel|adresse electronique|correo|correo electronico|direccion de correo|direccion de correo electronico|direccion de email|indirizzo email|indirizzo e mail|posta elettronica|e mailadres|emailadres|mailadres'],
  ['first_name', 'first name|firstname|given name|fname|vorname|prenom|nombre|nombre de pila|nome|voornaam'],
  ['last_name', 'last name|lastname|surname|family name|lname|nachname|familienname|zuname|nom|nom de famille|apellido|apellidos|cognome|achternaam|familienaam'],
  ['full_name', 'name|full name|fullname|customer name|contact name|ganzer name|vollstandiger name|nom complet|nombre completo|nombre y apellidos|nome completo|nome e cognome|volledige naam|naam'],
  ['language', 'language|lang|locale|sprache|langue|idioma|lengua|lingua|taal'],
  ['country', 'country|country code|land|landercode|pays|code pays|pais|codigo de pais|paese|nazione|landcode'],
  ['tags', 'tags|tag|labels|label|schlagworte|schlagworter|stichworte|etiquettes|etiquetas|etichette|groups|gruppen'],
  ['consent', 'consent|status|subscription status|subscriber status|email status|email consent|email marketing|email marketing consent|email subscription status|accepts marketing|accepts email marketing|newsletter|subscribed|subscriber|opt in|optin|marketing|einwilligung|abonniert|newsletter abonniert|anmeldestatus|consentement|statut|abonne|inscrit|consentimiento|estado|suscrito|consenso|stato|iscritto|toestemming|ingeschreven|aangemeld'],
  ['consent_at', 'opt in date|optin date|opt in time|optin time|confirm time|confirmation time|confirmed at|subscribed at|subscription date|subscribe date|date subscribed|signup date|sign up date|signed up at|email opt in date|anmeldedatum|angemeldet am|eingetragen am|bestatigt am|date d inscription|date d abonnement|inscrit le|fecha de alta|fecha de suscripcion|data iscrizione|data di iscrizione|iscritto il|inschrijfdatum|aanmelddatum|ingeschreven op'],
  ['unsubscribed_at', 'unsubscribed at|unsubscribe date|unsubscription date|unsub time|opt out date|optout date|opt out time|optout time|email opt out date|date unsubscribed|abmeldedatum|abgemeldet am|date de desinscription|date de desabonnement|desinscrit le|fecha de baja|data disiscrizione|data di disiscrizione|uitschrijfdatum|uitgeschreven op|afgemeld op'],
  ['suppression_reason', 'reason|suppression reason|bounce reason|block reason|suppressed|email suppressions|grund|sperrgrund|raison|motif|motivo|reden'],
]
const byWords = new Map(words.flatMap(([target, names]) => names.split('|').map((name) => [name, target] as const)))
