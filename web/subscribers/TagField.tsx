import { TextField } from '../ui/index.ts'
import css from './Filters.module.css'

const most = 8

/** A tag as it is typed, with those that exist and begin so below it. */
export function TagField({ value, onChange, known, help, autoFocus = false, label = 'Tag', labelHidden = false }: { value: string; onChange: (tag: string) => void; known: string[]; help?: string; autoFocus?: boolean; label?: string; labelHidden?: boolean }) {
  const typed = value.trim().toLowerCase()
  const fit = known.filter((tag) => tag.toLowerCase() !== typed && tag.toLowerCase().includes(typed)).slice(0, most)
  return (
    <div>
      <TextField label={label} labelHidden={labelHidden} value={value} onChange={onChange} autoComplete="off" maxLength={255} autoFocus={autoFocus} {...(labelHidden ? { placeholder: label } : {})} {...(help ? { helpText: help } : {})} />
      {fit.length > 0 && !known.includes(value.trim()) && (
        <div className={css.known} role="group" aria-label="Tags that exist">
          {fit.map((tag) => (
            <button key={tag} type="button" className={css.chip} onClick={() => onChange(tag)}>
              {tag}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
