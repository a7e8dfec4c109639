import { SaveBar } from '@shopify/app-bridge-react'
import { useEffect } from 'react'
import { keepUnsaved } from '../ui/unsaved.ts'

/** The admin's bar for changes that are not saved yet. While it shows, links ask before they leave the page. */
export function UnsavedBar({ id, open, saving, onSave, onDiscard }: { id: string; open: boolean; saving: boolean; onSave: () => void; onDiscard: () => void }) {
  useEffect(() => (open ? keepUnsaved() : undefined), [open])
  return (
    <SaveBar id={id} open={open}>
      <button {...{ variant: 'primary' }} onClick={onSave} {...(saving ? { loading: '' } : {})}>
        Save
      </button>
      <button onClick={onDiscard}>Discard</button>
    </SaveBar>
  )
}
