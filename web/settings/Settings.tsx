import { useSearchParams } from 'react-router-dom'
import { wordsOf } from '../api.ts'
import { useSettings } from '../shop.ts'
import { Failed, PageFrame, PageSkeleton, Tabs } from '../ui/index.ts'
import { Fields } from './Fields.tsx'
import { providerName } from './provider.ts'
import { Privacy } from './Privacy.tsx'
import { SettingsForm } from './SettingsForm.tsx'
import { StoreData } from './StoreData.tsx'
import css from './Settings.module.css'

const parts = [
  { id: 'sender', content: 'Sender' },
  { id: 'brand', content: 'Brand' },
  { id: 'consent', content: 'Consent and tracking' },
  { id: 'fields', content: 'Fields' },
  { id: 'store', content: 'Store data' },
  { id: 'privacy', content: 'Privacy requests' },
] as const
export type Part = (typeof parts)[number]['id']

/** Who am I, and how do I send? */
export default function Settings() {
  const [params, setParams] = useSearchParams()
  const asked = useSettings()
  if (asked.isError && !asked.data) return <Failed title="The settings could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  if (!asked.data) return <PageSkeleton shape="form" />
  const settings = asked.data
  const at = Math.max(0, parts.findIndex((one) => one.id === params.get('part')))
  const part = parts[at]?.id ?? 'sender'
  return (
    <PageFrame
      title="Settings"
      sentence={settings.senderReady ? `Your mail comes from ${settings.senderName}, ${settings.senderEmail}.` : 'Say who your mail is from before you send.'}
      detail={`Sent with ${providerName(settings.mailProvider)}. Times are in ${settings.shop.timezone}, money in ${settings.shop.currency}, as in your store.`}
    >
      <div className={css.tabs}>
        <Tabs tabs={parts.map((one) => ({ ...one, panelID: `${one.id}-panel` }))} selected={at} onSelect={(n) => setParams(n === 0 ? {} : { part: parts[n]?.id ?? 'sender' }, { replace: true })} />
      </div>
      {part === 'store' ? <StoreData settings={settings} /> : part === 'fields' ? <Fields /> : part === 'privacy' ? <Privacy timezone={settings.shop.timezone} currency={settings.shop.currency} /> : null}
      {/* Stays mounted, so that changes on one tab outlive a look at another. */}
      <SettingsForm settings={settings} part={part} />
    </PageFrame>
  )
}
