/**
 * Latencies in cells that grow with the value, so that every quantile is known to 3 %.
 *
 * Below 64 µs a cell is one microsecond; above, each power of two has 32 cells. Adding is a shift and an
 * increment. Histograms of several nodes add up exactly; percentiles of several nodes would not.
 *
 * Source: the layout of HdrHistogram (Gil Tene, public domain).
 */

export interface LatencySnapshot {
  readonly count: number
  readonly sumMs: number
  readonly maxMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** For a scrape: `buckets[i]` latencies took at most `boundsMs[i]`. */
  readonly boundsMs: readonly number[]
  readonly buckets: readonly number[]
  /** For a merge: the cells that are not empty. */
  readonly cells: readonly (readonly [cell: number, count: number])[]
}

const boundsMs = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000]

/** What a person or a scrape wants of it: all but the cells. */
export type LatencySummary = Omit<LatencySnapshot, 'cells'>

// 35 minutes; what takes longer counts as that.
const microsecondsMax = 2 ** 31 - 1
const cellCount = cellOf(microsecondsMax) + 1

export class LatencyHistogram {
  #cells = new Float64Array(cellCount)
  #count = 0
  #sumMs = 0
  #maxMs = 0

  add(ms: number): void {
    const microseconds = Math.min(Math.max(Math.round(ms * 1_000), 0), microsecondsMax)
    this.#addTo(cellOf(microseconds), 1)
    this.#sumMs += ms
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  addAll({ cells, sumMs, maxMs }: LatencySnapshot): void {
    for (const [cell, count] of cells) this.#addTo(cell, count)
    this.#sumMs += sumMs
    if (maxMs > this.#maxMs) this.#maxMs = maxMs
  }

  snapshot(): LatencySnapshot {
    const cells = [...this.#cells.entries()].filter(([, count]) => count > 0)
    return { ...this.summary(), cells }
  }

  /** In one walk: it is part of every heartbeat. */
  summary(): LatencySummary {
    const quantiles = [0.5, 0.95, 0.99].map((share) => ({ rank: Math.ceil(share * this.#count), ms: 0 }))
    const buckets = boundsMs.map(() => 0)
    let seen = 0
    let bucket = 0
    for (let cell = 0; seen < this.#count; cell += 1) {
      const count = this.#cells[cell] ?? 0
      if (count === 0) continue
      const end = endOf(cell)
      while (bucket < boundsMs.length && end > (boundsMs[bucket] ?? 0) * 1_000) {
        buckets[bucket] = seen
        bucket += 1
      }
      // The upper end of the cell that holds the nearest rank: never less than the true quantile.
      for (const quantile of quantiles) {
        if (quantile.rank > seen) quantile.ms = Math.min(end / 1_000, this.#maxMs)
      }
      seen += count
    }
    const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = quantiles.map(({ ms }) => ms)
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      maxMs: this.#maxMs,
      p50Ms,
      p95Ms,
      p99Ms,
      boundsMs,
      buckets: buckets.fill(seen, bucket),
    }
  }

  #addTo(cell: number, count: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + count
    this.#count += count
  }
}

/** The sum of several nodes' latencies. */
export function mergeLatencies(snapshots: readonly LatencySnapshot[]): LatencySnapshot {
  const sum = new LatencyHistogram()
  for (const snapshot of snapshots) sum.addAll(snapshot)
  return sum.snapshot()
}

function cellOf(microseconds: number): number {
  const shift = Math.max(0, 26 - Math.clz32(microseconds))
  return shift * 32 + (microseconds >>> shift)
}

/** The largest value of a cell, in microseconds. */
function endOf(cell: number): number {
  const shift = Math.max(0, Math.floor(cell / 32) - 1)
  return (cell - shift * 32 + 1) * 2 ** shift - 1
}
