import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type DragEvent } from 'react'
import { useNavigate } from 'react-router-dom'
import { importView, type ImportView } from '../../app/imports/contract.ts'
import { upload, wordsOf } from '../api.ts'
import { Banner, BlockStack, Button, ChoiceList, Icon, icons, InlineError, ProgressBar, Section, Text } from '../ui/index.ts'
import css from './Imports.module.css'

type Kind = ImportView['kind']
const mostBytes = 500 * 1024 * 1024

/** Which file, and what is in it? */
export function Start() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [kind, setKind] = useState<Kind>('people')
  const [over, setOver] = useState(false)
  const [part, setPart] = useState(0)
  const [refused, setRefused] = useState<string | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const going = useRef<AbortController | null>(null)
  useEffect(() => () => going.current?.abort(), [])
  const send = useMutation({
    mutationFn: (file: File) => {
      going.current = new AbortController()
      return upload(importView, `/api/imports?${new URLSearchParams({ name: file.name, kind })}`, file, setPart, going.current.signal)
    },
    onMutate: () => setPart(0),
    onSuccess: (made) => {
      client.setQueryData(['imports', made.id], made)
      navigate(`/subscribers/imports/${made.id}`)
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['imports'], exact: true }),
  })
  const take = (file: File | undefined): void => {
    if (!file || send.isPending) return
    const fault = faultOf(file)
    setRefused(fault)
    send.reset()
    if (!fault) send.mutate(file)
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files[0])
  }
  const stopped = send.error instanceof DOMException
  const fault = refused ?? (send.isError && !stopped ? wordsOf(send.error) : null)
  const percent = Math.round(part * 100)
  return (
    <Section title="Which file do you want to bring in?">
      <BlockStack gap="400">
        <ChoiceList
          title="What is in it"
          titleHidden
          disabled={send.isPending}
          selected={[kind]}
          onChange={([next]) => setKind(next as Kind)}
          choices={[
            { value: 'people', label: 'People', helpText: 'Customers, subscribers, guests of an event.' },
            { value: 'suppressions', label: 'Addresses that get no mail', helpText: 'Unsubscribed, bounced or blocked, as another tool lists them.' },
          ]}
        />
        {kind === 'people' && (
          <Banner tone="info">
            <Text as="p">If you come from another tool, bring its unsubscribed and suppressed people first.</Text>
          </Banner>
        )}
        <div className={css.file}>
          {send.isPending ? (
            <div className={css.sending}>
              <Text as="p" fontWeight="medium" breakWord>
                {percent < 100 ? `“${send.variables.name}” is on its way: ${percent}%` : `“${send.variables.name}” is here and being read`}
              </Text>
              <ProgressBar progress={percent} size="small" tone="success" ariaLabelledBy="import-sending" />
              <p id="import-sending" className="visually-hidden" role="status">
                {percent < 100 ? `${Math.floor(percent / 10) * 10}% sent` : 'The file is being read'}
              </p>
              <Text as="p" tone="subdued">
                Stay on this page until it is here.
              </Text>
              <div>
                <Button onClick={() => going.current?.abort()}>Stop</Button>
              </div>
            </div>
          ) : (
            <div
              className={`${css.drop} ${over ? css.over : ''}`}
              onDragOver={(event) => {
                event.preventDefault()
                setOver(true)
              }}
              onDragLeave={() => setOver(false)}
              onDrop={drop}
            >
              <Icon source={icons.Upload} tone="subdued" />
              <Text as="p" tone="subdued" alignment="center">
                Drop a CSV file here, up to 500 MB, or
              </Text>
              <Button onClick={() => input.current?.click()}>Choose a file</Button>
              <input
                ref={input}
                type="file"
                aria-label="CSV file"
                tabIndex={-1}
                className="visually-hidden"
                accept=".csv,.txt,.tsv,text/csv,text/plain,text/tab-separated-values"
                onChange={(event) => {
                  take(event.target.files?.[0])
                  event.target.value = '' // so that the same file can be chosen again once it has been put right
                }}
              />
            </div>
          )}
          <div aria-live="polite">{fault && <InlineError message={fault} fieldID="import-file" />}</div>
        </div>
      </BlockStack>
    </Section>
  )
}

/** What can be told without sending it. */
function faultOf(file: File): string | null {
  if (/\.(xlsx?|xlsm|ods|numbers)$/i.test(file.name)) return `“${file.name}” is a spreadsheet. Save it as CSV (in the spreadsheet: File, then Save as or Export) and choose that file.`
  if (/\.(zip|gz|rar|7z)$/i.test(file.name)) return `“${file.name}” is packed. Unpack it and choose the CSV file in it.`
  if (file.size === 0) return `“${file.name}” is empty.`
  if (file.size > mostBytes) return `“${file.name}” is larger than 500 MB. Split it and bring the parts one by one.`
  return null
}
