import { wordsOf } from '../../api.ts'
import { useFormat } from '../../shop.ts'
import { Badge, Banner, BlockStack, Button, Failed, PageFrame, PageSkeleton, Section, Spinner, Text } from '../../ui/index.ts'
import { ago, badges, stillVerified } from './badges.ts'
import css from './Domain.module.css'
import { Findings } from './Findings.tsx'
import { useDomain, useDomainChange } from './queries.ts'
import { Ramp } from './Ramp.tsx'
import { Records } from './Records.tsx'
import { Selector } from './Selector.tsx'

/** May my mail leave in my domain's name, and what do I have to set for it? */
export default function Domain() {
  const asked = useDomain()
  const formats = useFormat()
  const change = useDomainChange()
  if (asked.isError && !asked.data) return <Failed title="The sending domain could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data || !formats) return <PageSkeleton shape="form" />
  const view = asked.data
  const { state, domain } = view
  const badge = view.brokenSince ? stillVerified : badges[state]
  const calm = state === 'verified' && !view.brokenSince // nothing to set: the records come last
  const check = { content: 'Check now', onAction: () => change.mutate({ path: '/check', method: 'POST' }), loading: view.checking || (change.isPending && change.variables.path === '/check') }
  const setUp = { content: `Set up ${domain ?? ''}`, onAction: () => change.mutate({ path: '', method: 'POST' }), loading: change.isPending }
  return (
    <PageFrame
      title="Sending domain"
      back={{ content: 'Settings', url: '/settings' }}
      sentence={view.sentence}
      detail={view.detail}
      {...(domain ? { badge: <Badge tone={badge.tone}>{badge.words}</Badge> } : {})}
      {...(!domain ? { primary: { content: 'Change the address', url: '/settings' } } : state === 'none' ? { primary: setUp } : calm ? { secondary: [check] } : { primary: check })}
    >
      <BlockStack gap="400">
        {state === 'failing' && (
          <Banner tone="critical" title="New campaigns are stopped">
            <Text as="p">{view.findings.filter((one) => one.level === 'fault' && one.check !== 'alignment').map((one) => one.words).join(' ')}</Text>
          </Banner>
        )}
        {state === 'none' && domain && <Why provider={view.provider} address={view.address} domain={domain} />}
        {state !== 'none' && (
          <>
            {!calm && <Records view={view} />}
            <Section
              title="What mailboxes look at"
              end={
                <span className={css.checked} aria-live="polite">
                  {view.checking ? (
                    <>
                      <Spinner size="small" accessibilityLabel="Looking" /> Looking …
                    </>
                  ) : view.checkedAt ? (
                    <span title={formats.dateTime(view.checkedAt)}>Checked {ago(view.checkedAt, view.now)}</span>
                  ) : null}
                </span>
              }
            >
              {view.findings.length > 0 ? (
                <Findings findings={view.findings} />
              ) : (
                <Text as="p" tone="subdued">
                  {view.checking ? 'The first look is under way.' : 'Nobody has looked yet. Press “Check now”.'}
                </Text>
              )}
            </Section>
            {view.asksSelector && <Selector selector={view.selector ?? ''} domain={domain ?? ''} busy={change.isPending} onSave={(selector) => change.mutate({ path: '', method: 'PUT', body: { selector } })} />}
            {view.ramp && <Ramp ramp={view.ramp} formats={formats} today={view.now} onChange={(sentBefore) => change.mutateAsync({ path: '', method: 'PUT', body: { sentBefore } }).catch(() => undefined)} />}
            {calm && <Records view={view} />}
          </>
        )}
      </BlockStack>
    </PageFrame>
  )
}

/** Before anything is set: what will happen, in three steps. */
const Why = ({ provider, address, domain }: { provider: string; address: string; domain: string }) => (
  <Section title="How it goes">
    <ol className={css.steps}>
      <li>
        <Text as="span">
          Press “Set up {domain}”. Homing asks {provider} and shows you a few records. Your mail comes from {address}; if that should be another address,{' '}
          <Button variant="plain" url="/settings">
            change it first
          </Button>
          .
        </Text>
      </li>
      <li>
        <Text as="span">Copy each record to where you bought your domain, or to whoever looks after your website. Your shop and your mailbox go on as before.</Text>
      </li>
      <li>
        <Text as="span">Homing looks for them by itself and tells you when everything is right, or what is not. Until then campaigns wait; people can sign up already.</Text>
      </li>
    </ol>
  </Section>
)
