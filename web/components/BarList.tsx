import { Text } from '../ui/index.ts'
import { number, share } from '../format.ts'
import css from './BarList.module.css'

export interface Bar {
  key: string
  words: string
  value: number
  onPress?: () => void
}

/** Reasons and their sizes, largest first, as bars with words. */
export function BarList({ bars, whole, caption }: { bars: Bar[]; whole: number; caption: string }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value))
  return (
    <ul className={css.list} aria-label={caption}>
      {bars.map((bar) => {
        const inside = (
          <>
            <span className={css.line}>
              <span className={css.words}>{bar.words}</span>
              <span className={css.value}>
                {number(bar.value)}{' '}
                <Text as="span" tone="subdued">
                  {share(bar.value, whole)}
                </Text>
              </span>
            </span>
            <span className={css.track} aria-hidden="true">
              <span className={css.bar} style={{ width: bar.value === 0 ? 0 : `${Math.max(0.5, (bar.value / most) * 100)}%` }} />
            </span>
          </>
        )
        return (
          <li key={bar.key}>
            {bar.onPress ? (
              <button type="button" className={css.press} onClick={bar.onPress}>
                {inside}
              </button>
            ) : (
              <div className={css.plain}>{inside}</div>
            )}
          </li>
        )
      })}
    </ul>
  )
}
