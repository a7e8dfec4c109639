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
  /** What to write on a link, by its number (`data-link`): drawn by a style sheet, because nothing in here may run. */
  marks?: Record<number, string>
}

/** A mail as it arrives, shut in: no scripts, no forms, no way to our page, links that lead nowhere. */
export function MailFrame({ html, title, width = 640, fill = false, dark = false, height, still = false, marks }: Props) {
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
  const shown = useMemo(() => shutIn(html, dark, marks), [html, dark, marks])
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
function shutIn(html: string, dark: boolean, marks: Record<number, string> = {}): string {
  const decided = html.replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi, dark ? '(min-width: 1px)' : '(max-width: 0px)').replace(/color-scheme:\s*light dark/gi, `color-scheme: ${dark ? 'dark' : 'light'}`)
  const head = `<base target="_blank">${Object.keys(marks).length > 0 ? `<style>${markStyle(marks)}</style>` : ''}`
  return /<head[^>]*>/i.test(decided) ? decided.replace(/<head[^>]*>/i, (tag) => tag + head) : head + decided
}

/** A frame around each marked link and a small label over its corner. Only plain letters, digits and spaces come into the style. */
function markStyle(marks: Record<number, string>): string {
  const frame = 'a[data-link]{position:relative!important;display:inline-block}'
  const look = 'position:absolute;top:-10px;right:-6px;z-index:9;padding:1px 7px;border-radius:9px;background:#1d4ed8;color:#fff;font:600 11px/17px system-ui,sans-serif;text-decoration:none;white-space:nowrap;letter-spacing:0'
  return (
    frame +
    Object.entries(marks)
      .map(([n, words]) => `a[data-link="${Number(n)}"]{outline:2px solid #1d4ed8;outline-offset:2px}a[data-link="${Number(n)}"]::after{content:"${words.replace(/[^\p{L}\p{N} %.,]/gu, '')}";${look}}`)
      .join('')
  )
}
