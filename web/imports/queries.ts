import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from '@tanstack/react-query'
import { z } from 'zod'
import { importView, type compareInput, type ImportView } from '../../app/imports/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toastFault } from '../bridge.ts'
import { underWay } from './words.ts'

const list = z.object({ imports: z.array(importView) })
const askAgain = 1000

/** All imports, newest first. */
export const useImports = (): UseQueryResult<z.infer<typeof list>> =>
  useQuery({
    queryKey: ['imports'],
    queryFn: ({ signal }) => ask(list, '/api/imports', { signal }),
    refetchInterval: ({ state }) => (state.data?.imports.some((one) => underWay(one.state)) ? 2 * askAgain : false),
  })

/** One import, asked for each second while something goes on. */
export const useImport = (id: string): UseQueryResult<ImportView> =>
  useQuery({
    queryKey: ['imports', id],
    queryFn: ({ signal }) => ask(importView, `/api/imports/${id}`, { signal }),
    refetchInterval: ({ state }) => (state.data && underWay(state.data.state) ? askAgain : false),
  })

export type Act = { act: 'start' | 'stop' | 'undo' | 'back' } | { act: 'compare'; body: z.input<typeof compareInput> }

/** Asks for the next step. A refusal is told, unless `quiet` shows it where it belongs; somebody else may have been faster, so the import is read anew. */
export function useAct(id: string, quiet = false): UseMutationResult<ImportView, Error, Act> {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (given: Act) => ask(importView, `/api/imports/${id}/${given.act}`, { method: 'POST', body: 'body' in given ? given.body : {} }),
    onSuccess: (next) => {
      client.setQueryData(['imports', id], next)
      void client.invalidateQueries({ queryKey: ['imports'], exact: true })
    },
    onError: (error) => {
      if (!quiet) toastFault(wordsOf(error))
      void client.invalidateQueries({ queryKey: ['imports', id] })
    },
  })
}
