/** How many mails had been handed over at an instant (milliseconds). */
export interface Sample {
  at: number
  sent: number
}

const window = 30_000
/** Two looks within this time say nothing yet. */
const enough = 4_000

/** Keeps what was seen within the last half minute, and the newest look before that. */
export function addSample(samples: Sample[], sample: Sample): Sample[] {
  const all = [...samples, sample]
  const from = all.findLastIndex((one) => one.at <= sample.at - window)
  return all.slice(Math.max(0, from))
}

/** Mails a minute over the last half minute, from what was seen; null while too little was. */
export function paceOf(samples: Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at - first.at < enough) return null
  return Math.max(0, ((last.sent - first.sent) / (last.at - first.at)) * 60_000)
}

/** "about 3 minutes", for what is left at this pace; null when nothing moves. */
export function timeLeft(left: number, perMinute: number): string | null {
  if (perMinute <= 0) return null
  const minutes = left / perMinute
  if (minutes < 0.75) return 'less than a minute'
  if (minutes < 1.5) return 'about a minute'
  if (minutes < 90) return `about ${Math.round(minutes)} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `about ${hours} hours` : `about ${Math.round(hours / 24)} days`
}
