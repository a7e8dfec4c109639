/** An answer to a POST, whole. Names of headers are in lower case. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body: string
  /** May the connection carry another request? */
  reusable: boolean
}

const mostHead = 16 * 1024
const mostBody = 256 * 1024
const emptyLine = Buffer.from('\r\n\r\n')

/**
 * Reads one HTTP/1.1 answer from the bytes that have come so far. Null: more is needed. Throws an Error whose message is a short
 * code when the bytes cannot be an answer, or one that is longer than any mail provider's.
 * @param ended the other side will send no more
 */
export function readAnswer(bytes: Buffer, ended: boolean): HttpAnswer | null {
  const end = bytes.indexOf(emptyLine)
  if (end < 0) {
    if (bytes.length > mostHead) throw new Error('HEAD_TOO_LONG')
    return null
  }
  if (end > mostHead) throw new Error('HEAD_TOO_LONG')
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const found = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first)
  if (!found) throw new Error('NOT_HTTP')
  const status = Number(found[2])
  const rest = bytes.subarray(end + emptyLine.length)
  if (status < 200) {
    if (status === 101 || status < 100) throw new Error('NOT_HTTP')
    return readAnswer(rest, ended) // "go on" and the like stand before the answer
  }
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const at = line.indexOf(':')
    if (at < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(line.slice(0, at))) throw new Error('BAD_HEADER')
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  const body = bodyOf(status, headers, rest, ended)
  if (!body) return null
  const keep = !/\bclose\b/i.test(headers.connection ?? '') && found[1] === '1'
  return { status, headers, body: body.bytes.toString('utf8'), reusable: keep && !ended && body.used === rest.length }
}

interface Body {
  bytes: Buffer
  /** How much of the input it took. */
  used: number
}

function bodyOf(status: number, headers: Record<string, string>, rest: Buffer, ended: boolean): Body | null {
  const [coding, length] = [headers['transfer-encoding'], headers['content-length']]
  if (status === 204 || status === 304) return { bytes: Buffer.alloc(0), used: 0 }
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked' || length !== undefined) throw new Error('BAD_LENGTH')
    return chunksOf(rest)
  }
  if (length === undefined) {
    if (rest.length > mostBody) throw new Error('BODY_TOO_LONG')
    return ended ? { bytes: rest, used: rest.length } : null
  }
  if (!/^\d{1,9}$/.test(length)) throw new Error('BAD_LENGTH')
  if (Number(length) > mostBody) throw new Error('BODY_TOO_LONG')
  return rest.length < Number(length) ? null : { bytes: rest.subarray(0, Number(length)), used: Number(length) }
}

function chunksOf(rest: Buffer): Body | null {
  const found: Buffer[] = []
  let [at, total] = [0, 0]
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    if (end < 0) {
      if (rest.length - at > 1024) throw new Error('BAD_CHUNK')
      return null
    }
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(rest.toString('latin1', at, end))?.[1]
    if (size === undefined) throw new Error('BAD_CHUNK')
    const length = parseInt(size, 16)
    total += length
    if (total > mostBody) throw new Error('BODY_TOO_LONG')
    const from = end + 2
    if (length === 0) {
      // Trailers, which tell us nothing, end with an empty line.
      if (rest.toString('latin1', from, from + 2) === '\r\n') return { bytes: Buffer.concat(found), used: from + 2 }
      const last = rest.indexOf(emptyLine, end)
      if (last < 0 && rest.length - from > mostHead) throw new Error('HEAD_TOO_LONG')
      return last < 0 ? null : { bytes: Buffer.concat(found), used: last + emptyLine.length }
    }
    if (rest.length < from + length + 2) return null
    if (rest.toString('latin1', from + length, from + length + 2) !== '\r\n') throw new Error('BAD_CHUNK')
    found.push(rest.subarray(from, from + length))
    at = from + length + 2
  }
}
