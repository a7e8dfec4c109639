import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import type { z } from 'zod'
import { domainView, type domainInput, type DomainView } from '../../../app/domains/contract.ts'
import { ask, wordsOf } from '../../api.ts'
import { toastFault } from '../../bridge.ts'

const key = ['domain']

/** The sending domain; asked again and again while a check runs, now and then while records are waited for. */
export const useDomain = (): UseQueryResult<DomainView> =>
  useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask(domainView, '/api/domain', { signal }),
    refetchInterval: ({ state }) => (state.data?.checking ? 1_500 : state.data?.state === 'pending' ? 15_000 : 60_000),
  })

type Change = { path: ''; method: 'POST' } | { path: '/check'; method: 'POST' } | { path: ''; method: 'PUT'; body: z.infer<typeof domainInput> }
/** Sets up, checks or changes the domain; what depends on it is asked anew. */
export function useDomainChange() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: Change) => ask(domainView, `/api/domain${change.path}`, { method: change.method, body: 'body' in change ? change.body : {} }),
    onSuccess: async (view) => {
      client.setQueryData(key, view)
      await Promise.all([client.invalidateQueries({ queryKey: ['home'] }), client.invalidateQueries({ queryKey: ['rehearsal'] })])
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
}
