import type { Headcount } from '../../app/subscribers/contract.ts'
import { number, people } from '../format.ts'
import css from './Headcount.module.css'

/** "1,204", or "more than 10,000". */
export const countWords = ({ people: count, more }: Headcount): string => (more ? `more than ${number(count)}` : number(count))
/** "1 person", "more than 10,000 people" */
export const peopleWords = (count: Headcount): string => (count.more ? `${countWords(count)} people` : people(count.people))

/** Where a number will stand once it has been counted. */
export const Counting = () => (
  <span className={css.counting}>
    <span className="visually-hidden">…</span>
  </span>
)
