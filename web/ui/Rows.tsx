import { Card, IndexTable, useBreakpoints } from '@shopify/polaris'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import css from './Rows.module.css'

export interface Column<Row> {
  title: string
  cell: (row: Row) => ReactNode
  /** Numbers stand at the right. */
  number?: boolean
  /** Left out where there is no room; `narrow` on a phone may show it as a second line. */
  phone?: 'end' | 'below' | 'hide'
}

interface Props<Row> {
  rows: Row[]
  /** The first column is the row's name: it carries the link. */
  columns: Column<Row>[]
  id: (row: Row) => string
  url: (row: Row) => string
  /** What one and many of them are called, for screen readers. */
  names: { singular: string; plural: string }
  footer?: ReactNode
  header?: ReactNode
}

/** A list of things that open: a table on a laptop, stacked lines on a phone. */
export function Rows<Row>({ rows, columns, id, url, names, footer, header }: Props<Row>) {
  const { smDown } = useBreakpoints()
  const [first, ...others] = columns
  return (
    <Card padding="0">
      {header}
      {rows.length === 0 ? null : smDown ? (
        <ul className={css.list}>
          {rows.map((row) => (
            <li key={id(row)}>
              <Link to={url(row)} className={css.item}>
                <span className={css.top}>
                  <span className={css.name}>{first?.cell(row)}</span>
                  {others.filter((column) => column.phone === 'end').map((column) => (
                    <span key={column.title}>{column.cell(row)}</span>
                  ))}
                </span>
                <span className={css.below}>
                  {others.filter((column) => column.phone === 'below').map((column) => (
                    <span key={column.title}>{column.cell(row)}</span>
                  ))}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <IndexTable
          itemCount={rows.length}
          selectable={false}
          resourceName={names}
          headings={columns.map((column) => ({ id: column.title, title: column.title, ...(column.number ? { alignment: 'end' as const } : {}) })) as [{ id: string; title: string }]}
        >
          {rows.map((row, position) => (
            <IndexTable.Row key={id(row)} id={id(row)} position={position}>
              {columns.map((column, n) => (
                <IndexTable.Cell key={column.title}>
                  {n === 0 ? (
                    <Link to={url(row)} className={css.link} data-primary-link>
                      {column.cell(row)}
                    </Link>
                  ) : column.number ? (
                    <span className={css.number}>{column.cell(row)}</span>
                  ) : (
                    column.cell(row)
                  )}
                </IndexTable.Cell>
              ))}
            </IndexTable.Row>
          ))}
        </IndexTable>
      )}
      {footer && <div className={css.footer}>{footer}</div>}
    </Card>
  )
}
