export interface Reply {
  code: number
  /** The words of all its lines, joined with spaces. */
  text: string
  lines: string[]
}

const mostLine = 4_096
const mostLines = 200

/**
 * Cuts what a mail server sends into replies (RFC 5321, 4.2). Strict: three digits, then a space or a hyphen, the same digits in
 * all lines of a reply. Throws an Error with a short code where it is anything else, or longer than any server needs.
 */
export class ReplyReader {
  private rest = ''
  private open: { code: number; lines: string[] } | null = null

  /** Bytes that have come, as latin1 or UTF-8 text; answers the replies that are whole now. */
  read(chunk: string): Reply[] {
    const found: Reply[] = []
    this.rest += chunk
    let from = 0
    for (;;) {
      const end = this.rest.indexOf('\n', from)
      if (end < 0) break
      const reply = this.take(this.rest.slice(from, this.rest[end - 1] === '\r' && end > from ? end - 1 : end))
      if (reply) found.push(reply)
      from = end + 1
    }
    this.rest = this.rest.slice(from)
    if (this.rest.length > mostLine) throw new Error('LINE_TOO_LONG')
    return found
  }

  /** Nothing half read is left. */
  get isEmpty(): boolean {
    return this.rest === '' && this.open === null
  }

  private take(line: string): Reply | null {
    if (line.length > mostLine) throw new Error('LINE_TOO_LONG')
    const found = /^([2-5]\d\d)([ -]?)([^]*)$/.exec(line)
    if (!found || (found[2] === '' && found[3] !== '')) throw new Error('NOT_SMTP')
    const code = Number(found[1])
    const { open } = this
    if (open && open.code !== code) throw new Error('NOT_SMTP')
    const lines = open ? open.lines : []
    lines.push(found[3]!)
    if (lines.length > mostLines) throw new Error('REPLY_TOO_LONG')
    if (found[2] === '-') {
      this.open = open ?? { code, lines }
      return null
    }
    this.open = null
    return { code, lines, text: lines.join(' ') }
  }
}
