import type { CampaignReport } from '../../app/reports/contract.ts'
import { number, share } from '../format.ts'
import { Text } from '../ui/index.ts'
import css from './Funnel.module.css'
import type { Show } from './PeopleDialog.tsx'

interface Stage {
  show: Show
  words: string
  value: number
  /** What it is a part of, and how that is called. */
  of: [number, string] | null
  machine?: number
  unknown?: number
}

/** From sent to ordered. What machines opened or pressed stands apart and counts for nothing. */
export function Funnel({ report, onShow }: { report: CampaignReport; onShow: (show: Show) => void }) {
  const { accepted, delivered, opened, clicked, orders } = report
  const stages: Stage[] = [
    { show: 'accepted', words: 'Sent', value: accepted, of: null },
    { show: 'delivered', words: 'Delivered', value: delivered, of: [accepted, 'sent'] },
    { show: 'opened', words: 'Opened', value: opened.human, of: [delivered, 'delivered'], machine: opened.machine, unknown: opened.unknown },
    { show: 'clicked', words: 'Clicked a link', value: clicked.human, of: [delivered, 'delivered'], machine: clicked.machine, unknown: clicked.unknown },
    { show: 'ordered', words: 'Orders', value: orders, of: [clicked.human, 'those who clicked'] },
  ]
  const whole = Math.max(1, accepted, ...stages.map((stage) => stage.value + (stage.machine ?? 0) + (stage.unknown ?? 0)))
  const width = (value: number): string => `${(value / whole) * 100}%`
  return (
    <div>
      <ol className={css.funnel}>
        {stages.map((stage) => (
          <li key={stage.words}>
            <button type="button" className={css.stage} onClick={() => onShow(stage.show)}>
              <span className={css.name}>{stage.words}</span>
              <span className={css.track} aria-hidden="true">
                <svg width="100%" height="22" className={css.svg}>
                  <defs>
                    <pattern id="machine" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                      <rect width="6" height="6" fill="#dfe7e2" />
                      <rect width="2" height="6" fill="#a9bcb0" />
                    </pattern>
                  </defs>
                  <rect width="100%" height="22" rx="4" className={css.ground} />
                  <rect width={width(stage.value + (stage.unknown ?? 0) + (stage.machine ?? 0))} height="22" rx="4" fill="url(#machine)" />
                  <rect width={width(stage.value + (stage.unknown ?? 0))} height="22" rx="4" className={css.unknown} />
                  <rect width={width(stage.value)} height="22" rx="4" className={css.human} />
                </svg>
              </span>
              <span className={css.value}>{number(stage.value)}</span>
              <span className={css.share}>{stage.of && stage.of[0] > 0 ? `${share(stage.value, stage.of[0])} of ${stage.of[1]}` : ''}</span>
              {((stage.machine ?? 0) > 0 || (stage.unknown ?? 0) > 0) && (
                <span className={css.aside}>
                  {[(stage.machine ?? 0) > 0 && `${number(stage.machine ?? 0)} more by machines only`, (stage.unknown ?? 0) > 0 && `${number(stage.unknown ?? 0)} cannot be told`].filter(Boolean).join(', ')}
                </span>
              )}
            </button>
          </li>
        ))}
      </ol>
      <div className={css.legend}>
        <span>
          <i className={css.keyHuman} />
          <Text as="span" variant="bodySm">
            People
          </Text>
        </span>
        <span>
          <i className={css.keyUnknown} />
          <Text as="span" variant="bodySm">
            Cannot be told
          </Text>
        </span>
        <span>
          <i className={css.keyMachine} />
          <Text as="span" variant="bodySm">
            Machines: privacy proxies and scanners
          </Text>
        </span>
      </div>
    </div>
  )
}
