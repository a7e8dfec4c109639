import { Button, ButtonGroup, Card, Checkbox, IndexTable, InlineStack, Text, useBreakpoints } from '@shopify/polaris'
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
  /** Lets people choose rows and do something with all of them at once. */
  selection?: Selection<Row>
  /** Called when a row is opened. */
  onOpen?: (row: Row) => void
}

export interface Selection<Row> {
  /** Ids of rows that are shown. */
  chosen: ReadonlySet<string>
  onChange: (chosen: Set<string>) => void
  /** What the row is called beside its box. */
  name: (row: Row) => string
  actions: { content: string; onAction: () => void }[]
}

/** A list of things that open: a table on a laptop, stacked lines on a phone. */
export function Rows<Row>({ rows, columns, id, url, names, footer, header, selection, onOpen }: Props<Row>) {
  const { smDown } = useBreakpoints()
  const [first, ...others] = columns
  return (
    <Card padding="0">
      {header}
      {rows.length === 0 ? null : smDown ? (
        <ul className={css.list}>
          {rows.map((row) => (
            <li key={id(row)} className={selection ? css.choosable : undefined}>
              {selection && <Choose row={row} id={id(row)} selection={selection} />}
              <Link to={url(row)} className={css.item} onClick={() => onOpen?.(row)}>
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
          headings={
            [
              ...(selection ? [{ id: 'choose', title: 'Choose', hidden: true }] : []),
              ...columns.map((column) => ({ id: column.title, title: column.title, ...(column.number ? { alignment: 'end' as const } : {}) })),
            ] as [{ id: string; title: string }]
          }
        >
          {rows.map((row, position) => (
            <IndexTable.Row key={id(row)} id={id(row)} position={position}>
              {selection && (
                <IndexTable.Cell>
                  <Choose row={row} id={id(row)} selection={selection} />
                </IndexTable.Cell>
              )}
              {columns.map((column, n) => (
                <IndexTable.Cell key={column.title}>
                  {n === 0 ? (
                    <Link to={url(row)} className={css.link} data-primary-link onClick={() => onOpen?.(row)}>
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
      {selection && selection.chosen.size > 0 && (
        <div className={css.bar} role="region" aria-label="Chosen">
          <InlineStack gap="200" blockAlign="center">
            <Text as="span" fontWeight="semibold">
              {selection.chosen.size} chosen
            </Text>
            {selection.chosen.size < rows.length && (
              <Button variant="plain" onClick={() => selection.onChange(new Set(rows.map(id)))}>
                {`All ${rows.length} on this page`}
              </Button>
            )}
          </InlineStack>
          <ButtonGroup>
            {selection.actions.map((action) => (
              <Button key={action.content} onClick={action.onAction}>
                {action.content}
              </Button>
            ))}
            <Button variant="tertiary" onClick={() => selection.onChange(new Set())}>
              Clear
            </Button>
          </ButtonGroup>
        </div>
      )}
    </Card>
  )
}

/** The box beside a row. What is pressed here does not open the row. */
function Choose<Row>({ row, id, selection }: { row: Row; id: string; selection: Selection<Row> }) {
  const press = (on: boolean): void => {
    const next = new Set(selection.chosen)
    if (on) next.add(id)
    else next.delete(id)
    selection.onChange(next)
  }
  return (
    <span className={css.choose} onClick={(event) => event.stopPropagation()}>
      <Checkbox label={`Choose ${selection.name(row)}`} labelHidden checked={selection.chosen.has(id)} onChange={press} />
    </span>
  )
}
