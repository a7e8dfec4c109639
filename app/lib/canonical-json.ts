/**
 * JSON in one spelling only (RFC 8785): no spaces, the keys of objects in the order of their UTF-16 units. What has the same content has
 * the same text, whoever writes it down, so that it can be hashed and signed. What JSON cannot hold is written as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson((value.toJSON as () => unknown)())
  let text = ''
  for (const key of Object.keys(value).sort()) {
    const inner: unknown = (value as Record<string, unknown>)[key]
    if (inner === undefined || typeof inner === 'function' || typeof inner === 'symbol') continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`
  }
  return `{${text}}`
}
