import { domainToASCII } from 'node:url'

/** Lines are folded where they can be when they would be longer than this. */
const longest = 76

/**
 * One header line with its \r\n, for words that people read (Subject) or that we made (List-Unsubscribe). Plain ASCII stays as
 * it is, folded at its spaces; everything else, and what could be taken for encoded already, becomes encoded words (RFC 2047).
 * Values hold no line breaks: `checkMail` has seen to that.
 */
export function headerLine(name: string, value: string): string {
  return /^[!-~]+(?: [!-~]+)*$/.test(value) && !value.includes('=?') && !hasEndless(value) ? `${fold(`${name}: ${value}`)}\r\n` : `${name}: ${encodedWords(value, name.length + 2)}\r\n`
}

/** One header line with a person: `"Fern & Fig" <ada@fern-and-fig.example>`. */
export function addressLine(name: string, person: { name: string; email: string }): string {
  const address = `<${asciiAddress(person.email)}>`
  if (person.name === '') return `${name}: ${address.slice(1, -1)}\r\n`
  const plain = /^[ -~]*$/.test(person.name) && !person.name.includes('=?') && person.name.length <= 60 && person.name === person.name.trim() && !person.name.includes('  ')
  const words = plain ? `"${person.name.replace(/["\\]/g, (c) => `\\${c}`)}"` : encodedWords(person.name, name.length + 2)
  const last = words.slice(words.lastIndexOf('\n') + 1)
  const before = words === last ? name.length + 2 : 0
  return `${name}: ${words}${before + last.length + 1 + address.length > longest ? '\r\n ' : ' '}${address}\r\n`
}

/** An address whose domain is in ASCII (punycode), as mail servers know it. The part before the @ stays. */
export function asciiAddress(email: string): string {
  const at = email.lastIndexOf('@')
  const domain = email.slice(at + 1)
  return /^[ -~]*$/.test(domain) ? email : `${email.slice(0, at + 1)}${domainToASCII(domain) || domain}`
}

const hasEndless = (value: string): boolean => value.length > 900 && value.split(' ').some((word) => word.length > 900)

/** Breaks before spaces, so that each line is at most 76 characters long where its words allow it. Unfolded, it is the same. */
function fold(line: string): string {
  if (line.length <= longest) return line
  let [text, open] = ['', '']
  let first = true // the name and the first word stay together
  for (const word of line.split(' ')) {
    if (open === '') open = word
    else if (!first && open.length + 1 + word.length > longest) {
      text += `${open}\r\n `
      open = word
    } else {
      open += ` ${word}`
      first = false
    }
  }
  return text + open
}

/** Encoded words of at most 75 characters each, on lines of their own; no character is cut in two. */
function encodedWords(value: string, before: number): string {
  const words: string[] = []
  let [bytes, part] = [0, '']
  let room = Math.max(Math.floor((longest - before - 12) / 4) * 3, 12) // the first stands beside the header's name
  for (const character of value.isWellFormed() ? value : value.toWellFormed()) {
    const size = Buffer.byteLength(character)
    if (bytes + size > room && part !== '') {
      words.push(part)
      ;[bytes, part, room] = [0, '', 45]
    }
    bytes += size
    part += character
  }
  words.push(part)
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}
