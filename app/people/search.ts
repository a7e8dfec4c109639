import { sql, type SQL } from 'drizzle-orm'
import { words, wordStarts, type Word } from '../db/word-start.ts'

/** What is looked for, word by word; all of them must be found. Beyond six words nobody is told apart any more. */
export function termsOf(search: string): string[] {
  return [...new Set(search.toLowerCase().split(/\s+/).filter((term) => /[^@]/.test(term)))].slice(0, 6)
}

/**
 * True for people of whom a word begins so: address, its part behind the first dot, domain, first and last word of either name. A term that
 * begins with @ is looked for in domains only. Written so that no index is used for it: which one is used is decided in page.ts.
 */
export const fitsTerm = (term: string): SQL =>
  sql`(case when ${mayFit(term)}(${sql.join(lookups(term).map(({ word, beginning }) => sql`(${wordStarts(word, beginning)})`), sql` or `)}) then 1 else 0 end) = 1`

/** Most people do not have the letters anywhere, which is seen a few times sooner than how all their words begin. */
const mayFit = (term: string): SQL =>
  /^[a-z0-9]+$/.test(term) ? sql`(email_key || ' ' || lower(coalesce(first_name, '')) || ' ' || lower(coalesce(last_name, ''))) like ${`%${term}%`} and ` : sql``

/** The ids of the same people, each from the index of one kind of word, one after the other; with those that come twice. */
export function idsOfTerm(shopId: string, term: string, before: string | null): SQL {
  const older = before === null ? sql`` : sql` and id < ${before}`
  return sql.join(lookups(term).map(({ word, beginning }) => sql`select id from subscribers where shop_id = ${shopId} and ${wordStarts(word, beginning)}${older}`), sql` union all `)
}

const kinds = Object.keys(words) as Word[]

function lookups(term: string): { word: Word; beginning: string }[] {
  if (term.startsWith('@')) return [{ word: 'domain', beginning: term.slice(1) }]
  return kinds.flatMap((word) => (/name/i.test(word) ? spellings(term) : [term]).map((beginning) => ({ word, beginning })))
}

/** Databases lower the letters of names, some of them only a to z: of other letters both sizes are looked for. */
function spellings(term: string): string[] {
  let all = ['']
  for (const letter of term) {
    const big = letter.toUpperCase()
    const both = letter < '\u0080' || big === letter ? [letter] : [letter, big]
    all = all.flatMap((start) => both.map((one) => start + one))
    if (all.length > 8) return [term, term.slice(0, 1).toUpperCase() + term.slice(1)]
  }
  return all
}
