/** Numbers, times and names as this page writes them: the same everywhere, and the same on every machine. */
import type { Node } from '../data/answers.ts'

/** `1,284`; from 100,000 on `128 k`, `1.2 M`. */
export function countIn(value: number): string {
  const whole = Math.round(value)
  if (Math.abs(whole) >= 999_500) return `${threeDigits(whole / 1e6)} M`
  if (Math.abs(whole) >= 100_000) return `${Math.round(whole / 1e3)} k`
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `41 ms`, `3.2 s`, `1:48`, `2 h 5 min`. */
export function durationIn(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${threeDigits(Math.round(ms / 100) / 10)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** Of a figure per second: `0.4`, `12.5`, `481`. */
export const rateIn = (perSecond: number): string =>
  perSecond >= 100 ? countIn(perSecond) : threeDigits(Math.round(perSecond * 10) / 10)

/** `19:42:16` of the world's day. */
export function clockOf(at: number): string {
  return new Date(at).toISOString().slice(11, 19)
}

/** `98 MB`. */
export const bytesIn = (bytes: number): string =>
  bytes >= 1e9 ? `${threeDigits(bytes / 1e9)} GB` : `${threeDigits(bytes / 1e6)} MB`

/** `1 actor`, `12 actors`. */
export const manyOf = (count: number, one: string, many = `${one}s`): string =>
  `${countIn(count)} ${count === 1 ? one : many}`

/** `n1` of `node-1`, `e1` of `edge-1`. */
export function shortName(node: string): string {
  const parts = /^([a-z]).*-(\d+)$/.exec(node)
  return parts === null ? node : `${parts[1]}${parts[2]}`
}

/** A node that is up and owns nothing has just come, and is handed something in a while; or others have all there is. */
export const nodeStateIn = ({
  state,
  group,
  shardsOwned,
}: Pick<Node, 'state' | 'group' | 'shardsOwned'>): string =>
  state === 'up' && group !== 'edge' && shardsOwned === 0 ? 'up, owns no shard' : state

/** A state as its machine names it: `paying.charging`. */
export function stateIn(state: unknown): string {
  if (typeof state === 'string') return state
  if (typeof state !== 'object' || state === null) return String(state)
  return Object.entries(state)
    .map(([name, inner]) => {
      const within =
        typeof inner === 'object' && inner !== null && Object.keys(inner).length === 0 ? '' : stateIn(inner)
      return within === '' ? name : `${name}.${within}`
    })
    .join(' ')
}

const threeDigits = (value: number): string => String(Number(value.toPrecision(3)))
const two = (value: number): string => String(value).padStart(2, '0')
