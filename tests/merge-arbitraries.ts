import fc from 'fast-check'
import type { MergePerson } from '../app/templates/merge.ts'
import { mergePaths } from '../app/templates/merge.ts'

// Random templates of what mails may use of Liquid, and random people.

const literal = fc.string({ maxLength: 12 }).map((s) => s.replace(/["'\\{}<>[\]|%\r\n]/g, ''))
const filter = fc.oneof(fc.constantFrom('capitalize', 'upcase', 'downcase'), literal.map((s) => `default: "${s}"`), literal.map((s) => `default: '${s}'`))
const gap = fc.constantFrom('', ' ', '  ')
export const valueTag = fc.tuple(fc.constantFrom(...mergePaths), fc.array(filter, { maxLength: 3 }), gap).map(([path, filters, space]) => `{{${space}${[path, ...filters].join(`${space}|${space} `)}${space}}}`)
export const plainWords = fc.string({ maxLength: 20 }).map((s) => s.replace(/[{}[\]]/g, ''))

const names = ['Ada', 'Grace', 'O’Neil', 'Åsa'] as const
const quoted = fc.oneof(fc.constantFrom(...names), literal.filter((s) => s !== '')).chain((s) => fc.constantFrom(`"${s}"`, `'${s}'`))
const clause = fc.oneof(
  fc.constantFrom('subscriber.first_name', 'subscriber.last_name', 'subscriber.country', 'subscriber.language'),
  fc.tuple(fc.constantFrom('subscriber.first_name', 'subscriber.last_name', 'subscriber.email'), fc.constantFrom('==', '!=', 'contains'), quoted).map((words) => words.join(' ')),
  fc.tuple(fc.constantFrom('subscriber.first_name', 'subscriber.last_name', 'subscriber.email'), fc.constantFrom('"da"', '"A"', '"a"', '"@"', '"Neil"')).map((words) => words.join(' contains ')),
  fc.tuple(fc.constantFrom('subscriber.first_name', 'subscriber.last_name', 'subscriber.country'), fc.constantFrom('==', '!='), fc.constantFrom('blank', 'nil')).map((words) => words.join(' ')),
  fc.tuple(fc.constant('subscriber.country'), fc.constantFrom('==', '!=', ' == '), fc.constantFrom('"DE"', '"US"')).map((words) => words.join('')),
  fc.tuple(fc.constant('subscriber.language'), fc.constantFrom('==', '!='), fc.constantFrom('"de"', '"fr"')).map((words) => words.join(' ')),
  fc.tuple(fc.constantFrom('subscriber.orders_count', 'subscriber.total_spent'), fc.constantFrom('>', '<', '>=', '<=', '==', '!='), fc.constantFrom('0', '1', '2', '19.9', '100')).map((words) => words.join(' ')),
)
export const condition = fc.tuple(fc.array(clause, { minLength: 1, maxLength: 3 }), fc.constantFrom(' and ', ' or ')).map(([clauses, join]) => clauses.join(join))

/** Words, values and conditions in one another. */
export const { template } = fc.letrec<{ template: string; choice: string }>((tie) => ({
  template: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true, maxDepth: 3, depthIdentifier: 'choices' }, plainWords, valueTag, tie('choice')), { maxLength: 6 }).map((parts) => parts.join('')),
  choice: fc.oneof(
    fc.tuple(condition, tie('template'), fc.array(fc.tuple(condition, tie('template')), { maxLength: 2 }), fc.option(tie('template'))).map(
      ([first, then, others, otherwise]) =>
        `{% if ${first} %}${then}${others.map(([when, words]) => `{% elsif ${when} %}${words}`).join('')}${otherwise === null ? '' : `{% else %}${otherwise}`}{% endif %}`,
    ),
    fc.tuple(condition, tie('template'), fc.option(tie('template'))).map(([when, then, otherwise]) => `{%unless ${when}%}${then}${otherwise === null ? '' : `{%else%}${otherwise}`}{%  endunless %}`),
    fc.tuple(fc.constantFrom('', ' '), tie('template'), tie('template'), fc.option(tie('template'))).map(
      ([space, one, two, otherwise]) => `{% case subscriber.country %}${space}{% when "DE", "AT" %}${one}{% when 'US' or "CA" %}${two}${otherwise === null ? '' : `{% else %}${otherwise}`}{% endcase %}`,
    ),
  ),
}))

// Brackets and control characters of values are made harmless beyond what Liquid does; that has its own tests.
const value = fc.option(fc.oneof(fc.string({ maxLength: 15 }), fc.constantFrom('', ' ', 'ßtraße', "O'Neil & <b>", ...names)).map((s) => s.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029[{]/g, ''))) // eslint-disable-line no-control-regex
export const person: fc.Arbitrary<MergePerson> = fc.record({
  firstName: value,
  lastName: value,
  email: fc.constantFrom('a"b@example.com', 'ada@example.com'),
  store: fc.record({ country: fc.constantFrom(null, 'DE', 'AT', 'US', 'FR'), locale: fc.constantFrom(null, 'de-AT', 'fr', 'EN_us'), ordersCount: fc.constantFrom(0, 1, 2, 3), totalSpent: fc.constantFrom(0, 100, 1990, 1991, 10_000) }),
})

/** The same person as LiquidJS is told; nothing and no letters are one. */
export const contextOf = ({ firstName, lastName, email, store }: MergePerson): Record<string, unknown> => ({
  first_name: firstName || null, last_name: lastName || null, email, country: store?.country ?? null, language: store?.locale?.slice(0, 2).toLowerCase() ?? null, orders_count: store?.ordersCount ?? 0,
  total_spent: (store?.totalSpent ?? 0) / 100,
})
