import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import css from './Figure.module.css'

/** Numbers beside each other, two and two on a phone. */
export const FigureGrid = ({ children }: { children: ReactNode }) => <div className={css.figures}>{children}</div>

/** One number with its unit and what it is part of. */
export function Figure({ label, value, detail, url }: { label: string; value: string; detail: string; url: string }) {
  return (
    <Link to={url} className={css.figure}>
      <span className={css.label}>{label}</span>
      <span className={css.value}>{value}</span>
      <span className={css.detail}>{detail}</span>
    </Link>
  )
}
