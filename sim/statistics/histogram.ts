/**
 * How often a quantity fell where: the percentiles of many runs come of all their values together, because the mean
 * of percentiles is nobody's percentile.
 *
 * Owns:     the counts, by bins of one width from 0.
 *
 * Invariants:
 *   H1. Merging is exact: the histogram of two runs is that of all their values.
 */

export interface Histogram {
  /** Of a bin, in the unit of the values. */
  readonly width: number
  /** Sparse: the bin from `n × width` has `counts[n] ?? 0`. */
  readonly counts: readonly number[]
}

export function histogramOf(values: readonly number[], width: number): Histogram {
  const counts: number[] = []
  for (const value of values) {
    const bin = Math.floor(value / width)
    while (counts.length <= bin) counts.push(0)
    counts[bin] = (counts[bin] as number) + 1
  }
  return { width, counts }
}

/** Of at least one histogram; all have the width of the first. */
export function merged(histograms: readonly Histogram[]): Histogram {
  const { width = 1 } = histograms[0] ?? {}
  const bins = Math.max(0, ...histograms.map(({ counts }) => counts.length))
  const counts = Array.from({ length: bins }, (_, bin) =>
    histograms.reduce((sum, one) => sum + (one.counts[bin] ?? 0), 0),
  )
  return { width, counts }
}

export const sizeOf = ({ counts }: Histogram): number => counts.reduce((sum, count) => sum + count, 0)

/** The upper edge of the bin in which this share is reached: right to one bin's width. */
export function histogramPercentile(histogram: Histogram, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sizeOf(histogram)))
  let below = 0
  for (const [bin, count] of histogram.counts.entries()) {
    below += count
    if (below >= rank) return (bin + 1) * histogram.width
  }
  return Number.NaN
}
