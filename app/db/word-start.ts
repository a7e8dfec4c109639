import { sql, type SQL } from 'drizzle-orm'
import { isPostgres } from './columns.ts'

// People are found by how a word of their name or address begins. Each kind of word is an expression over the columns of a person, the same here for the
// indexes of the schema and for the queries, because an index is only used for exactly its expression. (drizzle-kit cuts expressions at their commas when it
// writes SQLite's migrations: look at what it made, and put them together by hand.)

const at = isPostgres ? "strpos(email_key, '@')" : "instr(email_key, '@')"
const dotted = "replace(replace(email_key, '_', '.'), '-', '.')"
const dot = isPostgres ? `strpos(${dotted}, '.')` : `instr(${dotted}, '.')`
/** The last word of a name of several: what is left without everything up to the last space. */
const lastWord = (name: string): string => `case when ${name} like '% %' then lower(replace(${name}, rtrim(${name}, replace(${name}, ' ', '')), '')) end`

/** What the words are taken from; null where there is none. */
export const words = {
  address: 'email_key',
  domain: `substr(email_key, ${at} + 1)`,
  /** 'ada.lovelace@example.com': 'lovelace@example.com' */
  secondPart: `case when ${dot} > 0 and ${dot} < ${at} then substr(${dotted}, ${dot} + 1) end`,
  firstName: 'lower(first_name)',
  firstNameEnd: lastWord('first_name'),
  lastName: 'lower(last_name)',
  lastNameEnd: lastWord('last_name'),
} as const
export type Word = keyof typeof words

/** For the schema: a column of an index that is asked for beginnings. PostgreSQL wants to be told that letters are compared one by one. */
export function wordColumn(word: Word): SQL {
  const of = words[word]
  if (!isPostgres) return sql.raw(of)
  return sql.raw(`${/^\w+$/.test(of) ? of : `(${of})`} text_pattern_ops`)
}
/** For the schema: whom the index holds, where many have no such word. Both databases know that what begins somehow is not null, so queries need not say it. */
export const wordWhere = (word: Word): SQL => sql.raw(`(${words[word]}) is not null`)

/** For queries over `subscribers` alone: the people of whom this word begins so, by its index. */
export function wordStarts(word: Word, beginning: string): SQL {
  const of = sql.raw(`(${words[word]})`)
  const [from, before] = isPostgres ? ['~>=~', '~<~'] : ['>=', '<']
  return sql`${of} ${sql.raw(from)} ${beginning} and ${of} ${sql.raw(before)} ${`${beginning}\u{10ffff}`}`
}

/** What people are sorted by for filters, in one text: country, language, consent, source, whether they ordered. One index serves all of them (subscribers/facets.ts). */
const sortedBy = "coalesce(country, '') || '|' || coalesce(locale, '') || '|' || coalesce(consent_state, '') || ':' || coalesce(consent_basis, '') || '|' || source || '|' || case when orders_count > 0 then '1' else '0' end"
export const facet = sql.raw(sortedBy) as SQL<string>
/** For the schema. */
export const facetColumn: SQL = sql.raw(isPostgres ? `(${sortedBy})` : sortedBy)
