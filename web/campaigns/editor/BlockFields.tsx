import type { Block, LeafBlock } from '../../../app/templates/contract.ts'
import { BlockStack, ButtonGroup, Button, Checkbox, icons, RangeSlider, Select, Text, TextField } from '../../ui/index.ts'
import { pickProducts } from '../../bridge.ts'
import { LinkField } from '../../components/LinkField.tsx'
import { MergeField } from './MergeField.tsx'
import { ProductFields } from './ProductFields.tsx'
import { RichText } from './RichText.tsx'

type Of<T extends Block['type']> = Extract<Block, { type: T }>
/** `field` names what is being typed into, so that one pause-free typing is one step back. */
type Change<B extends Block> = (next: B, field?: string) => void

/** The settings of one block. */
export function BlockFields({ block, onChange }: { block: Block; onChange: Change<Block> }) {
  switch (block.type) {
    case 'heading':
      return <HeadingFields block={block} onChange={onChange} />
    case 'text':
      return (
        <BlockStack gap="400">
          <RichText key={block.id} label="Text" html={block.html} onChange={(html) => onChange({ ...block, html }, 'html')} />
          <Align value={block.align} onChange={(align) => onChange({ ...block, align })} />
        </BlockStack>
      )
    case 'image':
      return <ImageFields key={block.id} block={block} onChange={onChange} />
    case 'button':
      return (
        <BlockStack gap="400">
          <MergeField label="What it says" value={block.text} maxLength={200} onChange={(text) => onChange({ ...block, text }, 'text')} />
          <LinkField key={block.id} label="Where it leads" value={block.href} onChange={(href) => onChange({ ...block, href }, 'href')} />
          <Align value={block.align} onChange={(align) => onChange({ ...block, align })} />
        </BlockStack>
      )
    case 'products':
      return <ProductFields block={block} onChange={onChange} />
    case 'divider':
      return <Text as="p" tone="subdued">A thin line in your brand’s colours. There is nothing to set.</Text>
    case 'spacer':
      return <RangeSlider label="Height" min={4} max={120} step={4} value={block.height} onChange={(height) => onChange({ ...block, height: Number(height) }, 'height')} suffix={<Suffix text={`${block.height} px`} />} output />
    case 'columns':
      return <Text as="p" tone="subdued">Two columns side by side; on a phone the second comes below the first. Choose a block inside to change it.</Text>
  }
}

export type { Change, Of }

const HeadingFields = ({ block, onChange }: { block: Of<'heading'>; onChange: Change<LeafBlock> }) => (
  <BlockStack gap="400">
    <MergeField label="Heading" value={block.text} maxLength={500} lines={2} onChange={(text) => onChange({ ...block, text }, 'text')} />
    <Select
      label="Size"
      options={[
        { label: 'Large', value: '1' },
        { label: 'Medium', value: '2' },
        { label: 'Small', value: '3' },
      ]}
      value={String(block.level)}
      onChange={(level) => onChange({ ...block, level: level === '1' ? 1 : level === '2' ? 2 : 3 })}
    />
    <Align value={block.align} onChange={(align) => onChange({ ...block, align })} />
  </BlockStack>
)

function ImageFields({ block, onChange }: { block: Of<'image'>; onChange: Change<LeafBlock> }) {
  const fromProduct = async (): Promise<void> => {
    const [product] = (await pickProducts([], 1)) ?? []
    if (product?.imageUrl) onChange({ ...block, src: product.imageUrl, alt: block.alt ?? product.title })
  }
  return (
    <BlockStack gap="400">
      <LinkField label="Address of the picture" value={block.src} onChange={(src) => onChange({ ...block, src }, 'src')} help="Copy it from Content › Files in your Shopify admin." />
      <Button icon={icons.Product} onClick={() => void fromProduct()}>
        Use a product’s picture
      </Button>
      <TextField
        label="What it shows, in words"
        value={block.alt ?? ''}
        onChange={(alt) => onChange({ ...block, alt: alt === '' ? null : alt }, 'alt')}
        disabled={block.alt === ''}
        maxLength={500}
        autoComplete="off"
        helpText="For people who do not see it, and for mail that arrives without pictures."
      />
      <Checkbox label="It is only decoration" checked={block.alt === ''} onChange={(only) => onChange({ ...block, alt: only ? '' : null })} />
      <LinkField label="Where a press leads (may stay empty)" value={block.href} onChange={(href) => onChange({ ...block, href }, 'href')} />
      <RangeSlider label="Width" min={40} max={600} step={10} value={block.width} onChange={(width) => onChange({ ...block, width: Number(width) }, 'width')} suffix={<Suffix text={`${block.width} px`} />} output />
    </BlockStack>
  )
}

const Suffix = ({ text }: { text: string }) => (
  <span style={{ minWidth: 48, textAlign: 'right', fontVariantNumeric: 'tabular-nums' }}>{text}</span>
)

function Align({ value, onChange }: { value: 'left' | 'center' | 'right'; onChange: (value: 'left' | 'center' | 'right') => void }) {
  const ways = { left: 'Left', center: 'Middle', right: 'Right' } as const
  return (
    <BlockStack gap="100">
      <Text as="span" id="align">
        Where it stands
      </Text>
      <ButtonGroup variant="segmented" fullWidth>
        {(['left', 'center', 'right'] as const).map((way) => (
          <Button key={way} pressed={value === way} onClick={() => onChange(way)}>
            {ways[way]}
          </Button>
        ))}
      </ButtonGroup>
    </BlockStack>
  )
}
