import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { settingsView, type SettingsView } from '../app/shops/contract.ts'
import { ask } from './api.ts'
import { format, type Format } from './format.ts'

/** Everything about the shop and its settings, asked once and kept. */
export const useSettings = (): UseQueryResult<SettingsView> =>
  useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => ask(settingsView, '/api/settings', { signal }), staleTime: 60_000 })

/** Formats in the shop's zone and currency; null until the shop is known, so that no page shows a wrong zone first. */
export function useFormat(): Format | null {
  const { data } = useSettings()
  const { currency, timezone } = data?.shop ?? {}
  return useMemo(() => (currency && timezone ? format(currency, timezone) : null), [currency, timezone])
}
