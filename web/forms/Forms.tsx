import { useQuery } from '@tanstack/react-query'
import { Link as RouteLink } from 'react-router-dom'
import { formList, type FormView } from '../../app/forms/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { themePartActive } from '../bridge.ts'
import { MailFrame } from '../components/MailFrame.tsx'
import { number, plural, share } from '../format.ts'
import { Badge, Banner, BlockStack, Button, ButtonGroup, Card, Failed, InlineGrid, InlineStack, PageFrame, PageSkeleton, Text } from '../ui/index.ts'
import css from './Forms.module.css'
import { formPage } from './preview.ts'

const about = {
  popup: { handle: 'popup', title: 'Pop-up', where: 'Appears over your shop after a few seconds, once; a “no” holds for weeks.' },
  inline: { handle: 'signup', title: 'Form in the page', where: 'Stands where you put it in your theme, for example above the footer.' },
} as const

/** How do people join? */
export default function Forms() {
  const asked = useQuery({ queryKey: ['forms'], queryFn: ({ signal }) => ask(formList, '/api/forms', { signal }) })
  if (asked.isError && !asked.data) return <Failed title="The forms could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <PageSkeleton shape="cards" />
  const { forms, embedUrl, blockUrl } = asked.data
  const on = forms.filter((form) => form.status === 'on')
  const signups = forms.reduce((sum, form) => sum + form.signups, 0)
  return (
    <PageFrame
      title="Forms"
      sentence={on.length === 0 ? 'Nobody can sign up yet: your forms are off.' : signups === 0 ? 'Nobody has signed up in the last 30 days.' : `${plural(signups, 'person', 'people')} signed up in the last 30 days.`}
      detail="A form shows when it is on here and placed in your theme."
    >
      <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
        {forms.map((form) => (
          <Form key={form.id} form={form} themeUrl={form.kind === 'popup' ? embedUrl : blockUrl} />
        ))}
      </InlineGrid>
    </PageFrame>
  )
}

function Form({ form, themeUrl }: { form: FormView; themeUrl: string }) {
  const { handle, title, where } = about[form.kind]
  const active = useQuery({ queryKey: ['theme-part', handle], queryFn: () => themePartActive(handle) })
  const language = Object.keys(form.settings.texts)[0] ?? 'en'
  return (
    <Card padding="0">
      <RouteLink to={`/forms/${form.id}`} className={css.picture} aria-label={`Change ${form.name}`}>
        <MailFrame html={formPage(form.kind, form.settings, language)} title={`${form.name}, as visitors see it`} width={form.kind === 'popup' ? 860 : 680} height={300} still />
      </RouteLink>
      <div className={css.words}>
        <BlockStack gap="300">
          <InlineStack gap="200" blockAlign="center">
            <Text as="h2" variant="headingMd">
              {form.name}
            </Text>
            <Badge {...(form.status === 'on' ? { tone: 'success' as const } : {})}>{form.status === 'on' ? 'On' : 'Off'}</Badge>
            {form.name !== title && (
              <Text as="span" tone="subdued">
                {title}
              </Text>
            )}
          </InlineStack>
          <Text as="p" tone="subdued">
            {where}
          </Text>
          <Text as="p">
            {form.signups === 0
              ? 'No sign-ups in the last 30 days.'
              : `${plural(form.signups, 'sign-up', 'sign-ups')} in the last 30 days, ${number(form.confirmed)} confirmed (${share(form.confirmed, form.signups)}).`}
          </Text>
          {form.status === 'on' && active.data === false && (
            <Banner tone="warning">
              <Text as="p">It is not {form.kind === 'popup' ? 'switched on' : 'placed'} in your theme yet, so nobody sees it.</Text>
            </Banner>
          )}
          <ButtonGroup>
            <Button url={`/forms/${form.id}`}>Change it</Button>
            <Button url={themeUrl} external variant="plain">
              {form.kind === 'popup' ? 'Switch it on in your theme' : 'Place it in your theme'}
            </Button>
          </ButtonGroup>
        </BlockStack>
      </div>
    </Card>
  )
}
