import { Link } from 'react-router-dom'
import css from './Figure.module.css'

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
