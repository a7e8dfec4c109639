import type { Newsletter } from '../newsletter.ts'

/** A short newsletter with names and links: what is looked for here is not in the size of a mail. */
export const letter: Newsletter = {
  subject: 'News for {{ subscriber.first_name | default: "you" }}',
  preheader: '',
  html:
    '<!doctype html><html lang="en" dir="ltr"><body><p>Dear {{ subscriber.first_name | default: "friend" }} {{ subscriber.last_name | default: "of ours" }},</p>' +
    '<p>the new pots of {{ shop.name }} are here: <a href="[[link:1]]">all of them</a>, <a href="[[link:2]]">the large ones</a>.</p>[[footer]]</body></html>',
  text: 'Dear {{ subscriber.first_name | default: "friend" }}, the new pots are here: [[link:1]]\n\n[[footer]]',
  links: [
    { n: 1, url: 'https://fern-and-fig.example/products', label: 'All' },
    { n: 2, url: 'https://fern-and-fig.example/products/large', label: 'Large' },
  ],
}
