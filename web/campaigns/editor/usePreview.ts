import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { previewReply, type MailContent } from '../../../app/templates/contract.ts'
import { ask } from '../../api.ts'
import { useLater } from '../../components/useLater.ts'

/** The mail as it will arrive, drawn by the server a moment after the last change; until then the one before stays. */
export function usePreview(subject: string, preheader: string, content: MailContent) {
  const asked = useLater(JSON.stringify({ subject, preheader, content }), 300)
  return useQuery({
    queryKey: ['preview', asked],
    queryFn: ({ signal }) => ask(previewReply, '/api/preview', { method: 'POST', body: JSON.parse(asked), signal }),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    staleTime: 60_000,
  })
}
