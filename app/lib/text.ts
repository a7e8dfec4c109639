/**
 * Text that every database takes: without NUL, and without half of a pair of surrogates (an emoji that was cut in two), which
 * PostgreSQL refuses in JSON. People's names bring both.
 */
export function cleanText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '') : whole
}
