import { useEffect, useMemo, useRef, useState } from 'react'
import css from './MailFrame.module.css'

interface Props {
  html: string
  title: string
  /** How wide the mail believes its window is. Narrower places show it smaller, never cropped. */
  width?: number
  /** A wider place makes a wider window. */
  fill?: boolean
  dark?: boolean
  /** Fixed height on the page; without it the mail fills its place. */
  height?: number
  /** A picture only: nothing in it can be pressed or reached. */
  still?: boolean
}

/** A mail as it arrives, shut in: no scripts, no forms, no way to our page, links that lead nowhere. */
export function MailFrame({ html, title, width = 640, fill = false, dark = false, height, still = false }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState<{ width: number; height: number } | null>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const watch = new ResizeObserver(([entry]) => entry && setRoom({ width: entry.contentRect.width, height: entry.contentRect.height }))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const window = fill && room ? Math.max(width, room.width) : width
  const scale = room ? Math.min(1, room.width / window) : 1
  const shown = useMemo(() => shutIn(html, dark), [html, dark])
  return (
    <div ref={place} className={css.place} style={height === undefined ? undefined : { height }}>
      {room && (
        <iframe
          title={title}
          sandbox=""
          srcDoc={shown}
          tabIndex={still ? -1 : 0}
          {...(still ? { 'aria-hidden': true } : {})}
          className={still ? css.still : css.frame}
          style={{ width: window, height: room.height / scale, transform: `scale(${scale})`, marginLeft: Math.max(0, (room.width - window * scale) / 2), colorScheme: dark ? 'dark' : 'light' }}
        />
      )}
    </div>
  )
}

/**
 * Links open nothing (the sandbox allows no windows). The look for dark mode follows the button here instead of this
 * computer's own setting, so its media query is answered by hand.
 */
function shutIn(html: string, dark: boolean): string {
  const decided = html.replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi, dark ? '(min-width: 1px)' : '(max-width: 0px)').replace(/color-scheme:\s*light dark/gi, `color-scheme: ${dark ? 'dark' : 'light'}`)
  const head = '<base target="_blank">'
  return /<head[^>]*>/i.test(decided) ? decided.replace(/<head[^>]*>/i, (tag) => tag + head) : head + decided
}
