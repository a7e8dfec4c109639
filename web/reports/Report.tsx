import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router-dom'
import { campaignStatus } from '../../app/campaigns/contract.ts'
import { campaignReport, type CampaignReport } from '../../app/reports/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { BarList } from '../components/BarList.tsx'
import { ComplaintBanner } from '../components/ComplaintBanner.tsx'
import { Lost } from '../components/Lost.tsx'
import { MailFrame } from '../components/MailFrame.tsx'
import { money, number, people, plural, type Format } from '../format.ts'
import { Held } from '../campaigns/Held.tsx'
import { useDuplicate, useLive } from '../campaigns/queries.ts'
import { useFormat } from '../shop.ts'
import { BlockStack, Failed, InlineGrid, Link, PageFrame, PageSkeleton, Section, Text } from '../ui/index.ts'
import { Comparison } from './Comparison.tsx'
import { Funnel } from './Funnel.tsx'
import { Links } from './Links.tsx'
import { PeopleDialog, type Show } from './PeopleDialog.tsx'
import css from './Report.module.css'

/** Did it work? */
export default function Report() {
  const { id = '' } = useParams()
  const formats = useFormat()
  const duplicate = useDuplicate()
  const [show, setShow] = useState<Show | null>(null)
  const asked = useQuery({ queryKey: ['report', id], queryFn: ({ signal }) => ask(campaignReport, `/api/campaigns/${id}/report`, { signal }), refetchInterval: 30_000 })
  const live = useLive({ id, status: asked.data ? campaignStatus.parse(asked.data.status) : 'draft' })
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="campaign" />
    return <Failed title="The report could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data || !formats) return <PageSkeleton shape="cards" />
  const report = asked.data
  return (
    <PageFrame
      title={report.name}
      back={{ content: 'Campaigns', url: '/campaigns' }}
      sentence={report.sentence}
      detail={detailOf(report, formats)}
      secondary={[{ content: 'Make a copy', onAction: () => duplicate.mutate(id), loading: duplicate.isPending }]}
    >
      <BlockStack gap="400">
        <ComplaintBanner notice={live.data?.complaints} />
        <Held id={id} held={live.data?.progress.held ?? 0} formats={formats} />
        <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
          <Section title="From sent to ordered" explain="People, each counted once. Choose a line to see who they are.">
            <Funnel report={report} onShow={setShow} />
          </Section>
          <BlockStack gap="400">
            <Revenue report={report} />
            <Section title="Those who left or were not reached">
              <BarList
                caption="People who left or were not reached"
                whole={report.accepted}
                bars={[
                  { key: 'unsubscribed', words: 'Unsubscribed', value: report.unsubscribed, onPress: () => setShow('unsubscribed') },
                  { key: 'bounced', words: 'Came back: the address does not work', value: report.bounced, onPress: () => setShow('bounced') },
                  { key: 'complained', words: 'Marked it as spam', value: report.complained },
                ]}
              />
            </Section>
          </BlockStack>
        </InlineGrid>
        {(report.status === 'sent' || report.status === 'cancelled') && <Comparison id={id} formats={formats} />}
        <Section title="What was clicked" explain={report.links.length === 0 ? 'This mail had no links.' : 'Clicks by people; machines that open every link are left out.'}>
          <Links links={report.links} />
        </Section>
        <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
          <Section title={`Who did not get it (${number(report.progress.excluded)})`} explain={report.reasons.length === 0 ? 'Everybody got it.' : 'Decided when the sending began.'}>
            <BarList caption="Reasons" whole={report.progress.everybody} bars={report.reasons.map((one) => ({ key: one.reason, words: one.words, value: one.people, onPress: () => setShow('excluded') }))} />
          </Section>
          <Section title="What they bought" explain={report.topProducts.length === 0 ? `No order within ${plural(report.attributionDays, 'day', 'days')} after a click.` : undefined}>
            <ul className={css.products}>
              {report.topProducts.map((product) => (
                <li key={product.title}>
                  <span>
                    {number(product.quantity)} × {product.title}
                  </span>
                  <span className={css.number}>{money(product.revenue, report.currency)}</span>
                </li>
              ))}
            </ul>
          </Section>
        </InlineGrid>
        <Section title="The mail itself" explain="How many people clicked stands on each link.">
          <MailFrame html={report.html} title="The mail as it was sent, with what was clicked" height={640} fill marks={marksOf(report)} />
        </Section>
      </BlockStack>
      <PeopleDialog id={id} show={show} formats={formats} onClose={() => setShow(null)} />
    </PageFrame>
  )
}

const Revenue = ({ report }: { report: CampaignReport }) => (
  <Section title="Revenue">
    <BlockStack gap="100">
      <span className={css.big}>{money(report.revenue, report.currency)}</span>
      <Text as="p" tone="subdued">
        {plural(report.orders, 'order', 'orders')} within {plural(report.attributionDays, 'day', 'days')} after a person clicked a link in this mail. <Link url="/settings?part=consent">Change the days</Link>
      </Text>
    </BlockStack>
  </Section>
)

function detailOf(report: CampaignReport, formats: Format): string {
  const when = report.finishedAt ?? report.startedAt
  const sent = when ? `“${report.name}”, sent ${formats.dateTime(when)} to ${people(report.audience)}.` : `“${report.name}”.`
  return report.untracked > 0 ? `${sent} ${people(report.untracked)} did not agree to being counted: their opens and clicks are unknown.` : sent
}

const marksOf = (report: CampaignReport): Record<number, string> => Object.fromEntries(report.links.filter((link) => link.people > 0).map((link) => [link.n, people(link.people)]))
