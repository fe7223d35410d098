/**
 * Times of a restaurant's day and lengths of time, as people write them.
 *
 * Owns:     `'19:30'`, `'90s'`, and what they are in microseconds. World time counts from the midnight before.
 * Does not: know zones: a zone is for reports only.
 */

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type Hour = `${'0' | '1'}${Digit}` | `2${'0' | '1' | '2' | '3'}`
type Minute = `${'0' | '1' | '2' | '3' | '4' | '5'}${Digit}`

/** `'19:30'`. */
export type TimeOfDay = `${Hour}:${Minute}`

const units = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 } as const

/** `'90s'`, `'10m'`, `'1.5h'`; never a bare number. */
export type Duration = `${number}${keyof typeof units}`

const timePattern = /^([01]\d|2[0-3]):([0-5]\d)$/
const durationPattern = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/

/** Microseconds since midnight; undefined when it is not a time of day. */
export function parseTime(text: string): number | undefined {
  const match = timePattern.exec(text)
  return match === null ? undefined : (Number(match[1]) * 60 + Number(match[2])) * units.m
}

/** Whole microseconds; undefined when it is not a length of time. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * units[match[2] as keyof typeof units])
}

/** Of a time that was checked when its day was defined. */
export function timeUs(time: TimeOfDay): number {
  return parseTime(time) ?? Number.NaN
}

/** Of a length that was checked when its day was defined. */
export function durationUs(duration: Duration): number {
  return parseDuration(duration) ?? Number.NaN
}

export function durationMs(duration: Duration): number {
  return durationUs(duration) / units.ms
}

/** `'19:30'` of microseconds since midnight; beyond the day it goes on as `'25:10'`. */
export function timeText(us: number): string {
  const minutes = Math.floor(us / units.m)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** The largest unit that leaves a number of at least one: `'1.5h'`, `'250ms'`. */
export function durationText(us: number): string {
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    if (us >= units[unit]) return `${Number((us / units[unit]).toFixed(2))}${unit}`
  }
  return `${us}us`
}
