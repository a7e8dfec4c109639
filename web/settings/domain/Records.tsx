import type { DomainView } from '../../../app/domains/contract.ts'
import { CopyButton } from '../../components/CopyButton.tsx'
import { Badge, Section, Text, type BadgeProps } from '../../ui/index.ts'
import css from './Domain.module.css'

type Record = DomainView['records'][number]
const purposes: { [purpose in Record['purpose']]: string } = { owner: 'Proof that it is yours', return_path: 'Way back for undeliverable mail', dkim: 'Signature (DKIM)', spf: 'Allowed servers (SPF)', dmarc: 'Policy (DMARC)' }
const states: { [state in Record['state']]: { words: string; tone: BadgeProps['tone'] } } = {
  ok: { words: 'Right', tone: 'success' },
  missing: { words: 'Not there yet', tone: 'attention' },
  wrong: { words: 'Something else is there', tone: 'critical' },
  unknown: { words: 'No answer', tone: undefined },
  unchecked: { words: 'Not looked yet', tone: undefined },
}

/** The records to set, each to be copied by a press. Long values wrap; on a phone each record is a small card. */
export function Records({ view }: { view: DomainView }) {
  const { records, domain } = view
  const done = records.every((one) => one.state === 'ok')
  return (
    <Section
      title={done ? 'The records' : 'Records to set'}
      explain={
        <>
          {done ? 'All of them are there. Leave them as they are, as long as you send mail.' : `Set each of them where your domain is kept, under “DNS”. Most hosts add “${domain ?? ''}” to the name by themselves: take the short name there, and the full one elsewhere.`}
          {view.hostHint && <span className={css.host}>{view.hostHint}</span>}
        </>
      }
    >
      <ul className={css.records}>
        {records.map((record) => (
          <Item key={`${record.type} ${record.name} ${record.purpose}`} record={record} name={nameOf(record, records)} />
        ))}
      </ul>
    </Section>
  )
}

/** "Signature (DKIM), 1 of 2": each has a name of its own. */
function nameOf(record: Record, all: Record[]): string {
  const same = all.filter((one) => one.purpose === record.purpose)
  return `${purposes[record.purpose]}${same.length > 1 ? `, ${same.indexOf(record) + 1} of ${same.length}` : ''}`
}

function Item({ record, name }: { record: Record; name: string }) {
  const { words, tone } = states[record.state]
  return (
    <li className={css.record}>
      <div className={css.head}>
        <Text as="h3" fontWeight="medium">
          {name}
        </Text>
        <Badge {...(tone ? { tone } : {})}>{words}</Badge>
      </div>
      <dl className={css.parts}>
        <div>
          <dt>Type</dt>
          <dd>
            <code>{record.type}</code>
          </dd>
        </div>
        <div>
          <dt>Name</dt>
          <dd>
            <Copied text={record.shortName} what={`the short name of ${name}`} />
            {record.shortName !== record.name && (
              <span className={css.full}>
                in full: <Copied text={record.name} what={`the full name of ${name}`} />
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt>Value</dt>
          <dd>
            <Copied text={record.value} what={`the value of ${name}`} />
          </dd>
        </div>
        {record.state === 'wrong' && record.found.length > 0 && (
          <div>
            <dt>Found</dt>
            <dd>
              {record.found.map((one) => (
                <code key={one} className={css.found}>
                  {one}
                </code>
              ))}
            </dd>
          </div>
        )}
      </dl>
      {record.hint && (
        <Text as="p" tone="caution" breakWord>
          {record.hint}
        </Text>
      )}
    </li>
  )
}

const Copied = ({ text, what }: { text: string; what: string }) => (
  <span className={css.copied}>
    <code>{text}</code>
    <CopyButton text={text} what={what} />
  </span>
)
