import type { CampaignReport } from '../../app/reports/contract.ts'
import { number } from '../format.ts'
import css from './Links.module.css'

/** Each link of the mail with its presses, as a table that reads well aloud. */
export function Links({ links }: { links: CampaignReport['links'] }) {
  if (links.length === 0) return null
  const most = Math.max(1, ...links.map((link) => link.people))
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th scope="col">Link</th>
          <th scope="col" className={css.number}>
            People
          </th>
          <th scope="col" className={css.number}>
            Clicks
          </th>
        </tr>
      </thead>
      <tbody>
        {links
          .toSorted((a, b) => b.people - a.people || a.n - b.n)
          .map((link) => (
            <tr key={link.n}>
              <td>
                <span className={css.label}>{link.label || 'Picture or link without words'}</span>
                <span className={css.url}>{link.url}</span>
                <span className={css.bar} aria-hidden="true">
                  <span style={{ width: `${(link.people / most) * 100}%` }} />
                </span>
              </td>
              <td className={css.number}>{number(link.people)}</td>
              <td className={css.number}>{number(link.clicks)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  )
}
