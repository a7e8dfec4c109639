import { useCallback, useReducer } from 'react'
import type { Audience, CampaignView } from '../../../app/campaigns/contract.ts'
import type { MailContent } from '../../../app/templates/contract.ts'

/** What the editor changes. */
export interface Draft {
  name: string
  subject: string
  preheader: string
  content: MailContent
  audience: Audience
}
export const draftOf = ({ name, subject, preheader, content, audience }: CampaignView): Draft => ({ name, subject, preheader, content, audience })

interface History {
  past: Draft[]
  now: Draft
  future: Draft[]
  /** Typing into one field is one step back, as long as one does not pause. */
  last: { key: string; at: number } | null
}
type Change = { do: 'set'; next: (draft: Draft) => Draft; key: string | null; at: number } | { do: 'undo' } | { do: 'redo' }

const pause = 1200
const most = 200

export function useHistory(first: Draft) {
  const [history, change] = useReducer(step, { past: [], now: first, future: [], last: null })
  /** `key` names the field that is being typed into; without it the change is a step of its own. */
  const set = useCallback((next: (draft: Draft) => Draft, key: string | null = null) => change({ do: 'set', next, key, at: Date.now() }), [])
  return {
    draft: history.now,
    set,
    undo: useCallback(() => change({ do: 'undo' }), []),
    redo: useCallback(() => change({ do: 'redo' }), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
  }
}

export function step(history: History, change: Change): History {
  if (change.do === 'undo') {
    const before = history.past[history.past.length - 1]
    return before ? { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future], last: null } : history
  }
  if (change.do === 'redo') {
    const after = history.future[0]
    return after ? { past: [...history.past, history.now], now: after, future: history.future.slice(1), last: null } : history
  }
  const now = change.next(history.now)
  if (now === history.now) return history
  const goesOn = change.key !== null && history.last?.key === change.key && change.at - history.last.at < pause
  return { past: goesOn ? history.past : [...history.past, history.now].slice(-most), now, future: [], last: change.key === null ? null : { key: change.key, at: change.at } }
}
