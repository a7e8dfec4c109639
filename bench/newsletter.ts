import { compileMessage } from '../app/templates/compile.ts'
import { defaultBrand, type Block } from '../app/templates/contract.ts'

export interface Newsletter {
  subject: string
  preheader: string
  html: string
  text: string
  links: { n: number; url: string; label: string }[]
}

const tags = ['{{ subscriber.first_name | default: "friend" }}', '{{ subscriber.last_name | default: "of ours" }}', '{{ shop.name }}', '{{ subscriber.email }}', '{{ shop.url }}']

/** The newsletter of all benchmarks, made by the real compiler: about 30 KB of HTML, 20 merge tags in it and 40 links. */
export async function makeNewsletter(): Promise<Newsletter> {
  const subject = 'News for {{ subscriber.first_name | default: "you" }}'
  const preheader = ''
  const blocks: Block[] = []
  for (let i = 0; i < 20; i++) {
    const link = (n: number): string => `<a href="https://fern-and-fig.example/products/pot-${n}?colour=green&amp;size=${n}">Have a look at pot number ${n}</a>`
    const from = i * 2
    // The shop's sign above the mail is the fortieth link.
    const two = i === 19 ? link(from) : `${link(from)} or ${link(from + 1)}`
    blocks.push({ id: `b${i}`, type: 'text', align: 'left', html: `<p>Dear ${tags[i % tags.length]!}, ${filler.repeat(4)}</p><p>${two}. ${filler}</p>` })
  }
  const mail = await compileMessage({ content: { blocks }, brand: defaultBrand, subject: 'News', preheader, shop: { name: 'Fern & Fig', url: 'https://fern-and-fig.example', locale: 'en' }, products: new Map() })
  const faults = mail.checks.filter((check) => check.level === 'error')
  const [found, bytes] = [mail.html.match(/\{\{/g)?.length, Buffer.byteLength(mail.html)]
  if (faults.length > 0 || mail.links.length !== 40 || found !== 20 || bytes < 27_000 || bytes > 33_000)
    throw new Error(`the newsletter is not what it should be: ${faults.length} faults, ${mail.links.length} links, ${found} tags, ${bytes} bytes`)
  return { subject, preheader, html: mail.html, text: mail.text, links: mail.links }
}

const filler = 'the new pots came out of the kiln on Tuesday, glazed in moss and sand, and no two of them are alike. '
