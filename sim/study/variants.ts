/**
 * The days that a study compares: one as it is written, and the same one with something changed.
 *
 * Owns:     the words in which a change is said: a place in the day's file and its values, or one more fault.
 * Does not: judge the changed day: `defineDay` does, with the place and the remedy.
 */
import { ClusterError } from '#actor'
import { ingredients } from '#actors'
import { type Day, defineDay, type Fault, parseDuration, parseTime, withNodes } from '#day'
import { crashPoints } from '#sim'

export interface Variant {
  readonly name: string
  readonly day: Day
  /** Of a sweep, its value when it is a number: the place on an axis. */
  readonly value?: number
}

/** What it is when nothing is changed. */
export const asItIs = 'as it is'

/**
 * `kitchen.grill.cooks=3,4,5`: the day once with each value. The place is one in the day's file that holds a number or
 * a text; and two that stand for many: `cluster.nodes`, of every group that hosts actors, and `guests.scale`, a factor
 * of all arrivals.
 *
 * @throws ClusterError `DAY_INVALID` naming the place and the remedy.
 */
export function swept(day: Day, sweep: string): readonly Variant[] {
  const [, place = '', values = ''] = /^([^=\s]+)=(.+)$/.exec(sweep) ?? []
  const texts = values.split(',').map((text) => text.trim())
  if (place === '' || texts.length < 2 || texts.includes('')) {
    throw invalid(
      day,
      'sweep',
      `'${sweep}' is not a place and its values`,
      'Write kitchen.grill.cooks=3,4,5.',
    )
  }
  return texts.map((text) => {
    const value = Number(text)
    return {
      name: `${place} = ${text}`,
      day: withValue(day, place, text),
      ...(Number.isFinite(value) && { value }),
    }
  })
}

function withValue(day: Day, place: string, text: string): Day {
  const number = Number(text)
  if (place === 'cluster.nodes' || place === 'guests.scale') {
    if (!(number > 0)) throw invalid(day, place, `'${text}' is not a number above 0`, 'Write one.')
    return defineDay(place === 'cluster.nodes' ? withNodes(day, number) : withGuests(day, number))
  }
  const path = place.split('.')
  const before = path.reduce<unknown>(
    (at, name) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[name] : undefined),
    day,
  )
  if (typeof before !== 'number' && typeof before !== 'string') {
    throw invalid(
      day,
      place,
      before === undefined ? 'the day has no such place' : 'it holds more than one value',
      'Name a place that holds a number or a text, as kitchen.grill.cooks or payments.latency; or cluster.nodes or guests.scale.',
    )
  }
  if (typeof before === 'number' && Number.isNaN(number)) {
    throw invalid(day, place, `'${text}' is not a number`, `It is ${before} now.`)
  }
  return defineDay(replaced(day, path, typeof before === 'number' ? number : text) as Day)
}

function replaced(at: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const inner = (at as Record<string, unknown>)[name]
  const next = rest.length === 0 ? value : replaced(inner, rest, value)
  return Array.isArray(at) ? at.with(Number(name), next) : { ...(at as object), [name]: next }
}

function withGuests(day: Day, factor: number): Day {
  const arrivals = day.guests.arrivals.map(({ at, perHour }) => ({ at, perHour: perHour * factor }))
  const bursts = day.guests.bursts.map((burst) => ({
    ...burst,
    guests: Math.max(1, Math.round(burst.guests * factor)),
  }))
  return { ...day, guests: { ...day.guests, arrivals, bursts } }
}

/** The day, and the same one with faults: `crash-node node-2 19:50, provider-outage 20:00 for 5m`. */
export function withFaults(day: Day, faults: string): readonly Variant[] {
  const added = faults.split(',').map((words) => faultOf(day, words.trim()))
  return [
    { name: asItIs, day },
    { name: faults.trim(), day: defineDay({ ...day, faults: [...day.faults, ...added] }) },
  ]
}

/** Fields that are said by their name and then their value: `by 2s`, `cook 3`. */
const named: ReadonlySet<string> = new Set([
  'at',
  'for',
  'by',
  'pause',
  'share',
  'rate',
  'appliance',
  'cook',
  'group',
  'ingredient',
])
const flags: ReadonlySet<string> = new Set(['written', 'back', 'oneWay'])

/**
 * The words of a fault after its kind, in any order: `crash-node node-2 19:50`, `slow-disk 19:50 for 10m by 20ms`,
 * `drop-frames 5% node-1|node-2 19:50 for 1m`, `appliance-breakdown grill 2 18:00 for 1h`. A word is a field's name
 * before its value, or shows by its form which field it is.
 */
function faultOf(day: Day, text: string): Fault {
  const [kind = '', ...words] = text.split(/\s+/)
  const fields: Record<string, unknown> = kind === 'write-fails' ? { written: false } : {}
  for (let n = 0; n < words.length; n += 1) {
    const word = words[n] as string
    if (named.has(word)) {
      n += 1
      fields[word] = typed(words[n] ?? '')
    } else Object.assign(fields, fieldOf(day, word))
  }
  return { kind, ...fields } as unknown as Fault
}

function fieldOf(day: Day, word: string): Record<string, unknown> {
  if (parseTime(word) !== undefined) return { at: word }
  if (parseDuration(word) !== undefined) return { for: word }
  if (/^\d+(\.\d+)?%$/.test(word)) return { share: typed(word) }
  if (/^\d+$/.test(word)) return { appliance: Number(word) }
  if (word.includes('|')) return { between: word.split('|').map((side) => side.split('+')) }
  if (word.includes('+')) return { nodes: word.split('+') }
  if (flags.has(word)) return { [word]: true }
  if (Object.hasOwn(day.kitchen, word)) return { station: word }
  if (Object.hasOwn(ingredients, word)) return { ingredient: word }
  return (crashPoints as readonly string[]).includes(word) ? { point: word } : { node: word }
}

/** `5%` is 0.05. */
function typed(text: string): string | number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  return number === undefined ? text : Number(number) / (percent === '%' ? 100 : 1)
}

function invalid(day: Day, place: string, problem: string, remedy: string): ClusterError {
  return new ClusterError('DAY_INVALID', { day: day.name, place, problem, remedy })
}
