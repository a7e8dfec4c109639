import { useState } from 'react'
import { wallClock, zonedInstant, type Format } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, InlineGrid, Text, TextField } from '../ui/index.ts'

interface Props {
  onClose: () => void
  onChoose: (at: string) => void
  busy: boolean
  formats: Format
  /** What time it is at the server, when the page was asked for: it decides when the time has come, not the clock of this machine. */
  now: string
  /** When this machine heard it. */
  heardAt: number
}

/** Date and time as the clocks in the shop's zone show them; tomorrow at nine to begin with. */
export function ScheduleDialog({ onClose, onChoose, busy, formats, now: told, heardAt }: Props) {
  const [now] = useState(() => Date.parse(told) + Date.now() - heardAt)
  const [date, setDate] = useState(() => wallClock(new Date(now + 86_400_000), formats.zone).date)
  const [time, setTime] = useState('09:00')
  const at = zonedInstant(date, time, formats.zone)
  const past = at !== null && at.getTime() < now
  return (
    <Dialog
      open
      title="When should it go out?"
      size="small"
      onClose={onClose}
      primary={{ content: 'Schedule', loading: busy, disabled: at === null || past, onAction: () => at && onChoose(at.toISOString()) }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <InlineGrid columns={2} gap="300">
          <TextField label="Date" type="date" value={date} onChange={setDate} autoComplete="off" min={wallClock(new Date(now), formats.zone).date} />
          <TextField label="Time" type="time" value={time} onChange={setTime} autoComplete="off" />
        </InlineGrid>
        <Text as="p" tone={past ? 'critical' : 'subdued'}>
          {at === null ? 'Choose a date and a time.' : past ? 'That time has gone by. Choose a later one.' : `${formats.dateTime(at.toISOString())} in your shop’s zone, ${formats.zone}.`}
        </Text>
      </BlockStack>
    </Dialog>
  )
}
