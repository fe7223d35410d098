/**
 * Lengths of time as they are typed: `500ms`, `10s`, `2m`, `1.5h`.
 *
 * A day's file has the same ones (`sim/day/time-of-day.ts`). Reading them here as well keeps a command that only
 * speaks HTTP from loading the simulator.
 */

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** Milliseconds; undefined when it is not a length of time, or shorter than one. */
export function durationMs(typed: string): number | undefined {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(typed) ?? []
  if (number === undefined) return undefined
  const ms = Math.round(Number(number) * unitMs[unit as keyof typeof unitMs])
  return ms >= 1 ? ms : undefined
}

/** In the largest unit that leaves at least one. */
export function durationText(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms >= unitMs[unit]) return `${Number((ms / unitMs[unit]).toFixed(1))}${unit}`
  }
  return `${Math.round(ms)}ms`
}
