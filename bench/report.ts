import type { Verdict } from './pairs.ts'

/** The last line with --json. `peak_mb` is the highest resident memory of the process that runs the product while it ran. */
export interface Report {
  bench: string
  ratio: number
  min: number
  max: number
  bar: number
  ok: boolean
  peak_mb: number
  detail: Record<string, unknown>
}

export function reportOf(bench: string, verdict: Verdict, peakMb: number, detail: Record<string, unknown>): Report {
  const { ratio, min, max, bar, ok, limit, product } = verdict
  return { bench, ratio: round(ratio), min: round(min), max: round(max), bar, ok, peak_mb: Math.round(peakMb), detail: { limit_per_s: Math.round(limit), product_per_s: Math.round(product), ...detail } }
}

/** 0: the bar holds. 1: measured, and under the bar. (2, given by main.ts: could not be measured.) */
export const exitCode = (report: Pick<Report, 'ok'>): 0 | 1 => (report.ok ? 0 : 1)

export function inWords(report: Report, unit: string): string {
  const { detail } = report
  return [
    `${report.bench}: ratio ${report.ratio.toFixed(2)} (${report.min.toFixed(2)} to ${report.max.toFixed(2)}), bar ${report.bar}: ${report.ok ? 'holds' : 'UNDER THE BAR'}`,
    `  product ${words(detail.product_per_s)} ${unit}/s, limit ${words(detail.limit_per_s)} ${unit}/s, peak memory ${report.peak_mb} MB`,
    ...Object.entries(detail).filter(([name]) => !name.endsWith('_per_s')).map(([name, value]) => `  ${name}: ${words(value)}`),
  ].join('\n')
}

const words = (value: unknown): string =>
  typeof value === 'number' ? value.toLocaleString('en-GB', { maximumFractionDigits: 2 }) : typeof value === 'string' ? value : JSON.stringify(value)
// Not rounded up: a ratio a hair under the bar must not be printed as the bar.
const round = (value: number): number => Math.floor(value * 1000) / 1000
