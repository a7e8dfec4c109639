import { useState } from 'react'
import { domainInput } from '../../../app/domains/contract.ts'
import { Button, Section, TextField } from '../../ui/index.ts'
import css from './Domain.module.css'

/** Where the shop's own mail server signs: only its keeper knows under which name. */
export function Selector({ selector, domain, busy, onSave }: { selector: string; domain: string; busy: boolean; onSave: (selector: string) => void }) {
  const [typed, setTyped] = useState<string | null>(null)
  const value = typed ?? selector
  const read = domainInput.safeParse({ selector: value })
  return (
    <Section title="Signature of your mail server" explain="If it signs your mail (DKIM), say under which selector, and its key is looked at too. Whoever runs the server knows it.">
      <form
        className={css.selector}
        onSubmit={(event) => {
          event.preventDefault()
          if (read.success) onSave(value)
          setTyped(null)
        }}
      >
        <TextField label="Selector" value={value} onChange={setTyped} autoComplete="off" placeholder="mail" suffix={`._domainkey.${domain}`} {...(read.success ? {} : { error: `This ${read.error.issues[0]?.message ?? 'does not fit'}` })} />
        <Button submit disabled={typed === null || !read.success} loading={busy}>
          Save
        </Button>
      </form>
    </Section>
  )
}
