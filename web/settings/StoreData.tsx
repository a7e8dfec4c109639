import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { settingsView, type SettingsView, type SyncView } from '../../app/shops/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { format, number, type Format } from '../format.ts'
import { Badge, BlockStack, Button, InlineError, ProgressBar, Section, Spinner, Text } from '../ui/index.ts'
import { Disagreements } from './Disagreements.tsx'
import css from './Settings.module.css'

const kinds: Record<SyncView['kind'], string> = { shop: 'Your shop', customers: 'Customers', products: 'Products', orders: 'Orders' }
const running = (sync: SyncView): boolean => sync.state === 'waiting' || sync.state === 'asked' || sync.state === 'reading'

/** What has been read from the store, and how far it is. */
export function StoreData({ settings }: { settings: SettingsView }) {
  const client = useQueryClient()
  const busy = settings.syncs.some(running)
  // While something is being read, ask again and again; the page's own question is renewed by it.
  useQuery({
    queryKey: ['settings', 'sync'],
    queryFn: async ({ signal }) => {
      const next = await ask(settingsView, '/api/settings', { signal })
      client.setQueryData(['settings'], next)
      return next.syncs
    },
    refetchInterval: busy ? 2000 : 30_000,
  })
  const again = useMutation({
    mutationFn: () => ask(settingsView, '/api/sync', { method: 'POST', body: {} }),
    onSuccess: (next) => {
      client.setQueryData(['settings'], next)
      toast('Reading your store')
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const formats = format(settings.shop.currency, settings.shop.timezone)
  return (
    <BlockStack gap="400">
      <Section
        title={settings.shop.domain}
        explain="Homing hears of each change at once; once a night it looks whether anything was missed."
        end={
          <Button onClick={() => again.mutate()} loading={again.isPending} disabled={busy}>
            Read everything again
          </Button>
        }
      >
        <ul className={css.syncs}>
          {settings.syncs.map((sync) => (
            <Sync key={sync.kind} sync={sync} formats={formats} />
          ))}
        </ul>
      </Section>
      <Disagreements timezone={settings.shop.timezone} currency={settings.shop.currency} />
      <Section title="How far back orders go">
        <Text as="p">
          {settings.orderHistory === 'all'
            ? 'All orders: your store lets Homing see its whole history.'
            : 'Orders of the last 60 days. Shopify shows more only to apps with a further permission; reports and segments know nothing of older orders.'}
        </Text>
      </Section>
    </BlockStack>
  )
}

function Sync({ sync, formats }: { sync: SyncView; formats: Format }) {
  const percent = sync.total ? Math.min(100, Math.round((sync.done / sync.total) * 100)) : 0
  return (
    <li className={css.sync}>
      <Text as="span" fontWeight="medium">
        {kinds[sync.kind]}
      </Text>
      <div>
        {sync.state === 'reading' && sync.total ? (
          <ProgressBar progress={percent} size="small" tone="success" />
        ) : running(sync) ? (
          <Spinner size="small" accessibilityLabel="At it" />
        ) : (
          <Text as="span" tone="subdued">
            {sync.finishedAt ? `Read ${formats.dateTime(sync.finishedAt)}` : ''}
          </Text>
        )}
      </div>
      <div aria-live="polite">
        {sync.state === 'done' ? (
          <Badge tone="success">{sync.kind === 'shop' ? 'Read' : `${number(sync.done)} read`}</Badge>
        ) : sync.state === 'failed' ? (
          <Badge tone="critical">Not read</Badge>
        ) : (
          <Badge tone="attention">{sync.state === 'reading' ? `${number(sync.done)}${sync.total ? ` of ${number(sync.total)}` : ''}` : sync.state === 'asked' ? 'The store prepares it' : 'Waiting'}</Badge>
        )}
      </div>
      {sync.error && (
        <div className={css.error}>
          <InlineError message={sync.error} fieldID={sync.kind} />
        </div>
      )}
    </li>
  )
}
