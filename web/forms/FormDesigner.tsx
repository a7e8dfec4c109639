import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router-dom'
import { formInput, formView, type FormSettings, type FormView } from '../../app/forms/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { UnsavedBar } from '../components/UnsavedBar.tsx'
import { Lost } from '../components/Lost.tsx'
import { MailFrame } from '../components/MailFrame.tsx'
import { Banner, BlockStack, Button, ButtonGroup, Failed, icons, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import css from './FormDesigner.module.css'
import { Look } from './Look.tsx'
import { formPage } from './preview.ts'
import { Texts } from './Texts.tsx'
import { When } from './When.tsx'

/** What will visitors meet? Settings at the left, the form as it will look at the right. */
export default function FormDesigner() {
  const { id = '' } = useParams()
  const asked = useQuery({ queryKey: ['form', id], queryFn: ({ signal }) => ask(formView, `/api/forms/${id}`, { signal }), refetchOnWindowFocus: false })
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="form" />
    return <Failed title="The form could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data) return <PageSkeleton shape="form" />
  return <Designer key={id} form={asked.data} />
}

export interface Draft {
  name: string
  status: 'on' | 'off'
  settings: FormSettings
}

function Designer({ form }: { form: FormView }) {
  const client = useQueryClient()
  const stored: Draft = { name: form.name, status: form.status, settings: form.settings }
  const [draft, setDraft] = useState<Draft>(stored)
  const [language, setLanguage] = useState(Object.keys(form.settings.texts)[0] ?? 'en')
  const [view, setView] = useState<'laptop' | 'phone'>(() => (window.innerWidth < 600 ? 'phone' : 'laptop'))
  const [tried, setTried] = useState(false)
  const changed = JSON.stringify(draft) !== JSON.stringify(stored)
  const input = formInput.safeParse({ ...draft, version: form.version })
  const faults: Record<string, string> = {}
  if (!input.success) for (const issue of input.error.issues) faults[issue.path.join('.')] ??= issue.message
  const save = useMutation({
    mutationFn: async () => {
      setTried(true)
      if (!input.success) throw new Fault(0, 'invalid', 'Something is missing: see the red words.')
      return ask(formView, `/api/forms/${form.id}`, { method: 'PUT', body: input.data })
    },
    onSuccess: async (next) => {
      client.setQueryData(['form', form.id], next)
      setDraft({ name: next.name, status: next.status, settings: next.settings })
      setTried(false)
      toast('Saved')
      await client.invalidateQueries({ queryKey: ['forms'] })
    },
    onError: (error) => {
      if (!(error instanceof Fault && error.status === 409)) toastFault(wordsOf(error))
    },
  })
  const discard = (): void => {
    setDraft(stored)
    setTried(false)
  }
  const conflict = save.error instanceof Fault && save.error.status === 409
  /** Reads the newest version and puts this one on top of it, or takes it instead. */
  const settle = async (mine: boolean): Promise<void> => {
    const theirs = await ask(formView, `/api/forms/${form.id}`)
    client.setQueryData(['form', form.id], theirs)
    if (!mine) setDraft({ name: theirs.name, status: theirs.status, settings: theirs.settings })
    save.reset()
  }
  const set = (settings: FormSettings): void => setDraft({ ...draft, settings })
  const languages = Object.keys(draft.settings.texts)
  const shown = draft.settings.texts[language] ? language : (languages[0] ?? 'en')
  return (
    <PageFrame
      title={draft.name || form.name}
      width="full"
      back={{ content: 'Forms', url: '/forms' }}
      sentence={draft.status === 'on' ? 'Visitors can meet this form.' : 'This form is off: nobody sees it.'}
      detail={form.name}
      secondary={[{ content: draft.status === 'on' ? 'Switch it off' : 'Switch it on', onAction: () => setDraft({ ...draft, status: draft.status === 'on' ? 'off' : 'on' }) }]}
    >
      <UnsavedBar id="form-save" open={changed} saving={save.isPending} onSave={() => save.mutate()} onDiscard={discard} />
      {conflict && (
        <div className={css.conflict}>
          <Banner tone="warning" title="This form was changed in another window">
            <BlockStack gap="300">
              <Text as="p">Your changes are still here.</Text>
              <ButtonGroup>
                <Button onClick={() => void settle(true).catch((error: unknown) => toastFault(wordsOf(error)))}>Keep mine, then save again</Button>
                <Button onClick={() => void settle(false).catch((error: unknown) => toastFault(wordsOf(error)))}>Take the other one</Button>
              </ButtonGroup>
            </BlockStack>
          </Banner>
        </div>
      )}
      <div className={css.columns}>
        <div className={css.settings}>
          <Texts settings={draft.settings} language={shown} onLanguage={setLanguage} onChange={set} faults={faults} showMissing={tried} />
          <When kind={form.kind} draft={draft} onChange={setDraft} faults={faults} />
          <Look settings={draft.settings} onChange={set} />
        </div>
        <div className={css.stage}>
          <div className={css.bar}>
            <ButtonGroup variant="segmented">
              <Button icon={icons.Desktop} size="slim" pressed={view === 'laptop'} onClick={() => setView('laptop')} accessibilityLabel="On a laptop" />
              <Button icon={icons.Phone} size="slim" pressed={view === 'phone'} onClick={() => setView('phone')} accessibilityLabel="On a phone" />
            </ButtonGroup>
            <Text as="span" variant="bodySm" tone="subdued">
              In your shop it takes on your theme’s fonts.
            </Text>
          </div>
          <div className={css.window}>
            <div className={view === 'phone' ? css.phone : css.laptop}>
              <MailFrame html={formPage(form.kind, draft.settings, shown)} title="The form as visitors see it" width={view === 'phone' ? 375 : 900} />
            </div>
          </div>
        </div>
      </div>
    </PageFrame>
  )
}
