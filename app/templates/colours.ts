import { contrast, luminance, mix } from '../lib/colour.ts'
import type { Brand } from './contract.ts'

/** Every colour of a mail, in daylight and in the dark. Links are moved until they can be read (WCAG 1.4.3: 4.5 to 1). */
export interface Look {
  light: Palette
  dark: Palette
}
export interface Palette {
  background: string
  surface: string
  text: string
  /** Quieter text: prices that are no more, captions. */
  quiet: string
  link: string
  line: string
  button: string
  buttonText: string
  /** Text directly on the background: the shop's name, the footer. */
  outside: string
}

export function lookOf(brand: Brand): Look {
  const light: Palette = {
    background: brand.background,
    surface: brand.surface,
    text: brand.text,
    quiet: readable(mix(brand.text, brand.surface, 0.35), brand.surface),
    link: readable(brand.accent, brand.surface),
    line: mix(brand.text, brand.surface, 0.85),
    button: brand.accent,
    buttonText: brand.accentText,
    outside: readable(mix(brand.text, brand.background, 0.25), brand.background),
  }
  // The dark side keeps a breath of the shop's colour in its greys.
  const surface = mix('#1b1d1c', brand.accent, 0.06)
  const background = mix('#0f1110', brand.accent, 0.04)
  const button = readable(brand.accent, surface, 3)
  const dark: Palette = {
    background,
    surface,
    text: '#eceeec',
    quiet: readable('#a9b0ac', surface),
    link: readable(brand.accent, surface),
    line: mix('#ffffff', surface, 0.84),
    button,
    buttonText: [brand.accentText, '#ffffff', '#111312'].find((c) => contrast(c, button) >= 4.5) ?? '#000000',
    outside: readable('#a9b0ac', background),
  }
  return { light, dark }
}

/** The colour, moved towards black or white in small steps until it stands out from `on` by `least` to 1. */
export function readable(colour: string, on: string, least = 4.5): string {
  const towards = luminance(on) > 0.179 ? '#000000' : '#ffffff'
  for (let share = 0; share < 1; share += 0.05) {
    const tried = mix(colour, towards, share)
    if (contrast(tried, on) >= least) return tried
  }
  return towards
}
