import { brand, defaultBrand, type Brand } from './contract.ts'

/** The stored brand of a shop; what is missing or unreadable falls back to ours. */
export function brandOf(settings: { brand: Record<string, unknown> }): Brand {
  const whole = brand.safeParse({ ...defaultBrand, ...settings.brand })
  return whole.success ? whole.data : defaultBrand
}
