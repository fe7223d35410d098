/**
 * Numbers as people read them: no more digits than are known.
 *
 * Owns:     the words and digits of values, half-widths and differences, by unit.
 */
import type { Interval } from '#statistics'
import type { Kpi, Unit } from './kpis.ts'

/** How numbers of one kind and size are written side by side. */
export interface Scale {
  readonly factor: number
  /** Stands behind the number. */
  readonly mark: string
  readonly digits: number
}

const factors: Readonly<Record<Unit, number>> = { count: 1, minutes: 1, share: 100, ms: 1, euro: 1 }
const marks: Readonly<Record<Unit, string>> = { count: '', minutes: 'min', share: '%', ms: 'ms', euro: '€' }

/** Digits after the point so that two of the half-width are shown; less than a minute is told in seconds. */
export function scaleOf(unit: Unit, { mean, halfWidth }: Interval): Scale {
  const isShort = unit === 'minutes' && Math.max(Math.abs(mean), halfWidth ?? 0) < 1
  const factor = isShort ? 60 : factors[unit]
  const most = unit === 'count' || unit === 'euro' ? 1 : 2
  const known = (halfWidth || Math.abs(mean) / 100) * factor
  const digits = known > 0 ? Math.min(most, Math.max(0, 1 - Math.floor(Math.log10(known)))) : 0
  return { factor, mark: isShort ? 's' : marks[unit], digits }
}

export function figure(value: number, { factor, digits }: Scale): string {
  if (!Number.isFinite(value)) return '–'
  const [whole = '', rest] = Math.abs(value * factor)
    .toFixed(digits)
    .split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const text = rest === undefined ? grouped : `${grouped}.${rest}`
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text
}

export const countOf = (n: number): string => figure(n, { factor: 1, mark: '', digits: 0 })

/** `31.2 ± 0.6 min`; `31.2 ± ? min` of one day, which says nothing of others. */
export function intervalText(unit: Unit, interval: Interval): string {
  const scale = scaleOf(unit, interval)
  return withHalfWidth(figure(interval.mean, scale), interval, scale)
}

/** A difference with its sign: `+1.2 ± 0.3 min`, `0 ± 0`. Shares differ by percentage points. */
export function differenceText(unit: Unit, interval: Interval): string {
  const scale = scaleOf(unit, interval)
  const mean = figure(interval.mean, scale)
  const signed = interval.mean > 0 && /[1-9]/.test(mean) ? `+${mean}` : mean
  return withHalfWidth(signed, interval, unit === 'share' ? { ...scale, mark: 'points' } : scale)
}

function withHalfWidth(mean: string, { halfWidth }: Interval, scale: Scale): string {
  const width = halfWidth === undefined ? '?' : figure(halfWidth, scale)
  return `${mean} ± ${width} ${scale.mark}`.trimEnd()
}

/** Which way a difference goes, where its interval leaves no doubt of the sign. */
export type Change = 'better' | 'worse' | 'other' | 'untold'

export function changeOf({ better }: Kpi, { mean, halfWidth }: Interval): Change {
  if (halfWidth === undefined || Number.isNaN(mean) || mean === 0 || Math.abs(mean) <= halfWidth)
    return 'untold'
  if (better === 'neither') return 'other'
  return mean > 0 === (better === 'more') ? 'better' : 'worse'
}

/** `19:30` of minutes since midnight. */
export function clockOf(minutes: number): string {
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60]
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

export const percentOf = (share: number): string =>
  Number.isFinite(share) ? `${(share * 100).toPrecision(2)} %` : 'unknown'
