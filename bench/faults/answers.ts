import { chanceOf } from './chance.ts'

/**
 * How the pretend provider treats a call.
 * take: counted, answered. slow: counted, answered a little later. take-drop: counted, the line is cut. take-late: counted,
 * answered when nobody listens any more. refuse-drop: not counted, the line is cut. busy: 429 or 421, not counted, with a rest.
 * unwell: 503 (4xx by SMTP), counted or not.
 */
export type Treatment = 'take' | 'slow' | 'take-drop' | 'take-late' | 'refuse-drop' | 'busy' | 'unwell-took' | 'unwell'

const shares: [Treatment, number][] = [
  ['slow', 0.1],
  ['take-drop', 0.06],
  ['take-late', 0.03],
  ['refuse-drop', 0.04],
  ['busy', 0.04],
  ['unwell-took', 0.03],
  ['unwell', 0.03],
]

/**
 * The treatment of the `attempt`-th call that begins with this address: from the seed alone. A call that carries many people goes
 * wrong ten times as often as one for a single person, of which there are a thousand times as many.
 */
export function treatmentOf(seed: number, address: string, attempt: number, people: number): Treatment {
  let chance = chanceOf(seed, 'answer', address, attempt) * (people > 1 ? 1 : 10)
  for (const [treatment, share] of shares) {
    if (chance < share) return treatment
    chance -= share
  }
  return 'take'
}

/** When the provider tells of a mail, in milliseconds after it took it: nearly always soon, never later than we wait. */
export function evidenceDelay(seed: number, key: string): number {
  const chance = chanceOf(seed, 'evidence', key)
  const minutes = chance < 0.7 ? chance * 0.5 : chance < 0.95 ? chance * 5 : chance * 15
  return minutes * 60_000
}
