import { useState } from 'react'
import type { PreviewReply } from '../../../app/templates/contract.ts'
import { MailFrame } from '../../components/MailFrame.tsx'
import { number } from '../../format.ts'
import { useSettings } from '../../shop.ts'
import { Button, ButtonGroup, Failed, icons, SkeletonBodyText, Text, Tooltip } from '../../ui/index.ts'
import css from './MailPane.module.css'

type View = 'desktop' | 'phone' | 'text'
interface Props {
  preview: PreviewReply | undefined
  stale: boolean
  fault: string | null
  again: () => void
}

/** The mail itself: how it stands in the inbox, and how it opens, on a large screen, a phone, in the dark, or as plain text. */
export function MailPane({ preview, stale, fault, again }: Props) {
  const [view, setView] = useState<View>('desktop')
  const [dark, setDark] = useState(false)
  const { data } = useSettings()
  return (
    <section className={css.pane} aria-label="The mail as it arrives">
      <div className={css.bar}>
        <ButtonGroup variant="segmented">
          <Button icon={icons.Desktop} size="slim" pressed={view === 'desktop'} onClick={() => setView('desktop')} accessibilityLabel="On a large screen" />
          <Button icon={icons.Phone} size="slim" pressed={view === 'phone'} onClick={() => setView('phone')} accessibilityLabel="On a phone" />
          <Button icon={icons.PlainText} size="slim" pressed={view === 'text'} onClick={() => setView('text')} accessibilityLabel="As plain text" />
        </ButtonGroup>
        <Tooltip content={dark ? 'Show it light' : 'Show it in the dark'} activatorWrapper="div">
          <Button icon={icons.Moon} size="slim" pressed={dark} disabled={view === 'text'} onClick={() => setDark(!dark)} accessibilityLabel="In dark mode" />
        </Tooltip>
        <span className={css.note}>
          <Text as="span" variant="bodySm" tone="subdued">
            {stale ? 'Drawing…' : preview ? `${number(Math.ceil(preview.bytes / 1024))} KB` : ''}
          </Text>
        </span>
      </div>
      {fault && (
        <div className={css.fault}>
          <Failed inline title="The mail could not be drawn" words={`${fault} Your changes are kept.`} again={again} />
        </div>
      )}
      {preview ? (
        <>
          <div className={css.inbox}>
            <Text as="span" fontWeight="semibold">
              {data?.senderName || data?.shop.name || 'Your shop'}
            </Text>
            <span className={css.subject}>
              <Text as="span" fontWeight="medium">
                {preview.subject || 'No subject yet'}
              </Text>
              <Text as="span" tone="subdued">
                {preview.preheader && ` – ${preview.preheader}`}
              </Text>
            </span>
          </div>
          <div className={dark && view !== 'text' ? css.stageDark : css.stage}>
            {view === 'text' ? (
              <pre className={css.text}>{preview.text}</pre>
            ) : (
              <div className={view === 'phone' ? css.phone : css.desktop}>
                <MailFrame html={preview.html} title="The mail as it arrives" width={view === 'phone' ? 375 : 660} fill={view === 'desktop'} dark={dark} />
              </div>
            )}
          </div>
        </>
      ) : fault ? null : (
        <div className={css.wait}>
          <SkeletonBodyText lines={14} />
        </div>
      )}
    </section>
  )
}
