import type { Block, LeafBlock, ProductPick, StarterTemplate } from './contract.ts'

/** What a starter is made of: the shop's own name, address and newest products. No picture that is not the shop's. */
export interface StarterInput {
  shop: { name: string; url: string | null }
  /** Newest first. With none, product blocks start empty, and an empty product block cannot be sent. */
  products: ProductPick[]
}

/** The six mails to start from. Words are for the merchant to change; nothing in them claims anything about the shop. */
export function starterTemplates(input: StarterInput): StarterTemplate[] {
  return starters.map(({ make, ...about }) => ({ ...about, content: { blocks: make(maker(input)) } }))
}

export const starterTemplate = (input: StarterInput, id: string): StarterTemplate | null => starterTemplates(input).find((t) => t.id === id) ?? null

interface Maker {
  heading(text: string, level?: 1 | 2 | 3, align?: 'left' | 'center'): LeafBlock
  text(html: string, align?: 'left' | 'center'): LeafBlock
  button(text: string, align?: 'left' | 'center', of?: ProductPick): LeafBlock
  products(from: number, count: number, columns: 1 | 2 | 3, button: string): LeafBlock
  /** A large picture of the shop's own product; nothing when there is none. */
  picture(of: number): LeafBlock[]
  divider(): LeafBlock
  space(height: number): LeafBlock
  columns(left: LeafBlock[], right: LeafBlock[]): Block
}

function maker({ shop, products }: StarterInput): Maker {
  let n = 0
  const id = (): string => `b${++n}`
  return {
    heading: (text, level = 1, align = 'center') => ({ id: id(), type: 'heading', text, level, align }),
    text: (html, align = 'center') => ({ id: id(), type: 'text', html, align }),
    button: (text, align = 'center', of) => ({ id: id(), type: 'button', text, href: of?.url ?? shop.url ?? '', align }),
    products: (from, count, columns, button) => ({ id: id(), type: 'products', picks: products.slice(from, from + count), columns, button }),
    picture: (of) => {
      const product = products[of]
      return product?.imageUrl ? [{ id: id(), type: 'image', src: product.imageUrl, alt: product.title, href: product.url, width: 536 }] : []
    },
    divider: () => ({ id: id(), type: 'divider' }),
    space: (height) => ({ id: id(), type: 'spacer', height }),
    columns: (left, right) => ({ id: id(), type: 'columns', columns: [left, right] }),
  }
}

const starters: (Omit<StarterTemplate, 'content'> & { make: (m: Maker) => Block[] })[] = [
  {
    id: 'announcement',
    name: 'Announcement',
    description: 'One piece of news, one picture, one button.',
    subject: 'Something new at {{ shop.name }}',
    preheader: 'A short note about what has just arrived.',
    make: (m) => [
      ...m.picture(0),
      m.heading('We have news for you'),
      m.text('<p>Hi {{ subscriber.first_name | default: "there" }},</p><p>We have been working on this for a while, and today it is ready. Tell in two or three sentences what it is, and why you are glad about it.</p>'),
      m.button('Have a look'),
      m.space(8),
    ],
  },
  {
    id: 'new-products',
    name: 'New products',
    description: 'Your newest products, four at a glance.',
    subject: 'Just in: new at {{ shop.name }}',
    preheader: 'Fresh on the shelves this week.',
    make: (m) => [
      m.heading('Just in'),
      m.text('<p>Fresh on our shelves. We picked these four for you first.</p>'),
      m.space(4),
      m.products(0, 4, 2, 'View'),
      m.button('See everything new'),
      m.space(8),
    ],
  },
  {
    id: 'sale',
    name: 'Sale',
    description: 'What is reduced, until when, and where to go.',
    subject: 'The sale has started, {{ subscriber.first_name | default: "come in" }}',
    preheader: 'For a few days only, while stocks last.',
    make: (m) => [
      m.heading('The sale is on'),
      m.text('<p>Say here how much is off, on what, and until when. <b>A clear date</b> does more than capital letters.</p>'),
      m.button('Go to the sale'),
      m.divider(),
      m.heading('A few we would not miss', 2),
      m.products(0, 3, 3, ''),
      m.text('<p>While stocks last.</p>'),
    ],
  },
  {
    id: 'story',
    name: 'Story',
    description: 'A letter with one picture. Good for the people behind the shop.',
    subject: 'A letter from {{ shop.name }}',
    preheader: 'How we work, and why.',
    make: (m) => [
      m.heading('How it is made', 1, 'left'),
      m.text('<p>Dear {{ subscriber.first_name | default: "friend" }},</p><p>People often ask us how our things come about. So here is the short version: begin with a moment, a place or a person. One small true detail is worth more than ten adjectives.</p>', 'left'),
      ...m.picture(0),
      m.heading('What we learnt', 2, 'left'),
      m.text('<p>Go on in plain words, as you would tell it across the counter. Two short paragraphs are enough.</p><p>Until next time,<br>{{ shop.name }}</p>', 'left'),
      m.button('Come and see', 'left'),
      m.space(8),
    ],
  },
  {
    id: 'digest',
    name: 'Digest with products',
    description: 'Several short pieces, with products in between.',
    subject: 'This month at {{ shop.name }}',
    preheader: 'Three short things worth knowing.',
    make: (m) => [
      m.heading('This month', 1, 'left'),
      m.text('<p>Hi {{ subscriber.first_name | default: "there" }}, here is what is going on, in three short pieces.</p>', 'left'),
      m.divider(),
      m.columns(
        [m.heading('In the shop', 2, 'left'), m.text('<p>What has changed, what is back, what people ask for most.</p>', 'left')],
        [m.heading('Good to know', 2, 'left'), m.text('<p>A tip for using or caring for something that people bought from you.</p>', 'left')],
      ),
      m.divider(),
      m.heading('Picked for you', 2, 'left'),
      m.products(0, 3, 1, 'View'),
      m.space(8),
      m.button('Visit the shop', 'left'),
      m.space(8),
    ],
  },
  {
    id: 'thank-you',
    name: 'Thank you',
    description: 'A warm word, nothing to sell.',
    subject: 'Thank you, {{ subscriber.first_name | default: "from all of us" }}',
    preheader: 'A few words from the people behind the shop.',
    make: (m) => [
      m.space(16),
      m.heading('Thank you'),
      m.text('<p>Dear {{ subscriber.first_name | default: "friend" }},</p><p>A shop is only as good as the people who come back to it. Thank you for being one of them.</p><p>If anything was not as you hoped, just reply to this mail. A person reads it.</p>'),
      m.text('<p><i>All of us at {{ shop.name }}</i></p>'),
      m.space(8),
      m.divider(),
      m.button('Visit the shop'),
      m.space(8),
    ],
  },
]
