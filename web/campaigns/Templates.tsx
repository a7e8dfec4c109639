import { useQuery } from '@tanstack/react-query'
import { z } from 'zod'
import { previewReply, starterTemplate, type StarterTemplate } from '../../app/templates/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { MailFrame } from '../components/MailFrame.tsx'
import { useFormat } from '../shop.ts'
import { Failed, InlineGrid, SkeletonBodyText, Spinner, Text } from '../ui/index.ts'
import { useCreate } from './queries.ts'
import css from './Templates.module.css'

const now = (): string => new Date().toISOString()
const reply = z.object({ templates: z.array(starterTemplate) })

/** The starter templates as they would arrive; pressing one makes a campaign from it. */
export function Templates() {
  const create = useCreate()
  const formats = useFormat()
  const templates = useQuery({ queryKey: ['templates'], queryFn: ({ signal }) => ask(reply, '/api/templates', { signal }), staleTime: Infinity })
  const make = (title: string, templateId?: string): void => {
    if (create.isPending) return
    const name = `${title}, ${formats?.day(now()) ?? ''}`.replace(/, $/, '')
    create.mutate(templateId ? { name, templateId } : { name })
  }
  if (templates.isError) return <Failed inline title="The templates could not be loaded" words={wordsOf(templates.error)} again={() => void templates.refetch()} />
  if (!templates.data) {
    return (
      <InlineGrid columns={{ xs: 1, sm: 2, lg: 3 }} gap="400">
        {[0, 1, 2].map((n) => (
          <SkeletonBodyText key={n} lines={8} />
        ))}
      </InlineGrid>
    )
  }
  return (
    <div className={css.grid}>
      {templates.data.templates.map((template) => (
        <Template key={template.id} template={template} busy={create.isPending && create.variables.templateId === template.id} onChoose={() => make(template.name, template.id)} />
      ))}
      <button type="button" className={css.card} onClick={() => make('New campaign')}>
        <span className={css.blank}>{create.isPending && !create.variables.templateId && <Spinner size="small" />}</span>
        <span className={css.words}>
          <Text as="span" variant="headingSm">
            Empty
          </Text>
          <Text as="span" tone="subdued" variant="bodySm">
            Only the footer that every mail has.
          </Text>
        </span>
      </button>
    </div>
  )
}

function Template({ template, busy, onChoose }: { template: StarterTemplate; busy: boolean; onChoose: () => void }) {
  const preview = useQuery({
    queryKey: ['preview', 'template', template.id],
    queryFn: ({ signal }) => ask(previewReply, '/api/preview', { method: 'POST', signal, body: { subject: template.subject, preheader: template.preheader, content: template.content } }),
    staleTime: 300_000,
  })
  return (
    <button type="button" className={css.card} onClick={onChoose}>
      <span className={css.picture}>
        {preview.data && <MailFrame html={preview.data.html} title={template.name} still />}
        {busy && (
          <span className={css.busy}>
            <Spinner size="small" />
          </span>
        )}
      </span>
      <span className={css.words}>
        <Text as="span" variant="headingSm">
          {template.name}
        </Text>
        <Text as="span" tone="subdued" variant="bodySm">
          {template.description}
        </Text>
      </span>
    </button>
  )
}
