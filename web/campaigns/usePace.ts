import { useState } from 'react'
import { addSample, paceOf, type Sample } from './pace.ts'

/** Mails a minute, from what this page has seen itself; null until it has seen enough. `heardAt`: when `sent` came. Begins anew after a pause. */
export function usePace(sent: number, heardAt: number, going: boolean): { perMinute: number | null; seconds: number } {
  const [seen, setSeen] = useState<{ heardAt: number; samples: Sample[] }>({ heardAt: 0, samples: [] })
  if (seen.heardAt !== heardAt) setSeen({ heardAt, samples: going ? addSample(seen.samples, { at: heardAt, sent }) : [] })
  const [first, last] = [seen.samples[0], seen.samples.at(-1)]
  return { perMinute: paceOf(seen.samples), seconds: first && last ? (last.at - first.at) / 1000 : 0 }
}
