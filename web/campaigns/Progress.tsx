import type { CampaignLive } from '../../app/campaigns/contract.ts'
import { BarList } from '../components/BarList.tsx'
import { doneOf, SendBar } from '../components/SendBar.tsx'
import { calendarDay, number, people, type Format } from '../format.ts'
import { Section, Text } from '../ui/index.ts'
import { timeLeft } from './pace.ts'
import css from './Progress.module.css'
import type { Show } from '../reports/PeopleDialog.tsx'
import { usePace } from './usePace.ts'

/** Sent, left, how fast and how long still; each end that a mail may come to, with the people behind it. */
export function Progress({ live, heardAt, formats, onShow }: { live: CampaignLive; heardAt: number; formats: Format; onShow: (show: Show) => void }) {
  const { progress, status } = live
  const going = status === 'sending'
  const { perMinute, seconds } = usePace(progress.accepted, heardAt, going)
  const percent = progress.audience === 0 ? 0 : Math.floor((doneOf(progress) / progress.audience) * 100)
  const lastDay = live.days.at(-1)
  const still = !lastDay && going && perMinute === 0 && seconds >= 20 && progress.waiting > 0
  const figures: [label: string, value: string][] = [
    ['Sent', number(progress.accepted)],
    ['Left', number(progress.waiting)],
    ['Mails a minute', !going ? '–' : perMinute === null ? 'not known yet' : number(Math.round(perMinute))],
    ['Time left', !going ? 'paused' : lastDay ? `until ${calendarDay(lastDay.day)}` : progress.waiting === 0 ? 'nearly done' : ((perMinute !== null && timeLeft(progress.waiting, perMinute)) || 'not known yet')],
  ]
  return (
    <Section title="How far it is">
      <SendBar progress={progress} />
      {/* Told at each tenth, not at each mail. */}
      <p className="visually-hidden" role="status">
        {going ? `${Math.floor(percent / 10) * 10}% done` : 'Paused'}
      </p>
      <dl className={css.figures}>
        {figures.map(([label, value]) => (
          <Figure key={label} label={label} value={value} />
        ))}
      </dl>
      {lastDay && (
        <Text as="p" tone="subdued">
          Your sending domain is new, so it goes out over several days: {live.days.map(({ day, people: planned }) => `${number(planned)} on ${calendarDay(day)}`).join(', ')}.
        </Text>
      )}
      {still && (
        <Text as="p" tone="subdued">
          No mail was handed over in the last half minute. Where the mail service asked us to slow down, it goes on by itself.
        </Text>
      )}
      <BarList
        caption="Mail by state"
        whole={progress.audience}
        bars={[
          { key: 'accepted' as const, words: 'Handed over to the mail service', value: progress.accepted },
          { key: 'waiting' as const, words: live.underWay > 0 ? `Waiting (${number(live.underWay)} being handed over now)` : 'Waiting', value: progress.waiting },
          { key: 'suppressed' as const, words: 'Left out at the last moment (unsubscribed or blocked since)', value: progress.suppressed },
          { key: 'refused' as const, words: 'Refused by the mail service', value: progress.refused },
          { key: 'uncertain' as const, words: 'Being checked: no clear answer from the mail service', value: progress.uncertain },
          { key: 'held' as const, words: 'Not known whether it arrived: you decide', value: progress.held },
        ]
          .filter((bar) => bar.value > 0 || bar.key === 'accepted' || bar.key === 'waiting')
          .map((bar) => ({ ...bar, onPress: () => onShow(bar.key) }))}
      />
      {progress.uncertain > 0 && (
        <Text as="p" tone="subdued">
          {people(progress.uncertain)} {progress.uncertain === 1 ? 'is' : 'are'} being checked{live.checkedBy ? `, until ${formats.dateTime(live.checkedBy)} at the latest` : ''}. Nobody gets it twice meanwhile.
        </Text>
      )}
    </Section>
  )
}

const Figure = ({ label, value }: { label: string; value: string }) => (
  <div className={css.figure}>
    <dt>{label}</dt>
    <dd className={/[a-z]/.test(value) ? css.words : css.big}>{value}</dd>
  </div>
)

/** Who gets it at all, decided when it began. */
export const Audience = ({ progress }: { progress: CampaignLive['progress'] }) => (
  <Section title="People">
    <BarList
      caption="People in and out"
      whole={progress.everybody}
      bars={[
        { key: 'in', words: 'Get it', value: progress.audience },
        { key: 'out', words: 'Do not get it', value: progress.excluded },
      ]}
    />
  </Section>
)
