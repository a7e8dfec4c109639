import { z } from 'zod'

const id = z.string().min(1).max(40)
const align = z.enum(['left', 'center', 'right'])
const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'a colour such as #1f5132')
const webUrl = z.string().max(2000).refine((v) => v === '' || /^https?:\/\/[^\s]+$/i.test(v) || /^mailto:[^\s]+$/i.test(v), 'must begin with https://, http:// or mailto:')

/** A product as it stood when it was picked; the server refreshes it from the catalogue when it renders. */
export const productPick = z.object({ productId: z.string(), title: z.string(), imageUrl: z.string().nullable(), price: z.string(), compareAt: z.string().nullable(), url: z.string() })
export type ProductPick = z.infer<typeof productPick>

/** Blocks of a mail. Text may hold merge tags ({{ subscriber.first_name | default: "there" }}) and, in `text`, a little HTML (b, i, u, a, br, p, ul, ol, li). */
const leafBlocks = [
  z.object({ id, type: z.literal('heading'), text: z.string().max(500), level: z.union([z.literal(1), z.literal(2), z.literal(3)]), align }),
  z.object({ id, type: z.literal('text'), html: z.string().max(20_000), align }),
  /** `alt`: null means not decided yet (a send is refused), '' means decoration. `height` at that width, in px, where it is known. */
  z.object({ id, type: z.literal('image'), src: webUrl, alt: z.string().max(500).nullable(), href: webUrl, width: z.number().int().min(40).max(600), height: z.number().int().min(1).max(4000).optional() }),
  z.object({ id, type: z.literal('button'), text: z.string().max(200), href: webUrl, align }),
  z.object({ id, type: z.literal('products'), picks: z.array(productPick).max(12), columns: z.union([z.literal(1), z.literal(2), z.literal(3)]), button: z.string().max(60) }),
  z.object({ id, type: z.literal('divider') }),
  z.object({ id, type: z.literal('spacer'), height: z.number().int().min(4).max(120) }),
] as const
export const leafBlock = z.discriminatedUnion('type', [...leafBlocks])
export type LeafBlock = z.infer<typeof leafBlock>
export const block = z.discriminatedUnion('type', [
  ...leafBlocks,
  z.object({ id, type: z.literal('columns'), columns: z.array(z.array(leafBlock).max(20)).length(2) }),
])
export type Block = z.infer<typeof block>
export const mailContent = z.object({ blocks: z.array(block).max(100) })
export type MailContent = z.infer<typeof mailContent>

/** How the shop looks. `logoUrl` '' means that the shop's name is written instead. */
export const brand = z.object({
  logoUrl: webUrl,
  logoWidth: z.number().int().min(40).max(400),
  background: colour,
  surface: colour,
  text: colour,
  accent: colour,
  accentText: colour,
  font: z.enum(['system', 'serif', 'rounded', 'mono']),
  radius: z.number().int().min(0).max(24),
})
export type Brand = z.infer<typeof brand>
export const defaultBrand: Brand = {
  logoUrl: '', logoWidth: 160, background: '#f4f4f0', surface: '#ffffff', text: '#1f2421', accent: '#1f5132', accentText: '#ffffff', font: 'system', radius: 6,
}

/** A fault or a hint about a mail, beside the editor and before a send. `error` blocks sending. */
export const mailCheck = z.object({ level: z.enum(['ok', 'hint', 'error']), code: z.string(), message: z.string(), blockId: z.string().nullable() })
export type MailCheck = z.infer<typeof mailCheck>

/** POST /api/preview { subject, preheader, content, subscriberId? } -> rendered as the person would get it (a sample person without id) */
export const previewReply = z.object({ subject: z.string(), preheader: z.string(), html: z.string(), text: z.string(), bytes: z.number(), checks: z.array(mailCheck) })
/** GET /api/templates -> { templates: starterTemplate[] } */
export const starterTemplate = z.object({ id: z.string(), name: z.string(), description: z.string(), subject: z.string(), preheader: z.string(), content: mailContent })
export type StarterTemplate = z.infer<typeof starterTemplate>
export type PreviewReply = z.infer<typeof previewReply>
