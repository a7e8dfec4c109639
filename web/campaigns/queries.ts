import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from 'react-router-dom'
import { campaignView, type CampaignView } from '../../app/campaigns/contract.ts'
import { ask, tell, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'

export const underWay = (status: CampaignView['status'] | undefined): boolean => status === 'preparing' || status === 'sending'
/** "Send now" schedules for this very moment; until the sending is begun it is as good as being prepared. */
export const beginsNow = ({ status, scheduledAt, updatedAt }: Pick<CampaignView, 'status' | 'scheduledAt' | 'updatedAt'>): boolean =>
  status === 'scheduled' && scheduledAt !== null && Date.parse(scheduledAt) <= Math.max(Date.parse(updatedAt), Date.now())

/** One campaign; asked again every two seconds while it goes out. */
export const useCampaign = (id: string): UseQueryResult<CampaignView> =>
  useQuery({
    queryKey: ['campaign', id],
    queryFn: ({ signal }) => ask(campaignView, `/api/campaigns/${id}`, { signal }),
    // A draft that is being written does not change under the writer's hands.
    refetchOnWindowFocus: ({ state }) => state.data?.status !== 'draft',
    refetchInterval: ({ state }) => (state.data && (underWay(state.data.status) || beginsNow(state.data)) ? 1500 : state.data?.status === 'scheduled' ? 15_000 : false),
  })

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
      await client.invalidateQueries({ queryKey: ['campaigns'] })
    },
    onError: async (error) => {
      toastFault(wordsOf(error))
      await client.invalidateQueries({ queryKey: ['campaign', id] })
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
