import type { Brand } from '../../app/templates/contract.ts'
import { useSettings } from '../shop.ts'
import css from './BrandSample.module.css'

const families: Record<Brand['font'], string> = {
  system: "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
  serif: "Georgia, 'Times New Roman', serif",
  rounded: "'Hiragino Maru Gothic ProN', Quicksand, 'Arial Rounded MT Bold', 'Trebuchet MS', sans-serif",
  mono: "ui-monospace, Menlo, Consolas, 'Courier New', monospace",
}

/** A small mail in the colours that are being chosen, before they are saved. */
export function BrandSample({ brand }: { brand: Brand }) {
  const { data } = useSettings()
  const name = data?.shop.name ?? 'Your shop'
  return (
    <div className={css.around} style={{ background: brand.background, color: brand.text, fontFamily: families[brand.font] }}>
      <div className={css.head}>{brand.logoUrl ? <img src={brand.logoUrl} alt={name} style={{ width: brand.logoWidth, maxWidth: '100%' }} /> : name}</div>
      <div className={css.mail} style={{ background: brand.surface, borderRadius: Math.min(brand.radius * 2, 16) }}>
        <p className={css.heading}>We have news for you</p>
        <p>A few words, so that you see how they read in your mail.</p>
        <span className={css.button} style={{ background: brand.accent, color: brand.accentText, borderRadius: brand.radius }}>
          Have a look
        </span>
      </div>
    </div>
  )
}
