/**
 * Frames that the gateway left out of each stream, and for how long that is worth a word.
 *
 * Owns:     the counts of each stream, and their words.
 * Does not: mend anything: whole frames follow a gap by themselves.
 */
import { countIn, durationIn } from '../shell/words.ts'

export interface Gap {
  readonly dropped: number
  /** Of the last one, by this page's clock. */
  readonly at: number
}
/** By stream. */
export type Gaps = ReadonlyMap<string, Gap>

/** Nobody reads of a gap that was so long ago; the next one is counted from nothing. */
export const gapShownMs = 30_000

export function withGap(gaps: Gaps, stream: string, dropped: number, now: number): Gaps {
  const shown = new Map([...gaps].filter(([, { at }]) => now - at < gapShownMs))
  return shown.set(stream, { dropped: dropped + (shown.get(stream)?.dropped ?? 0), at: now })
}

/** `412 frames dropped, the last 3.2 s ago`; undefined: none, or long ago. */
export function gapIn(gaps: Gaps, stream: string, now: number): string | undefined {
  const gap = gaps.get(stream)
  if (gap === undefined || now - gap.at >= gapShownMs) return undefined
  const ago = durationIn(Math.max(0, Math.round((now - gap.at) / 1_000) * 1_000))
  return gap.dropped === 1
    ? `1 frame dropped ${ago} ago`
    : `${countIn(gap.dropped)} frames dropped, the last ${ago} ago`
}
