import type { FormSettings } from '../../app/forms/contract.ts'
import { ColourField } from '../components/ColourField.tsx'
import { contrast } from '../components/contrast.ts'
import { Banner, BlockStack, InlineGrid, RangeSlider, Section, Text } from '../ui/index.ts'

/** Colours and corners; the font is the theme's. Says when words would be hard to read. */
export function Look({ settings, onChange }: { settings: FormSettings; onChange: (settings: FormSettings) => void }) {
  const { look } = settings
  const set = (change: Partial<FormSettings['look']>): void => onChange({ ...settings, look: { ...look, ...change } })
  const weak = [contrast(look.text, look.background) < 4.5 && 'the text on its background', contrast(look.accentText, look.accent) < 4.5 && 'the words on the button'].filter((one) => one !== false)
  return (
    <Section title="Look">
      <BlockStack gap="400">
        <InlineGrid columns={2} gap="300">
          <ColourField label="Background" value={look.background} onChange={(background) => set({ background })} />
          <ColourField label="Text" value={look.text} onChange={(text) => set({ text })} />
          <ColourField label="Button" value={look.accent} onChange={(accent) => set({ accent })} />
          <ColourField label="Words on the button" value={look.accentText} onChange={(accentText) => set({ accentText })} />
        </InlineGrid>
        <RangeSlider label={`Corners: ${look.radius} px`} min={0} max={24} value={look.radius} onChange={(radius) => set({ radius: Number(radius) })} />
        {weak.length > 0 && (
          <Banner tone="warning">
            <Text as="p">Hard to read: {weak.join(' and ')}. Make one darker or lighter.</Text>
          </Banner>
        )}
      </BlockStack>
    </Section>
  )
}
