import { addCheck, type Build } from './build.ts'
import { contrast } from '../lib/colour.ts'
import type { CompileInput } from './compile.ts'
import type { MailCheck } from './contract.ts'
import { mergeFaults, usualWords } from './merge.ts'

/** Gmail clips a mail's HTML at 102 KB and hides the rest, the unsubscribe link with it. */
const clippedAt = 102 * 1024
/** What is still to come: the footer, and real addresses (about 150 bytes) where `[[link:n]]` stands now. */
const footerBytes = 3_000
const linkBytes = 150

/** Size of the HTML part as it will arrive, in bytes. */
export const arrivingBytes = (html: string): number => Buffer.byteLength(html) + footerBytes + (html.match(/\[\[link:\d+\]\]/g)?.length ?? 0) * linkBytes

/** Everything there is to say about a mail, faults first. Each topic answers, so that the editor can show what is fine too. */
export function check(build: Build, { subject, preheader, content, brand, shop }: CompileInput, html: string): MailCheck[] {
  const add = (level: MailCheck['level'], code: string, message: string): void => addCheck(build, level, code, message)

  for (const [field, value] of [['subject', subject], ['preheader', preheader]] as const) {
    for (const fault of mergeFaults(value)) add('error', 'merge_tag', `In the ${field === 'subject' ? 'subject' : 'preview text'}: ${fault.message}`)
  }
  const length = usualWords(subject, shop).trim().length
  if (subject.trim() === '') add('error', 'subject_empty', 'Write a subject.')
  else if (length > 70) add('hint', 'subject_long', `The subject has ${length} characters. Phones show about 40, computers about 70.`)
  else add('ok', 'subject', `The subject has ${length} characters.`)

  if (preheader.trim() === '') add('hint', 'preheader_missing', 'Without a preview text the inbox shows the first words of the mail.')
  else add('ok', 'preheader', 'The preview text is there.')

  const says = content.blocks.some((block) => (block.type === 'columns' ? block.columns.flat().some((leaf) => leaf.type !== 'spacer' && leaf.type !== 'divider') : block.type !== 'spacer' && block.type !== 'divider'))
  if (!says) add('error', 'no_content', 'The mail is empty. Add a text, a picture or a product.')

  const leaves = content.blocks.flatMap((block) => (block.type === 'columns' ? block.columns.flat() : [block]))
  const images = leaves.filter((leaf) => leaf.type === 'image')
  if (images.length > 0 && !build.checks.some((c) => c.code.startsWith('image_'))) add('ok', 'images', 'Each picture has words for those who cannot see it.')
  if (!build.checks.some((c) => c.code.startsWith('link_'))) {
    if (build.links.some((l) => l.label !== '' && l.n > 1)) add('ok', 'links', 'All links lead somewhere.')
    else if (says) add('hint', 'no_links', 'Nothing in this mail leads to your store. A button tells people what to do next.')
  }
  let before = 0
  for (const leaf of leaves) {
    if (leaf.type !== 'heading' || leaf.text.trim() === '') continue
    if (leaf.level > before + 1) addCheck(build, 'hint', 'heading_order', `The heading “${leaf.text.trim().slice(0, 40)}” skips a level. Screen readers use the levels to find their way.`, leaf.id)
    before = leaf.level
  }
  if (contrast(brand.text, brand.surface) < 4.5) add('hint', 'contrast_text', 'The colour of the text is hard to read on the background of the mail. Choose a stronger one in the settings.')
  if (contrast(brand.accentText, brand.accent) < 4.5) add('hint', 'contrast_button', 'The words on buttons are hard to read. Choose stronger colours in the settings.')

  const bytes = arrivingBytes(html)
  const size = `${Math.round(bytes / 1024)} KB`
  if (bytes > clippedAt) add('hint', 'size_over', `The mail is ${size}. Gmail shows the first 102 KB and hides the rest, the unsubscribe link too. Take something out.`)
  else if (bytes > clippedAt * 0.85) add('hint', 'size_near', `The mail is ${size}. Gmail cuts mails off at 102 KB.`)
  else add('ok', 'size', `The mail is ${size}; nothing is cut off.`)
  add('ok', 'footer', 'Your name, your address and the unsubscribe link are added to each mail.')

  return build.checks.sort((a, b) => order[a.level] - order[b.level])
}

const order = { error: 0, hint: 1, ok: 2 }
