import { brand as brandShape, type Brand as BrandInput } from '../../app/templates/contract.ts'
import { ColourField } from '../components/ColourField.tsx'
import { contrast } from '../components/contrast.ts'
import { LinkField } from '../components/LinkField.tsx'
import { Banner, BlockStack, InlineGrid, RangeSlider, Section, Select, Text } from '../ui/index.ts'
import { BrandSample } from './BrandSample.tsx'
import type { FieldProps } from './SettingsForm.tsx'

const fonts: { value: BrandInput['font']; label: string }[] = [
  { value: 'system', label: 'Plain (each device’s own)' },
  { value: 'serif', label: 'With serifs' },
  { value: 'rounded', label: 'Rounded' },
  { value: 'mono', label: 'Typewriter' },
]

/** How each mail looks. */
export function Brand({ input, set }: FieldProps) {
  const { brand } = input
  const change = (part: Partial<BrandInput>): void => set({ brand: { ...brand, ...part } })
  const weak = [contrast(brand.text, brand.surface) < 4.5 && 'the text on the mail', contrast(brand.accentText, brand.accent) < 4.5 && 'the words on buttons'].filter((one) => one !== false)
  return (
    <InlineGrid columns={{ xs: 1, md: 2 }} gap="400" alignItems="start">
      <BlockStack gap="400">
        <Section title="Logo" explain="Without one your shop’s name is written instead.">
          <LinkField label="Address of the picture" value={brand.logoUrl} onChange={(logoUrl) => change({ logoUrl })} help="Copy it from Content › Files in your Shopify admin." />
          {brand.logoUrl !== '' && <RangeSlider label={`Width: ${brand.logoWidth} px`} min={40} max={400} step={10} value={brand.logoWidth} onChange={(width) => change({ logoWidth: Number(width) })} />}
        </Section>
        <Section title="Colours">
          <BlockStack gap="300">
            <InlineGrid columns={2} gap="300">
              <ColourField label="Around the mail" value={brand.background} onChange={(background) => change({ background })} />
              <ColourField label="The mail" value={brand.surface} onChange={(surface) => change({ surface })} />
              <ColourField label="Text" value={brand.text} onChange={(text) => change({ text })} />
              <ColourField label="Buttons" value={brand.accent} onChange={(accent) => change({ accent })} />
              <ColourField label="Words on buttons" value={brand.accentText} onChange={(accentText) => change({ accentText })} />
            </InlineGrid>
            {weak.length > 0 && (
              <Banner tone="warning">
                <Text as="p">Hard to read: {weak.join(' and ')}. Make one darker or lighter.</Text>
              </Banner>
            )}
          </BlockStack>
        </Section>
        <Section title="Letters and corners">
          <Select label="Letters" options={fonts} value={brand.font} onChange={(font) => change({ font: brandShape.shape.font.parse(font) })} />
          <RangeSlider label={`Corners: ${brand.radius} px`} min={0} max={24} value={brand.radius} onChange={(radius) => change({ radius: Number(radius) })} />
        </Section>
      </BlockStack>
      <Section title="How it looks" explain="A sample with these settings. Drafts show them once they are saved.">
        <BrandSample brand={brand} />
      </Section>
    </InlineGrid>
  )
}
