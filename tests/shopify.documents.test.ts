import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildClientSchema, getNamedType, NoDeprecatedCustomRule, parse, specifiedRules, TypeInfo, validate, visit, visitWithTypeInfo, type IntrospectionQuery } from 'graphql'
import { expect, test } from 'vitest'
import { apiVersion } from '../app/platforms/shopify/api.ts'
import * as documents from '../app/platforms/shopify/documents.ts'
import { handledTopics } from '../app/platforms/shopify/translate.ts'
import { readAppConfig } from '../simulator/app-config.ts'

interface Raw {
  data: IntrospectionQuery
  offline_scopes: { items: { type: 'type' | 'field'; typeName: string; fieldName?: string; offlineScopes: string[] }[] }
}
const raw = JSON.parse(gunzipSync(readFileSync(new URL('../simulator/schema/admin_2026-10.json.gz', import.meta.url))).toString()) as Raw
const schema = buildClientSchema(raw.data, { assumeValid: true })
const config = readAppConfig()
const { bulkDocuments, ...plain } = documents
const all = Object.entries({ ...plain, ...Object.fromEntries(Object.entries(bulkDocuments).map(([kind, text]) => [`bulk ${kind}`, text])) })

test.each(all)('%s is valid in the version that we ask for and uses nothing deprecated', (_, text) => {
  expect(validate(schema, parse(text), [...specifiedRules, NoDeprecatedCustomRule]).map((fault) => fault.message)).toEqual([])
})

test('there are documents, and the check would find a fault', () => {
  expect(all.length).toBeGreaterThan(10)
  expect(validate(schema, parse('{ shop { nope } }')).length).toBe(1)
  expect(validate(schema, parse('{ shop { billingAddress { city } } }'), [NoDeprecatedCustomRule]).length).toBe(1)
})

test('every field that a document reads is covered by the scopes that every store grants', () => {
  const granted = new Set(config.requiredScopes.flatMap((scope) => [scope, scope.replace(/^write_/, 'read_')]))
  const needed = new Map(raw.offline_scopes.items.filter((item) => item.offlineScopes.length > 0).map((item) => [item.type === 'type' ? item.typeName : `${item.typeName}.${item.fieldName}`, item.offlineScopes]))
  const missing = new Set<string>()
  const info = new TypeInfo(schema)
  for (const [, text] of all)
    visit(parse(text), visitWithTypeInfo(info, {
      Field() {
        const type = info.getType()
        const places = [`${info.getParentType()?.name}.${info.getFieldDef()?.name}`, type ? getNamedType(type).name : '']
        for (const place of places) if (needed.has(place) && !needed.get(place)!.some((scope) => granted.has(scope))) missing.add(`${place}: ${needed.get(place)!.join(' or ')}`)
      },
    }))
  expect([...missing]).toEqual([])
})

test('bulk documents keep the platform’s rules: edges and node only, parents with their id', () => {
  for (const text of Object.values(bulkDocuments)) {
    expect(text).not.toMatch(/\bnodes\b|\bpageInfo\b/)
    expect([...text.matchAll(/node \{ (\w+)/g)].every((match) => match[1] === 'id')).toBe(true)
    expect([...text.matchAll(/edges/g)].length).toBeLessThanOrEqual(5)
  }
})

test('we subscribe to exactly the topics that we understand, and the platform has them all', () => {
  const subscribed = config.subscriptions.map((one) => one.topic)
  expect(subscribed.toSorted()).toEqual(handledTopics.toSorted())
  const known = new Set(raw.data.__schema.types.flatMap((type) => (type.name === 'WebhookSubscriptionTopic' && type.kind === 'ENUM' ? type.enumValues.map((value) => value.name) : [])))
  const compliance = ['customers/data_request', 'customers/redact', 'shop/redact']
  for (const topic of subscribed) if (!compliance.includes(topic)) expect(known).toContain(topic.replace(/[/.]/g, '_').toUpperCase())
})

test('the version of the webhooks is the one in code', () => {
  expect(config.apiVersion).toBe(apiVersion)
})
