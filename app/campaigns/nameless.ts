import type { MailCheck } from '../templates/contract.ts'
import { chosen, fillValue, type MergePerson, type MergeShop } from '../templates/merge.ts'
import { isChoice, parseText, type Part } from '../templates/structure.ts'
import type { ValuePath } from '../templates/tags.ts'

type Name = 'first' | 'last'
const paths: Record<Name, ValuePath> = { first: 'subscriber.first_name', last: 'subscriber.last_name' }
const nameless: MergePerson = { firstName: null, lastName: null, email: '' }
const mark = '\u0001'

/** The words around a name that a mail uses, as somebody without one reads them; null when it uses none. `empty`: nothing stands in its place. */
export function wordsWithout(name: Name, mail: { subject: string; preheader: string; text: string }, shop: MergeShop): { words: string; empty: boolean } | null {
  for (const template of [mail.subject, mail.text, mail.preheader]) {
    const line = marked(parseText(template).parts, paths[name], shop).split('\n').find((one) => one.includes(mark))
    if (line === undefined) continue
    const at = line.indexOf(mark)
    const from = Math.max(0, line.lastIndexOf(' ', Math.max(0, at - 30)) + 1)
    const words = line.slice(at > 40 ? from : 0).replaceAll(mark, '').replace(/\s*<?\[\[[a-z]+(?::\d+)?\]\]>?/g, '').replace(/[\s\u200b]+/g, ' ').trim()
    return { words: words.length > 60 ? `${words.slice(0, 58).trimEnd()}…` : words, empty: line.includes(mark + mark) }
  }
  return null
}

/** What the rehearsal says about people whose name a mail uses and nobody knows. */
export function namelessChecks(mail: { subject: string; preheader: string; text: string }, counts: Record<Name, number | null>, shop: MergeShop): MailCheck[] {
  return (['first', 'last'] as const).flatMap((name): MailCheck[] => {
    const count = counts[name] ?? 0
    const without = count > 0 ? wordsWithout(name, mail, shop) : null
    if (!without) return []
    const people = `${count.toLocaleString('en')} ${count === 1 ? 'person has' : 'people have'} no ${name} name`
    const message = without.empty
      ? `${people}, and nothing stands in its place: they read “${without.words}”. Write {{ ${paths[name]} | default: "there" }} to give them a word.`
      : `${people}; they read “${without.words}”.`
    return [{ level: without.empty ? 'hint' : 'ok', code: `no_${name}_name`, message, blockId: null }]
  })
}

function marked(parts: Part[], path: ValuePath, shop: MergeShop): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part
      if (isChoice(part)) return marked(chosen(part, nameless, shop), path, shop)
      const value = fillValue(part, nameless, shop, 'text')
      return part.path === path ? `${mark}${value}${mark}` : value
    })
    .join('')
}
