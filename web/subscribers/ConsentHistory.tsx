import type { ConsentAct, ConsentEntryView, ConsentMethod, ConsentState } from '../../app/consent/contract.ts'
import { languageName, type Format } from '../format.ts'
import { Badge, BlockStack, InlineStack, Text } from '../ui/index.ts'
import css from './ConsentHistory.module.css'

const acts: Record<ConsentAct, string> = {
  granted: 'Agreed', requested: 'Asked to join', confirmed: 'Confirmed', bought: 'Ordered, and did not refuse mail', imported: 'Taken over from a record', withdrawn: 'Withdrew', noted: 'Noted',
}
const states: Record<ConsentState, string> = {
  none: 'No consent', pending: 'Waits for confirmation', unconfirmed_record: 'A record says yes', subscribed: 'May be mailed', unsubscribed: 'May not be mailed',
}
const methods: Record<ConsentMethod, string> = {
  form: 'in a sign-up form', double_opt_in: 'by the button in the confirmation', preference_page: 'on the page with their choices', unsubscribe_page: 'on the unsubscribe page', one_click: 'by the mail program’s unsubscribe button',
  complaint: 'by marking a mail as spam', store_event: 'in your store', store_read: 'in your store’s records', store_import: 'in your store’s records', import: 'in a file that you brought', order: 'with an order', merchant: 'by you', merge: 'when two records became one',
}

/** What was agreed to, when, where, and in which words: what a regulator would ask for. */
export function ConsentHistory({ entries, formats }: { entries: ConsentEntryView[]; formats: Format }) {
  return (
    <ol className={css.list}>
      {entries.map((entry) => (
        <li key={entry.seq} className={css.entry}>
          <InlineStack align="space-between" gap="200">
            <InlineStack gap="200" blockAlign="center">
              <Text as="span" fontWeight="medium">
                {acts[entry.act]} {methods[entry.method]}
              </Text>
              <Badge {...(entry.state === 'subscribed' ? { tone: 'success' as const } : entry.state === 'pending' ? { tone: 'attention' as const } : {})}>
                {entry.purpose === 'tracking' ? (entry.state === 'subscribed' ? 'Opens and clicks may be counted' : 'Opens and clicks are not counted') : states[entry.state]}
              </Badge>
            </InlineStack>
            <Text as="span" variant="bodySm" tone="subdued">
              {formats.dateTime(entry.occurredAt)}
            </Text>
          </InlineStack>
          <BlockStack gap="050">
            {entry.wording && <blockquote className={css.wording}>{entry.wording}</blockquote>}
            {entry.note && (
              <Text as="p" breakWord>
                Your note: {entry.note}
              </Text>
            )}
            <Text as="p" variant="bodySm" tone="subdued" breakWord>
              {[
                entry.source && `Source: ${entry.source}`,
                entry.wordingVersion && `wording ${entry.wordingVersion}`,
                entry.language && languageName(entry.language),
                entry.page && `on ${entry.page}`,
                `entry ${entry.seq}`,
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </BlockStack>
        </li>
      ))}
    </ol>
  )
}
