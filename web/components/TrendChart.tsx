import { useEffect, useId, useRef, useState } from 'react'
import { calendarDay } from '../format.ts'
import css from './TrendChart.module.css'

interface Props {
  title: string
  /** In words, what the picture shows; for people who do not see it. */
  summary: string
  points: { day: string; value: number }[]
  kind: 'line' | 'bars'
  words: (value: number) => string
}

const height = 168
const inset = { top: 10, right: 4, bottom: 22, left: 4 }

/** One number a day, drawn by ourselves. Pointing at a day, or moving with the arrow keys, reads it out. */
export function TrendChart({ title, summary, points, kind, words }: Props) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [at, setAt] = useState<number | null>(null)
  useEffect(() => {
    if (!box.current) return
    const watch = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  const values = points.map((point) => point.value)
  const [low, high] = range(values, kind)
  const step = (width - inset.left - inset.right) / Math.max(1, kind === 'bars' ? points.length : points.length - 1)
  const x = (n: number): number => inset.left + step * (kind === 'bars' ? n + 0.5 : n)
  const y = (value: number): number => height - inset.bottom - ((value - low) / (high - low)) * (height - inset.top - inset.bottom)
  const base = height - inset.bottom
  const shown = at === null ? null : points[at]
  const move = (by: number): void => setAt((now) => Math.min(points.length - 1, Math.max(0, (now ?? points.length - 1) + by)))

  return (
    <div ref={box} className={css.box}>
      <div className={css.reading} aria-live="polite">
        {shown ? `${calendarDay(shown.day)}: ${words(shown.value)}` : ' '}
      </div>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-labelledby={`${id}-title ${id}-desc`}
          tabIndex={0}
          className={css.chart}
          onPointerMove={(event) => {
            const left = event.clientX - event.currentTarget.getBoundingClientRect().left
            setAt(Math.min(points.length - 1, Math.max(0, Math.round((left - inset.left) / step - (kind === 'bars' ? 0.5 : 0)))))
          }}
          onPointerLeave={() => setAt(null)}
          onBlur={() => setAt(null)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowLeft') move(-1)
            else if (event.key === 'ArrowRight') move(1)
            else return
            event.preventDefault()
          }}
        >
          <title id={`${id}-title`}>{title}</title>
          <desc id={`${id}-desc`}>{summary}</desc>
          {[0, 0.5, 1].map((part) => (
            <line key={part} x1={inset.left} x2={width - inset.right} y1={base - part * (base - inset.top)} y2={base - part * (base - inset.top)} className={css.grid} />
          ))}
          {kind === 'line' && points.length > 1 && (
            <>
              <path d={`M${x(0)},${base} ${points.map((p, n) => `L${x(n)},${y(p.value)}`).join(' ')} L${x(points.length - 1)},${base} Z`} className={css.area} />
              <polyline points={points.map((p, n) => `${x(n)},${y(p.value)}`).join(' ')} className={css.line} />
            </>
          )}
          {kind === 'bars' &&
            points.map((p, n) => (
              <rect key={p.day} x={x(n) - step * 0.36} width={step * 0.72} y={y(p.value)} height={Math.max(0, base - y(p.value))} rx={Math.min(2, step / 4)} className={n === at ? css.barAt : css.bar} />
            ))}
          {at !== null && kind === 'line' && shown && <circle cx={x(at)} cy={y(shown.value)} r={4} className={css.dot} />}
          {points[0] && (
            <text x={inset.left} y={height - 4} className={css.label}>
              {calendarDay(points[0].day)}
            </text>
          )}
          {points.length > 1 && (
            <text x={width - inset.right} y={height - 4} textAnchor="end" className={css.label}>
              {calendarDay(points[points.length - 1]?.day ?? '')}
            </text>
          )}
        </svg>
      )}
      <table className="visually-hidden">
        <caption>{title}</caption>
        <tbody>
          {points.map((p) => (
            <tr key={p.day}>
              <th scope="row">{calendarDay(p.day)}</th>
              <td>{words(p.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Bars begin at nothing, or their lengths would lie; a line may begin near its lowest point. */
function range(values: number[], kind: 'line' | 'bars'): [number, number] {
  const high = Math.max(1, ...values)
  if (kind === 'bars') return [0, high]
  const low = Math.min(...values, high)
  const air = Math.max(1, (high - low) * 0.25)
  return [Math.max(0, low - air), high + air * 0.3]
}
