import { commitmentOf, firstLink, linkOf, type Committed } from './chain.ts'

/** A link of the chain as it is found: with its entry, or what is left of one whose person was forgotten. */
export type Found = { seq: number; link: string | null } & ({ entry: Committed; salt: string | null; holder: string } | { commitment: string })

/** The first thing that does not fit. `seq` null: it is not about one entry. */
export interface Broken {
  seq: number | null
  fault: string
}

export interface Verifier {
  /** Takes the links in the order of their numbers. @returns what does not fit; then nothing behind it can be judged. */
  add(found: Found): Broken | null
  /** To be asked at the end: whether the ledger ends where it says, and whether entries stand with those to whom they moved. */
  end(head: { seq: number; link: string | null }): Broken | null
  readonly counts: { entries: number; erased: number; unsealed: number }
  /** The link of the last entry that fits, and its number. */
  readonly head: { seq: number; link: string }
}

/** Verifies a ledger link by link, in memory that does not grow with it (but for the records that became one). */
export function createVerifier(shopId: string): Verifier {
  const head = { seq: 0, link: firstLink(shopId) }
  const counts = { entries: 0, erased: 0, unsealed: 0 }
  const moved = new Map<string, { seq: number; holder: string }[]>() // written for -> where their entries are said to stand
  const went = new Map<string, string>() // a record -> the one that it became, as entries themselves tell
  return {
    counts,
    head,
    add(found) {
      const { seq, link } = found
      const broken = (fault: string): Broken => ({ seq, fault })
      if (!Number.isSafeInteger(seq) || seq <= head.seq) return broken(`stands behind entry ${head.seq}, but its number is not higher`)
      const salt = 'entry' in found ? found.salt : ''
      if ((link === null) !== (salt === null)) return broken(link === null ? 'has no link' : 'has no salt')
      if (link === null) {
        counts.unsealed++
        head.seq = seq
        return null
      }
      if (counts.unsealed > 0) return broken(`is sealed, but ${counts.unsealed} before it ${counts.unsealed === 1 ? 'is' : 'are'} not`)
      const commitment = 'entry' in found ? commitmentOf(salt!, found.entry) : found.commitment
      if (linkOf(head.link, seq, commitment) !== link) return broken(misfit(head.seq, seq, 'entry' in found))
      if ('entry' in found) {
        counts.entries++
        const { entry, holder } = found
        if (entry.method === 'merge' && typeof entry.evidence?.mergedFrom === 'string') went.set(entry.evidence.mergedFrom, entry.person)
        if (holder !== entry.person) moved.set(entry.person, [...(moved.get(entry.person) ?? []), { seq, holder }])
      } else counts.erased++
      head.seq = seq
      head.link = link
      return null
    },
    end(told) {
      for (const [person, stands] of moved) {
        let now = person
        for (let steps = 0; went.has(now) && steps <= went.size; steps++) now = went.get(now)!
        const wrong = stands.find(({ holder }) => holder !== now)
        if (wrong) return { seq: wrong.seq, fault: 'stands with another person than the one it was written for, and no entry tells that their records became one' }
      }
      if ((told.link ?? firstLink(shopId)) === head.link) return null
      if (told.seq > head.seq) return { seq: null, fault: `the last entry is ${head.seq}, and there were ${told.seq}: what came after it was taken out` }
      return { seq: head.seq, fault: 'is not the one with which the ledger says that it ends: entries behind it were taken out, put in or unsealed' }
    },
  }
}

const misfit = (last: number, seq: number, isEntry: boolean): string =>
  `does not fit: ${isEntry ? 'what it says, its salt or its link' : 'its commitment or its link'} was changed${seq > last + 1 ? `, or an entry between ${last} and ${seq} was taken out` : last === 0 ? '' : ', or it was put in another place'}`
