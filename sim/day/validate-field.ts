/** Single values of a day: what is wrong with one, with the place and the remedy. */
import type { Day } from './day.ts'
import { parseDuration, parseTime, timeUs } from './time-of-day.ts'

/** Refuses the day. */
export type Refuse = (place: string, problem: string, remedy: string) => void

export function checkWithin(day: Day, at: string, place: string, invalid: Refuse): void {
  checkTime(at, place, invalid)
  const time = parseTime(at) ?? 0
  if (time >= timeUs(day.open) && time <= timeUs(day.close)) return
  invalid(
    place,
    `'${at}' is outside of the day ('${day.open}' to '${day.close}')`,
    'Choose a time within it.',
  )
}

export function checkTime(text: string, place: string, invalid: Refuse): void {
  if (typeof text === 'string' && parseTime(text) !== undefined) return
  invalid(place, `'${text}' is not a time of day`, "Write it like '19:30'.")
}

export function checkDuration(text: string, place: string, invalid: Refuse): void {
  if (typeof text === 'string' && (parseDuration(text) ?? 0) > 0) return
  invalid(place, `'${text}' is not a length of time`, "Give a number and a unit: '90s', '10m', '1.5h'.")
}

export function checkNumber(
  value: number,
  least: number,
  most: number,
  place: string,
  invalid: Refuse,
): void {
  if (typeof value === 'number' && value >= least && value <= most) return
  invalid(place, `${value} is not a number from ${least} to ${most}`, 'Choose one that is.')
}

export function oneOf(
  name: string,
  known: readonly string[],
  place: string,
  what: string,
  invalid: Refuse,
): void {
  if (known.includes(name)) return
  invalid(place, `there is no ${what} '${name}'`, `Use one of ${known.join(', ')}.`)
}
