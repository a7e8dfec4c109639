/** WCAG 2 contrast of two colours (#rrggbb), 1 to 21. Text wants 4.5 (1.4.3). */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** How light a colour is by WCAG 2: 0 is black, 1 is white. */
export function luminance(colour: string): number {
  const [r, g, b] = channels(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** `share` of b in a. */
export function mix(a: string, b: string, share: number): string {
  const [x, y] = [channels(a), channels(b)]
  return '#' + x.map((value, i) => Math.round(value + (y[i]! - value) * share).toString(16).padStart(2, '0')).join('')
}

const channels = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
