import { condition, type Condition } from '../../app/segments/contract.ts'

export type Kind = Condition['kind']

/** How each kind begins, in the words of the sentence. */
export const kindWords: Record<Kind, string> = {
  bought: 'bought', opened: 'opened a mail', clicked: 'clicked in a mail', country: 'lives in', tag: 'has the tag', orders_count: 'ordered', total_spent: 'spent',
}

export function newCondition(kind: Kind): Condition {
  switch (kind) {
    case 'bought':
    case 'opened':
    case 'clicked':
      return { kind, did: true, days: 90 }
    case 'country':
      return { kind, is: true, countries: [] }
    case 'tag':
      return { kind, has: true, tag: '' }
    case 'orders_count':
      return { kind, op: 'at_least', value: 2 }
    case 'total_spent':
      return { kind, op: 'at_least', value: 0 }
  }
}

/** What is wrong with a condition, in the words of the shape that the server checks; null when nothing is. */
export function faultOf(one: Condition): string | null {
  const read = condition.safeParse(one)
  return read.success ? null : (read.error.issues[0]?.message ?? 'is not complete')
}

/** Two-letter codes of all countries that the browser can name. */
export function allCountries(): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
  // Codes that name groups or are kept free, not places where people live.
  const not = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'CQ', 'DG', 'EA', 'IC', 'TA', 'UK', 'AN', 'BU', 'CS', 'DD', 'FX', 'NT', 'SU', 'TP', 'YD', 'YU', 'ZR', 'DY', 'HV', 'NH', 'RH', 'VD', 'SF', 'QU', 'JT', 'MI', 'WK', 'PU', 'PZ', 'PC', 'FQ', 'NQ', 'CT', 'BV', 'HM', 'AQ'])
  return letters
    .flatMap((a) => letters.map((b) => a + b))
    .flatMap((code) => {
      const name = not.has(code) ? undefined : names.of(code)
      return name && name !== code ? [{ code, name }] : []
    })
    .toSorted((a, b) => a.name.localeCompare(b.name))
}
