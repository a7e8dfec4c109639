import { useMutation } from '@tanstack/react-query'
import { z } from 'zod'
import { productPick, type ProductPick } from '../../../app/templates/contract.ts'
import { ask, wordsOf } from '../../api.ts'
import { pickProducts, toastFault } from '../../bridge.ts'
import { BlockStack, Button, ButtonGroup, icons, InlineStack, Text, TextField, Thumbnail } from '../../ui/index.ts'
import type { Change, Of } from './BlockFields.tsx'
import css from './ProductFields.module.css'

const reply = z.object({ products: z.array(productPick) })
const most = 12

/** Products from Shopify's own picker, in the order in which they stand in the mail. */
export function ProductFields({ block, onChange }: { block: Of<'products'>; onChange: Change<Of<'products'>> }) {
  const choose = useMutation({
    mutationFn: async () => {
      const chosen = await pickProducts(block.picks.map((pick) => pick.productId), most)
      if (!chosen) return null
      if (chosen.length === 0) return []
      // Prices and pictures as the server knows them: the picker's own would be out of date sooner.
      const { products } = await ask(reply, `/api/products?ids=${encodeURIComponent(chosen.map((one) => one.id).join(','))}`)
      if (products.length === 0) throw new Error('not read yet')
      return products
    },
    onSuccess: (picks) => picks && onChange({ ...block, picks }),
    onError: (error) => toastFault(error.message === 'not read yet' ? 'These products have not been read from your store yet. Try again in a minute.' : wordsOf(error)),
  })
  const shift = (from: number, by: number): void => {
    const picks = [...block.picks]
    const [moved] = picks.splice(from, 1)
    if (moved) onChange({ ...block, picks: picks.toSpliced(from + by, 0, moved) })
  }
  return (
    <BlockStack gap="400">
      <Button icon={icons.Product} onClick={() => choose.mutate()} loading={choose.isPending}>
        {block.picks.length === 0 ? 'Choose products' : 'Choose others'}
      </Button>
      {block.picks.length > 0 && (
        <ul className={css.list}>
          {block.picks.map((pick, n) => (
            <Pick
              key={pick.productId}
              pick={pick}
              {...(n > 0 ? { onUp: () => shift(n, -1) } : {})}
              {...(n < block.picks.length - 1 ? { onDown: () => shift(n, 1) } : {})}
              onRemove={() => onChange({ ...block, picks: block.picks.filter((one) => one.productId !== pick.productId) })}
            />
          ))}
        </ul>
      )}
      <BlockStack gap="100">
        <Text as="span">Beside each other</Text>
        <ButtonGroup variant="segmented" fullWidth>
          {([1, 2, 3] as const).map((columns) => (
            <Button key={columns} pressed={block.columns === columns} onClick={() => onChange({ ...block, columns })}>
              {String(columns)}
            </Button>
          ))}
        </ButtonGroup>
      </BlockStack>
      <TextField label="Button under each" value={block.button} onChange={(button) => onChange({ ...block, button }, 'button')} maxLength={60} autoComplete="off" helpText="Empty: no button; the picture leads to the product." />
    </BlockStack>
  )
}

function Pick({ pick, onUp, onDown, onRemove }: { pick: ProductPick; onUp?: () => void; onDown?: () => void; onRemove: () => void }) {
  return (
    <li className={css.pick}>
      <Thumbnail source={pick.imageUrl ?? icons.Image} alt="" size="small" />
      <div className={css.words}>
        <Text as="span" fontWeight="medium" truncate>
          {pick.title}
        </Text>
        <Text as="span" tone="subdued" variant="bodySm">
          {pick.compareAt ? `${pick.price}, was ${pick.compareAt}` : pick.price}
        </Text>
      </div>
      <InlineStack wrap={false}>
        <Button icon={icons.Up} variant="tertiary" size="micro" disabled={!onUp} {...(onUp ? { onClick: onUp } : {})} accessibilityLabel={`Move ${pick.title} up`} />
        <Button icon={icons.Down} variant="tertiary" size="micro" disabled={!onDown} {...(onDown ? { onClick: onDown } : {})} accessibilityLabel={`Move ${pick.title} down`} />
        <Button icon={icons.Close} variant="tertiary" size="micro" onClick={onRemove} accessibilityLabel={`Take ${pick.title} out`} />
      </InlineStack>
    </li>
  )
}
