import { z } from 'zod'

// The rules for `{% schema %}` of a block in a theme app extension, which the linter does not look at.

const id = z.string().regex(/^[a-z][a-z0-9_]*$/, 'ids are lower case words with underscores')
const shared = { id, label: z.string().min(1), info: z.string().optional() }
const setting = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), content: z.string().min(1), info: z.string().optional() }),
  z.strictObject({ type: z.literal('paragraph'), content: z.string().min(1) }),
  z.strictObject({ type: z.literal('checkbox'), ...shared, default: z.boolean().optional() }),
  z.strictObject({ type: z.enum(['text', 'textarea']), ...shared, placeholder: z.string().optional(), default: z.string().min(1, 'an empty default is refused').optional() }),
  z.strictObject({ type: z.enum(['color', 'color_background']), ...shared, default: z.string().regex(/^#[0-9a-f]{3,8}$/i).optional() }),
  z.strictObject({ type: z.enum(['url', 'image_picker', 'product', 'collection', 'page']), ...shared }),
  z
    .strictObject({ type: z.literal('number'), ...shared, placeholder: z.string().optional(), default: z.number().optional() }),
  z
    .strictObject({
      type: z.literal('range'), ...shared, min: z.number(), max: z.number(), step: z.number().positive().default(1), unit: z.string().max(3).optional(), default: z.number(),
    })
    .refine((range) => range.default >= range.min && range.default <= range.max, 'the default is out of range')
    .refine((range) => Number.isInteger((range.default - range.min) / range.step), 'the default is not on a step')
    .refine((range) => { const steps = (range.max - range.min) / range.step; return steps >= 2 && steps <= 100 }, 'a range has 3 to 101 steps'),
  z
    .strictObject({
      type: z.enum(['select', 'radio']), ...shared, default: z.string().optional(),
      options: z.array(z.strictObject({ value: z.string().min(1), label: z.string().min(1), group: z.string().optional() })).min(1),
    })
    .refine((choice) => choice.default === undefined || choice.options.some((option) => option.value === choice.default), 'the default is not among the options')
    .refine((choice) => new Set(choice.options.map((option) => option.value)).size === choice.options.length, 'an option appears twice'),
])

const places = z.strictObject({ templates: z.array(z.string()).optional(), groups: z.array(z.string()).optional() })

/** A block's schema after its `t:` words were looked up. */
export const blockSchema = z
  .strictObject({
    name: z.string().min(1).max(25, 'at most 25 characters').refine((name) => !/homing/i.test(name), 'without the app’s name'),
    target: z.enum(['section', 'head', 'compliance_head', 'body']),
    javascript: z.string().regex(/^[\w.-]+\.js$/).optional(),
    stylesheet: z.string().regex(/^[\w.-]+\.css$/).optional(),
    enabled_on: places.optional(),
    disabled_on: places.optional(),
    class: z.string().optional(),
    tag: z.string().optional(),
    available_if: z.string().regex(/^\{\{ app\.metafields\.\w+\.\w+ \}\}$/).optional(),
    settings: z.array(setting).default([]),
    default: z.unknown().optional(),
  })
  .refine((block) => !(block.enabled_on && block.disabled_on), 'enabled_on and disabled_on exclude each other')
  .superRefine((block, context) => {
    const seen = new Set<string>()
    for (const [index, { ...entry }] of block.settings.entries()) {
      if (!('id' in entry)) continue
      if (seen.has(entry.id)) context.addIssue({ code: 'custom', path: ['settings', index, 'id'], message: `the id ${entry.id} appears twice` })
      seen.add(entry.id)
    }
  })

/** The JSON between `{% schema %}` and `{% endschema %}`; null when there is none. Throws when it is not JSON (comments are not allowed). */
export function schemaOf(liquid: string): unknown {
  const found = /\{%-?\s*schema\s*-?%\}([\s\S]*?)\{%-?\s*endschema\s*-?%\}/.exec(liquid)
  return found ? JSON.parse(found[1]!) : null
}

/** Replaces `t:a.b` by the words of the editor's locale file; an unknown key becomes an empty text, which the rules refuse. */
export function resolveTranslations(value: unknown, words: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('t:')) {
    const found = value.slice(2).split('.').reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined), words)
    return typeof found === 'string' ? found : ''
  }
  if (Array.isArray(value)) return value.map((part) => resolveTranslations(part, words))
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolveTranslations(part, words)]))
  return value
}
