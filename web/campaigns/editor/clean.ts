import { completed } from '../../components/LinkField.tsx'
import { readable } from '../../format.ts'

/** The little HTML that a text block may hold. Everything else is taken apart into it; no attributes but an address. */
const kept: Record<string, string> = { B: 'b', STRONG: 'b', I: 'i', EM: 'i', U: 'u', P: 'p', UL: 'ul', OL: 'ol', LI: 'li', A: 'a', BR: 'br' }
const blocks = new Set(['DIV', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'SECTION', 'ARTICLE', 'BLOCKQUOTE', 'PRE', 'TR', 'TABLE', 'HEADER', 'FOOTER'])
const dropped = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'HEAD', 'TITLE', 'META', 'LINK', 'SVG', 'MATH'])

/** Any HTML as the little HTML of a text block. A document made by the parser runs no scripts and loads nothing. */
export const cleanHtml = (html: string): string => serialise(new DOMParser().parseFromString(html, 'text/html').body)

/** A merge tag in the editor: a small sign with its meaning instead of its brackets. `serialise` turns it back. */
export const chip = (tag: string): string => `<span data-merge="${escape(tag).replaceAll('"', '&quot;')}" contenteditable="false">${escape(readable(tag).replace(/^\[|\]$/g, ''))}</span>`
/** Words with merge tags in them, as the editor shows them. */
export const withChips = (text: string): string => escape(text).replace(/\{\{[^{}<>]*\}\}/g, (tag) => chip(tag.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')))
/** The little HTML as the editor shows it. Tags stand in text only: no address may hold one. */
export const editable = (html: string): string => cleanHtml(html).replace(/\{\{[^{}<>]*\}\}/g, (tag) => chip(tag.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')))

/** What stands in an element, as the little HTML: loose lines become paragraphs. */
export function serialise(root: Element): string {
  let out = ''
  let loose = ''
  const close = (): void => {
    const text = loose.replace(/^(<br>)+|(<br>)+$/g, '')
    if (text.trim() !== '') out += `<p>${text}</p>`
    loose = ''
  }
  for (const node of root.childNodes) {
    const isBlock = node instanceof Element && (blocks.has(node.tagName) || ['P', 'UL', 'OL'].includes(node.tagName))
    if (!isBlock) {
      loose += inline(node)
      continue
    }
    close()
    if (node instanceof Element && (node.tagName === 'UL' || node.tagName === 'OL')) out += list(node)
    else if (node instanceof Element && [...node.children].some((child) => blocks.has(child.tagName) || ['P', 'UL', 'OL'].includes(child.tagName))) out += serialise(node)
    else out += `<p>${inside(node)}</p>`
  }
  close()
  return out
}

function list(element: Element): string {
  const name = element.tagName === 'UL' ? 'ul' : 'ol'
  const items = [...element.children].filter((child) => child.tagName === 'LI').map((item) => `<li>${inside(item)}</li>`)
  return items.length > 0 ? `<${name}>${items.join('')}</${name}>` : ''
}

const inside = (node: Node): string => [...node.childNodes].map(inline).join('')

function inline(node: Node): string {
  if (node.nodeType === Node.TEXT_NODE) return escape(node.textContent ?? '').replaceAll('\u00a0', '&nbsp;')
  if (!(node instanceof Element) || dropped.has(node.tagName.toUpperCase())) return ''
  const merge = node.getAttribute('data-merge')
  if (merge !== null) return escape(merge)
  const name = kept[node.tagName]
  if (name === 'br') return '<br>'
  const content = inside(node)
  if (name === 'a') {
    const href = completed(node.getAttribute('href') ?? '')
    return /^(https?:\/\/|mailto:)/i.test(href) ? `<a href="${escape(href).replaceAll('"', '&quot;')}">${content}</a>` : content
  }
  if (name === 'b' || name === 'i' || name === 'u') return content === '' ? '' : `<${name}>${content}</${name}>`
  return blocks.has(node.tagName) || node.tagName === 'P' ? `${content}<br>` : content
}

/** Quotes stay as they are in text: merge tags hold some. */
const escape = (text: string): string => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c)
