export interface Find {
  value: string
  title: string
  help?: string
  /** Options of one group stand together, under its name. */
  group?: string
  /** Other words under which it is found. */
  words?: string
  imageUrl?: string | null
}

/** Options in which each word that was typed occurs; those first whose title begins with them. */
export function search(options: Find[], text: string): Find[] {
  const parts = plain(text).split(/\s+/).filter(Boolean)
  if (parts.length === 0) return options
  const found = options.flatMap((one) => {
    const title = plain(one.title)
    const all = `${title} ${plain(`${one.words ?? ''} ${one.help ?? ''}`)}`
    if (!parts.every((part) => all.includes(part))) return []
    return [{ one, rank: title.startsWith(parts[0] ?? '') ? 0 : parts.every((part) => title.includes(part)) ? 1 : 2 }]
  })
  return found.toSorted((a, b) => a.rank - b.rank).map(({ one }) => one)
}

const plain = (text: string): string => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')
