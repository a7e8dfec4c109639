import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { campaignsGoing } from '../../app/campaigns/contract.ts'
import { homeView, type HomeView } from '../../app/reports/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { ComplaintBanner } from '../components/ComplaintBanner.tsx'
import { SendBar } from '../components/SendBar.tsx'
import { TrendChart } from '../components/TrendChart.tsx'
import { money, number, people, plural, share } from '../format.ts'
import { BlockStack, Box, Button, Card, Failed, InlineGrid, InlineStack, Link, PageFrame, PageSkeleton, Section, Spinner, Text } from '../ui/index.ts'
import { Checklist } from './Checklist.tsx'
import { Figure, FigureGrid } from './Figure.tsx'
import { FormStatus } from './FormStatus.tsx'

/** Is my mail earning, and what should I do next? */
export function Home() {
  const home = useQuery({
    queryKey: ['home'],
    queryFn: ({ signal }) => ask(homeView, '/api/home', { signal }),
    refetchInterval: ({ state }) => (state.data?.syncing ? 3000 : 60_000),
  })
  if (home.isPending) return <PageSkeleton shape="cards" />
  if (home.isError && !home.data) return <Failed title="The overview could not be loaded" words={wordsOf(home.error)} again={() => void home.refetch()} />
  const view = home.data
  return (
    <PageFrame title="Home" sentence={view.sentence}>
      <BlockStack gap="400">
        <ComplaintBanner notice={view.complaints} />
        {view.next && <NextStep next={view.next} />}
        {!view.onboarding.dismissed && <Checklist onboarding={view.onboarding} />}
        {view.syncing && <Syncing />}
        <GoingOut sending={view.sending} />
        <Figures view={view} />
        <InlineGrid columns={{ xs: 1, md: 2 }} gap="400">
          <ListTrend view={view} />
          <RevenueTrend view={view} />
        </InlineGrid>
        <FormStatus />
      </BlockStack>
    </PageFrame>
  )
}

const NextStep = ({ next }: { next: NonNullable<HomeView['next']> }) => (
  <Card>
    <InlineStack align="space-between" blockAlign="center" gap="300">
      <BlockStack gap="100">
        <Text as="p" variant="bodySm" tone="subdued">
          What to do next
        </Text>
        <Text as="h2" variant="headingMd">
          {next.title}
        </Text>
        <Text as="p">{next.body}</Text>
      </BlockStack>
      <Button variant="primary" url={next.href}>
        {next.action}
      </Button>
    </InlineStack>
  </Card>
)

const Syncing = () => (
  <Card>
    <InlineStack gap="300" blockAlign="center" wrap={false}>
      <Spinner size="small" accessibilityLabel="Reading" />
      <Text as="p">
        Your store’s customers, products and orders are being read. You may go on meanwhile. <Link url="/settings?part=store">See how far it is</Link>
      </Text>
    </InlineStack>
  </Card>
)

/** What is on its way, kept up by itself: the rest of this page costs the server more. */
function GoingOut({ sending }: Pick<HomeView, 'sending'>) {
  const client = useQueryClient()
  const going = useQuery({
    queryKey: ['going'],
    queryFn: ({ signal }) => ask(campaignsGoing, '/api/campaigns/going', { signal }),
    enabled: sending.length > 0,
    refetchInterval: 2000,
  })
  const now = new Map(going.data?.campaigns.map((row) => [row.id, row]))
  const ended = going.isFetchedAfterMount && sending.some((send) => !now.has(send.id))
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: ['home'] })
  }, [ended, going.dataUpdatedAt, client])
  return sending.map((send) => (
    <Section key={send.id} title={`“${send.name}” ${now.get(send.id)?.status === 'paused' ? 'is paused' : 'is going out'}`} end={<Link url={`/campaigns/${send.id}`}>Watch it</Link>}>
      <SendBar progress={now.get(send.id)?.progress ?? send.progress} />
    </Section>
  ))
}

function Figures({ view }: { view: HomeView }) {
  const { last30 } = view
  return (
    <Card padding="0">
      <FigureGrid>
        <Figure label="People you may mail" value={number(view.mailable)} detail={`of ${number(view.everybody)} in all`} url="/subscribers?status=subscribed" />
        <Figure label="Orders after your mail" value={number(last30.orders)} detail={`${money(last30.revenue, view.currency)} in 30 days`} url="/campaigns" />
        <Figure label="Opened by people" value={share(last30.openedHuman, last30.delivered)} detail={`${number(last30.openedHuman)} of ${number(last30.delivered)} delivered`} url="/campaigns" />
        <Figure label="Clicked by people" value={share(last30.clickedHuman, last30.delivered)} detail={`${number(last30.clickedHuman)} in 30 days`} url="/campaigns" />
      </FigureGrid>
    </Card>
  )
}

function ListTrend({ view }: { view: HomeView }) {
  const first = view.days[0]?.mailable ?? 0
  const last = view.days[view.days.length - 1]?.mailable ?? 0
  const words = last === first ? 'No change in 30 days.' : `${last > first ? 'Up' : 'Down'} by ${people(Math.abs(last - first))} in 30 days.`
  return (
    <Section title="Your list" explain={`${words} ${plural(view.last30.newSubscribers, 'sign-up', 'sign-ups')}, ${plural(view.last30.unsubscribed, 'person', 'people')} left.`}>
      <TrendChart title="People you may mail, the last 30 days" summary={`From ${number(first)} to ${number(last)}. ${words}`} kind="line" points={view.days.map((d) => ({ day: d.day, value: d.mailable }))} words={people} />
    </Section>
  )
}

function RevenueTrend({ view }: { view: HomeView }) {
  const { last30 } = view
  const any = view.days.some((day) => day.revenue > 0)
  return (
    <Section title="Revenue after your mail" explain={any ? `${money(last30.revenue, view.currency)} from ${plural(last30.orders, 'order', 'orders')} in 30 days.` : 'Orders that follow a click in your mail.'}>
      {any ? (
        <TrendChart title="Revenue after your mail, the last 30 days" summary={`${money(last30.revenue, view.currency)} in 30 days.`} kind="bars" points={view.days.map((d) => ({ day: d.day, value: d.revenue }))} words={(value) => money(value, view.currency)} />
      ) : (
        <Box paddingBlock="800">
          <BlockStack gap="300" inlineAlign="center">
            <Text as="p" tone="subdued" alignment="center">
              {last30.delivered === 0 ? 'Not enough data yet: nothing was delivered in the last 30 days.' : 'No order has followed a click in the last 30 days.'}
            </Text>
            <Button url="/campaigns">Go to campaigns</Button>
          </BlockStack>
        </Box>
      )}
    </Section>
  )
}
