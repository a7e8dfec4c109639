import { useRef, useState } from 'react'
import type { Condition, SegmentChoices } from '../../app/segments/contract.ts'
import { useFocusInside } from '../components/useFocusInside.ts'
import { ActionList, Button, icons, InlineError, Popover, Text, type IconSource } from '../ui/index.ts'
import css from './Builder.module.css'
import { faultOf, goneOf, titleOf } from './conditions.ts'
import { Sentence } from './Sentence.tsx'
import { useProducts } from './things.tsx'

interface Props {
  id: string
  condition: Condition
  choices: SegmentChoices
  currency: string
  today: string
  self?: string
  /** Say what is still missing too. */
  tried: boolean
  /** What the server said of it. */
  refusal?: string
  onChange: (next: Condition) => void
  onRemove: () => void
  /** Missing where there is no room for it. */
  onDuplicate?: () => void
  onWrap?: () => void
}

/** A line of the builder: a piece of the sentence, what is wrong with it in words, and what can be done with it. */
export function ConditionRow({ id, condition, choices, tried, refusal, onRemove, onDuplicate, onWrap, ...rest }: Props) {
  const products = useProducts(condition.kind === 'bought' && condition.what.kind === 'products' ? condition.what.productIds : [])
  const fault = faultOf(condition, choices.fields)
  const gone = goneOf(condition, choices, products.isPlaceholderData ? undefined : products.data)
  const title = titleOf(condition.kind)
  return (
    <div className={css.row} role="group" aria-label={title} data-line={id}>
      <div className={css.sentence}>
        <Sentence condition={condition} choices={choices} products={products.data} {...rest} />
      </div>
      <div className={css.tools}>
        <Tools title={title} onDuplicate={onDuplicate} onWrap={onWrap} />
        <Button icon={icons.Close} variant="tertiary" onClick={onRemove} accessibilityLabel={`Take this line away: ${title}`} />
      </div>
      {condition.kind === 'buyer_group' && (
        <div className={css.below}>
          <Text as="p" variant="bodySm" tone="subdued">
            {choices.buyerGroups.words}
          </Text>
        </div>
      )}
      {refusal && (
        <div className={css.below}>
          <InlineError message={`${refusal.charAt(0).toUpperCase()}${refusal.slice(1)}.`} fieldID={id} />
        </div>
      )}
      {gone && (
        <div className={css.below}>
          <InlineError message={gone} fieldID={id} />
        </div>
      )}
      {fault && (tried || !fault.missing) && (
        <div className={css.below}>
          <InlineError message={fault.words} fieldID={id} />
        </div>
      )}
    </div>
  )
}

/** What is needed less often stands behind three dots. */
export function Tools({ title, onDuplicate, onWrap, onUnwrap }: { title: string; onDuplicate?: (() => void) | undefined; onWrap?: (() => void) | undefined; onUnwrap?: (() => void) | undefined }) {
  const [open, setOpen] = useState(false)
  const items = [
    ...(onDuplicate ? [{ content: 'Duplicate', icon: icons.Duplicate, onAction: onDuplicate }] : []),
    ...(onWrap ? [{ content: 'Put in a group', icon: icons.Group, onAction: onWrap }] : []),
    ...(onUnwrap ? [{ content: 'Take the group apart', icon: icons.Group, onAction: onUnwrap }] : []),
  ]
  if (items.length === 0) return null
  return (
    <Popover
      active={open}
      onClose={() => setOpen(false)}
      autofocusTarget="none"
      preferredAlignment="right"
      activator={<Button icon={icons.More} variant="tertiary" onClick={() => setOpen(!open)} accessibilityLabel={`More for: ${title}`} />}
    >
      <Items items={items} onDone={() => setOpen(false)} />
    </Popover>
  )
}

function Items({ items, onDone }: { items: { content: string; icon: IconSource; onAction: () => void }[]; onDone: () => void }) {
  const at = useRef<HTMLDivElement>(null)
  useFocusInside(at, 'button')
  return (
    <div ref={at}>
      <ActionList actionRole="menuitem" items={items} onActionAnyItem={onDone} />
    </div>
  )
}
