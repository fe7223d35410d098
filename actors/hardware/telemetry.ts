/**
 * What a sensor showed over time: sampled for viewers, never a turn of its own.
 *
 * A display is read on every full ten seconds of the world clock. What it showed since a device was last told
 * something follows from its state; with each turn the readings up to then are kept, the last sixty of them. They are
 * part of the device's state: they survive its node, and are the same whoever asks.
 *
 * Owns:     the instants of samples, how many are kept, the query.
 * Does not: know what a sensor shows: each kind of device says it for an instant.
 *
 * Invariants:
 *   S1. What a device shows for an instant does not depend on when it is asked, nor on what it was told since.
 *   S2. A device keeps at most `samplesMax` readings, and no answer has more.
 */
import type { Instant } from '#actor'

/** °C; null while there is nothing to see. */
export type Reading = number | null

/** What is kept: the readings on the last full ten seconds up to `until`, in order. */
export interface Samples {
  readonly until: Instant
  readonly readings: readonly Reading[]
}

/** Both ends included; `stepMs` is a multiple of `sampleMs`, and samples are on its full steps. */
export interface TelemetryRange {
  readonly from: Instant
  readonly to: Instant
  readonly stepMs: number
}

export interface Sample {
  readonly at: Instant
  readonly reading: Reading
}

export const sampleMs = 10_000
const samplesMax = 60
const grid = sampleMs * 1_000

/** A device that has just come to be has shown nothing. */
export const noSamples = (until: Instant): Samples => ({ until, readings: [] })

/** With what was shown until then; `show` is asked for growing instants. */
export function sampled(before: Samples, until: Instant, show: (at: Instant) => Reading): Samples {
  const last = Math.floor(until / grid)
  const first = Math.max(Math.floor(before.until / grid), last - samplesMax) + 1
  const readings = [...before.readings]
  for (let n = first; n <= last; n += 1) readings.push(show((n * grid) as Instant))
  return { until, readings: readings.slice(-samplesMax) }
}

/** The samples of a range, oldest first. */
export function samplesOf({ until, readings }: Samples, { from, to, stepMs }: TelemetryRange): Sample[] {
  const first = Math.floor(until / grid) - readings.length + 1
  return readings
    .map((reading, n) => ({ at: ((first + n) * grid) as Instant, reading }))
    .filter(({ at }) => at >= from && at <= to && at % (stepMs * 1_000) === 0)
}
