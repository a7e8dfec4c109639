import fc from 'fast-check'
import { Liquid } from 'liquidjs'
import { describe, expect, it } from 'vitest'
import { fill, mergeFaults, personalise } from '../app/templates/merge.ts'
import { contextOf, person, template } from './merge-arbitraries.ts'

const shop = { name: 'Fern & Fig', url: 'https://fern-and-fig.example' }
const ada = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' }
const nobody = { firstName: null, lastName: null, email: 'x@example.com' }

describe('merge tags', () => {
  it('fill in the six values, with a fallback where there is none', () => {
    const words = 'Hi {{ subscriber.first_name | default: "there" }} {{subscriber.last_name}} <{{ subscriber.email }}> from {{ shop.name }} {{ shop.url }}'
    expect(fill(words, ada, shop, 'text')).toBe('Hi Ada Lovelace <ada@example.com> from Fern & Fig https://fern-and-fig.example')
    expect(fill(words, nobody, shop, 'text')).toBe('Hi there  <x@example.com> from Fern & Fig https://fern-and-fig.example')
  })

  it('give what LiquidJS gives, for any template of the subset and any person', () => {
    const plain = new Liquid()
    const escaping = new Liquid({ outputEscape: 'escape' })
    fc.assert(
      fc.property(template, person, (source, who) => {
        const context = { subscriber: contextOf(who), shop }
        expect(fill(source, who, shop, 'text')).toBe(plain.parseAndRenderSync(source, context))
        expect(fill(source, who, shop, 'html')).toBe(escaping.parseAndRenderSync(source, context))
        expect(mergeFaults(source)).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('treat the escape filter as said already: values are escaped once, for the place where they land', () => {
    expect(fill('{{ shop.name | escape }}', ada, shop, 'html')).toBe('Fern &amp; Fig')
    expect(fill('{{ shop.name | escape }}', ada, shop, 'text')).toBe('Fern & Fig')
  })

  it.each([
    '{{ subscriber.firstname }}', '{{ subscriber }}', '{{ constructor }}', '{{ subscriber.__proto__ }}', '{{ subscriber.first_name | strip }}', '{{ subscriber.first_name | default: shop.name }}',
    '{{ subscriber.first_name | default: "a\\"b" }}', '{% if x %}', '{{ unsubscribe_url }}', '{{ subscriber.first_name', '{{- shop.name -}}', '{{ subscriber.first_name | default: "[[footer]]" }}',
    '{{ "x" | append: "y" }}', '{% assign x = 1 %}', '{{ shop["name"] }}', '{{ subscriber.first_name default: "x" }}', '{{}}', '{%',
  ])('that are not of the subset are named and stay as they were written: %s', (tag) => {
    const faults = mergeFaults(`Hello ${tag}`)
    expect(faults).toHaveLength(1)
    expect(faults[0]!.message.length).toBeGreaterThan(20)
    expect(fill(`Hello ${tag}`, ada, shop, 'text')).toBe(`Hello ${tag}`)
  })

  it('cannot be broken out of by a name', () => {
    const villain = { firstName: '<script>alert(1)</script>"[[footer]]', lastName: '{{ subscriber.email }}[[link:1]]', email: 'v@example.com' }
    const mail = personalise({ subject: 'A\r\nBcc: x@example.com {{ subscriber.first_name }}', preheader: '', html: '<p title="{{ subscriber.first_name }}">{{ subscriber.last_name }}</p>', text: '{{ subscriber.last_name }}' }, { ...villain, firstName: `${villain.firstName}\r\nBcc: y@example.com` }, shop)
    expect(mail.html).not.toMatch(/<script|\[\[|\{\{|v@example/)
    expect(mail.html.match(/"/g)).toHaveLength(2)
    expect(mail.subject).not.toMatch(/[\r\n]/)
    expect(mail.text).toBe('{ { subscriber.email }}[ [link:1]]')
    expect(personalise({ subject: '{{ subscriber.first_name }}', preheader: '', html: '', text: '{{ subscriber.first_name }}' }, { ...villain, firstName: '<i>&' }, shop)).toMatchObject({ subject: '<i>&', text: '<i>&' })
  })

  it('are read in linear time, whatever stands there', () => {
    for (const piece of ['{{', '{%', '{{ x |', '{{ subscriber.first_name | default: "', '}}', '{% % ']) {
      const source = piece.repeat(60_000 / piece.length)
      const begun = performance.now()
      fill(source, ada, shop, 'html')
      expect(performance.now() - begun).toBeLessThan(1500)
    }
  })
})
