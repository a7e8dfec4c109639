import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { campaignView, type CampaignView } from '../../../app/campaigns/contract.ts'
import { ask, Fault, wordsOf } from '../../api.ts'
import { draftOf, type Draft } from './history.ts'

export type Saving =
  | { state: 'saved' }
  | { state: 'unsaved' }
  | { state: 'saving' }
  | { state: 'failed'; words: string }
  /** Somebody else saved, or it is not a draft any more: `theirs` is how it is now. Nothing of ours is lost. */
  | { state: 'conflict'; theirs: CampaignView }

const rest = 700

/**
 * Saves a while after the last change, one request at a time, each on top of the version that was read.
 * Answers how it stands, `flush` (resolves true when all is saved), and how to end a conflict.
 */
export function useAutosave(campaign: CampaignView, draft: Draft) {
  const client = useQueryClient()
  const [saving, setSaving] = useState<Saving>({ state: 'saved' })
  const version = useRef(campaign.version)
  const stored = useRef(JSON.stringify(draftOf(campaign)))
  const newest = useRef(draft)
  const running = useRef<Promise<boolean> | null>(null)
  const stuck = useRef(false)
  useEffect(() => {
    newest.current = draft
  }, [draft])
  const { id } = campaign

  const save = useCallback(async (): Promise<boolean> => {
    while (JSON.stringify(newest.current) !== stored.current) {
      const sent = newest.current
      setSaving({ state: 'saving' })
      try {
        const view = await ask(campaignView, `/api/campaigns/${id}`, { method: 'PUT', body: { ...sent, version: version.current }, keepalive: JSON.stringify(sent).length < 50_000 })
        version.current = view.version
        stored.current = JSON.stringify(sent)
        client.setQueryData(['campaign', id], view)
      } catch (error) {
        if (error instanceof Fault && error.status === 409) {
          const theirs = await ask(campaignView, `/api/campaigns/${id}`).catch(() => null)
          if (theirs) {
            stuck.current = true
            setSaving({ state: 'conflict', theirs })
            return false
          }
        }
        setSaving({ state: 'failed', words: wordsOf(error) })
        return false
      }
    }
    setSaving({ state: 'saved' })
    void client.invalidateQueries({ queryKey: ['campaigns'] })
    return true
  }, [client, id])

  const flush = useCallback((): Promise<boolean> => {
    if (stuck.current) return Promise.resolve(false)
    running.current ??= save().finally(() => {
      running.current = null
    })
    return running.current
  }, [save])

  useEffect(() => {
    if (JSON.stringify(draft) === stored.current || stuck.current) return
    setSaving((now) => (now.state === 'saving' ? now : { state: 'unsaved' }))
    const timer = setTimeout(() => void flush(), rest)
    return () => clearTimeout(timer)
  }, [draft, flush])

  // A lost connection comes back: try again by ourselves.
  useEffect(() => {
    if (saving.state !== 'failed') return
    const timer = setTimeout(() => void flush(), 10_000)
    return () => clearTimeout(timer)
  }, [saving, flush])

  // Leaving the editor saves what is left; closing the window asks first.
  useEffect(() => () => void flush(), [flush])
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (JSON.stringify(newest.current) !== stored.current) event.preventDefault()
    }
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [])

  /** Ends a conflict: what stands in the editor from now on goes on top of theirs. */
  const settle = useCallback(
    (theirs: CampaignView) => {
      version.current = theirs.version
      stored.current = JSON.stringify(draftOf(theirs))
      stuck.current = false
      setSaving({ state: 'unsaved' })
      // The draft may just have been exchanged; save on the next turn, when the newest one is known.
      setTimeout(() => void flush(), 50)
    },
    [flush],
  )

  /** Newer on the server, and nothing of ours would be lost by taking it. */
  const outdated = useCallback((theirs: CampaignView): boolean => theirs.version > version.current && running.current === null && JSON.stringify(newest.current) === stored.current, [])
  return { saving, flush, settle, outdated }
}
