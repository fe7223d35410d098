/** Values of contexts and messages as this room writes them. */
import { clockOf } from '../shell/words.ts'

const lengthMax = 48

/** `19:42:04.280` of the world's day. */
export const instantOf = (at: number): string =>
  `${clockOf(at)}.${String(Math.floor(at) % 1_000).padStart(3, '0')}`

/** An instant is told by its name: `at`, `since`, `until`, or one that ends so. Microseconds of the world's clock. */
export const isInstant = (name: string, value: unknown): value is number =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  value >= 1e6 &&
  /(^at|At|^since|^until|Until|^deadline)$/.test(name)

/** `order/ord_12bf…0077`: an id that is long, short. */
export function shortId(id: string): string {
  const slash = id.indexOf('/') + 1
  const key = id.slice(slash)
  return key.length <= 18 ? id : `${id.slice(0, slash)}${key.slice(0, 8)}…${key.slice(-4)}`
}

/** In one line: `4 entries`, `{id, total, …}`, `"ada"`. `name`: of the member that it is. */
export function briefOf(value: unknown, name: string): string {
  if (isInstant(name, value)) return instantOf(value / 1_000)
  const text = JSON.stringify(value) ?? 'nothing'
  if (text.length <= lengthMax) return text
  if (Array.isArray(value)) return value.length === 1 ? '1 entry' : `${value.length} entries`
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value)
    const shown = names.slice(0, 4).join(', ')
    return `{${shown}${names.length > 4 ? ', …' : ''}}`
  }
  return `${text.slice(0, lengthMax - 1)}…`
}

/** What a message is called: what came is told by its type, and a timer of the machine by its delay. */
export const calledIn = (type: string): string => {
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(type) ?? []
  return delay === undefined ? type : `after ${delay}`
}

/** Who sent it: `its payment` when the two are of one story, and so have one key. */
export function senderOf(from: string, own: string): string {
  const keyOf = (id: string): string => id.slice(id.indexOf('/') + 1)
  return keyOf(from) === keyOf(own) ? `its ${from.slice(0, from.indexOf('/'))}` : shortId(from)
}
