import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useNavigate } from 'react-router-dom'
import { campaignLive, campaignsGoing, campaignView, type CampaignLive, type CampaignRow, type CampaignView } from '../../app/campaigns/contract.ts'
import { ask, tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'

/** "Send now" schedules for this very moment; until the sending is begun it is as good as being prepared. `now` is the server's. */
export const beginsNow = ({ status, scheduledAt, updatedAt }: Pick<CampaignView, 'status' | 'scheduledAt' | 'updatedAt'>, now: string): boolean =>
  status === 'scheduled' && scheduledAt !== null && Date.parse(scheduledAt) <= Math.max(Date.parse(updatedAt), Date.parse(now))

/** One campaign; asked again while it is prepared. How far a sending has come is asked for by `useLive`. */
export const useCampaign = (id: string): UseQueryResult<CampaignView> =>
  useQuery({
    queryKey: ['campaign', id],
    queryFn: ({ signal }) => ask(campaignView, `/api/campaigns/${id}`, { signal }),
    // A draft that is being written does not change under the writer's hands.
    refetchOnWindowFocus: ({ state }) => state.data?.status !== 'draft',
    refetchInterval: ({ state }) => (state.data && (state.data.status === 'preparing' || beginsNow(state.data, state.data.now)) ? 1500 : state.data?.status === 'scheduled' ? 15_000 : false),
  })

/**
 * What changes while a campaign goes out, every second and a half; slower while it is paused and something is still on its way. Nothing is
 * asked for while the window is hidden.
 */
export function useLive({ id, status }: Pick<CampaignView, 'id' | 'status'>): UseQueryResult<CampaignLive> {
  const client = useQueryClient()
  const live = useQuery({
    queryKey: ['live', id],
    queryFn: ({ signal }) => ask(campaignLive, `/api/campaigns/${id}/live`, { signal }),
    enabled: ['sending', 'paused', 'sent', 'cancelled'].includes(status),
    refetchInterval: ({ state }) => (state.data?.status === 'sending' ? 1500 : state.data && (state.data.underWay > 0 || state.data.progress.uncertain > 0) ? 3000 : false),
  })
  const moved = live.data !== undefined && live.data.status !== status
  useEffect(() => {
    if (moved) void Promise.all([['campaign', id], ['report', id]].map((queryKey) => client.invalidateQueries({ queryKey })))
  }, [moved, live.dataUpdatedAt, status, client, id]) // at each look, until the two agree
  return live
}

/** Rows of the list, as far as they have come by now. What began or ended meanwhile brings the whole list anew. */
export function useGoing(rows: CampaignRow[]): CampaignRow[] {
  const client = useQueryClient()
  const any = rows.some(isUnderWay)
  const going = useQuery({
    queryKey: ['going'],
    queryFn: ({ signal }) => ask(campaignsGoing, '/api/campaigns/going', { signal }),
    enabled: any,
    refetchInterval: rows.some((row) => row.status !== 'paused' && isUnderWay(row)) ? 2000 : false,
  })
  const now = new Map(going.data?.campaigns.map((row) => [row.id, row]))
  const changed = going.data !== undefined && rows.some((row) => isUnderWay(row) && now.get(row.id)?.status !== row.status)
  useEffect(() => {
    if (changed) void client.invalidateQueries({ queryKey: ['campaigns'] })
  }, [changed, going.dataUpdatedAt, client])
  return rows.map((row) => (isUnderWay(row) ? { ...row, ...now.get(row.id) } : row))
}
const isUnderWay = ({ status }: Pick<CampaignRow, 'status'>): boolean => ['preparing', 'sending', 'paused'].includes(status)

type Act = 'send' | 'schedule' | 'unschedule' | 'pause' | 'resume' | 'cancel'
/** Changes what happens with a campaign. Somebody may have been faster: then the answer says so and the page shows how it is now. */
export function useAct(id: string, done: Partial<Record<Act, string>> = {}) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ act, body = {} }: { act: Act; body?: unknown }) => ask(campaignView, `/api/campaigns/${id}/${act}`, { method: 'POST', body }),
    onSuccess: async (view, { act }) => {
      client.setQueryData(['campaign', id], view)
      const words = done[act]
      if (words) toast(words)
      await Promise.all([client.invalidateQueries({ queryKey: ['campaigns'] }), client.invalidateQueries({ queryKey: ['live', id] })])
    },
    onError: async (error) => {
      toastFault(wordsOf(error))
      await Promise.all([client.invalidateQueries({ queryKey: ['campaign', id] }), client.invalidateQueries({ queryKey: ['live', id] })])
    },
  })
}

/** Makes a campaign and opens it. */
export function useCreate() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (body: { name: string; templateId?: string }) => ask(campaignView, '/api/campaigns', { method: 'POST', body }),
    onSuccess: async (view) => {
      client.setQueryData(['campaign', view.id], view)
      void client.invalidateQueries({ queryKey: ['campaigns'] })
      navigate(`/campaigns/${view.id}`)
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
}

export function useDuplicate() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (id: string) => ask(campaignView, `/api/campaigns/${id}/duplicate`, { method: 'POST', body: {} }),
    onSuccess: async (view) => {
      client.setQueryData(['campaign', view.id], view)
      void client.invalidateQueries({ queryKey: ['campaigns'] })
      toast('Copied')
      navigate(`/campaigns/${view.id}`)
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
}

export function useDelete() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (id: string) => tell(`/api/campaigns/${id}`, { method: 'DELETE' }),
    onSuccess: async (_, id) => {
      navigate('/campaigns')
      client.removeQueries({ queryKey: ['campaign', id] })
      await client.invalidateQueries({ queryKey: ['campaigns'] })
      toast('Deleted')
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
}
