/**
 * Faults in a person's words, and where each lies on the lanes of a schedule.
 *
 * Does not: ask or show anything (`chaos.vue` and its parts).
 */
import type { FaultKind, FaultParams, FaultTarget, FaultTargetKind } from '#gateway'
import type { Node } from '../data/answers.ts'
import { durationIn, manyOf } from '../shell/words.ts'

/** Of the catalogue. */
export interface Kind {
  readonly kind: FaultKind
  readonly name: string
  readonly group: string
  readonly about: string
  readonly targets: readonly FaultTargetKind[]
  readonly types?: readonly string[]
  /** JSON Schema. */
  readonly params: {
    readonly properties: Readonly<Record<string, { readonly default?: unknown }>>
    readonly required?: readonly string[]
  }
  readonly lasts?: { readonly minMs: number; readonly maxMs: number; readonly usualMs: number }
  readonly undo: 'revert' | 'by-itself' | 'never'
  readonly stops?: 'one' | 'all'
  readonly canBeScheduled: boolean
  readonly offBecause?: string
}

export interface Radius {
  readonly nodes: readonly string[]
  readonly shards: number
  readonly actors: number
  readonly byType: readonly { readonly type: string; readonly actors: number }[]
  readonly openOrders: number
  readonly isAll: boolean
  readonly refusedBecause?: string
}

export interface ScheduleItem {
  readonly n: number
  readonly atMs: number
  readonly kind: FaultKind
  readonly target: FaultTarget
  readonly params: FaultParams
  readonly forMs: number
  readonly fault?: string
  readonly skipped?: string
}

export interface Schedule {
  readonly id: string
  readonly by: string
  readonly seed: number
  readonly intervalMs: number
  readonly concurrency: number
  readonly kinds: readonly FaultKind[]
  readonly forMs: number
  readonly ageMs: number
  readonly isOver: boolean
  readonly items: readonly ScheduleItem[]
}

const listed = (names: readonly string[]): string => names.join(' and ')

export function targetIn({ node, a, b, actor }: FaultTarget, kind: string): string {
  if (node !== undefined) return node
  if (actor !== undefined) return actor
  if (a === undefined || b === undefined) return ''
  return kind === 'partition' ? `${listed(a)} from ${listed(b)}` : `between ${listed(a)} and ${listed(b)}`
}

/** Of a link that is troubled: `node-1 – node-2`. */
export const endsIn = ({ a, b }: FaultTarget): string | undefined => a && b && `${listed(a)} – ${listed(b)}`

/** To revert each of them. */
export const allFaultsIn = (count: number): string =>
  count === 1 ? 'Revert the one fault' : `Revert all ${count} faults`

type Grouped = Pick<Node, 'id' | 'group'>
/** Those with shards. */
export const hostsOf = (nodes: readonly Grouped[]): readonly string[] =>
  nodes.filter(({ group }) => group !== 'edge').map(({ id }) => id)
export const fromAllOthers = (node: string, nodes: readonly Grouped[]): FaultTarget => ({
  a: [node],
  b: hostsOf(nodes).filter((id) => id !== node),
})

const paramWords: Readonly<Record<string, (value: number) => string>> = {
  byMs: durationIn,
  pauseMs: durationIn,
  share: (share) => `${Number((share * 100).toFixed(1))} %`,
  rate: (rate) => `×${rate}`,
  kelvin: (kelvin) => `${kelvin} K`,
}

/** `Delay 80 ms`, `Drop 20 %, one way`. */
export function faultIn(name: string, params: FaultParams): string {
  const said = Object.entries(params).flatMap(([param, value]) => {
    if (typeof value === 'number') return [paramWords[param]?.(value) ?? String(value)]
    if (typeof value === 'string') return [value]
    return value && param === 'oneWay' ? ['one way'] : []
  })
  return [name, said.join(', ')].filter(Boolean).join(' ')
}

/** What its effect was, as often as it was seen. */
export const metIn = (met: number): string =>
  met === 0 ? 'not seen yet' : met === 1 ? 'fired' : `fired ${met.toLocaleString('en')} times`

/** What it touches, a sentence each. */
export function radiusIn(kind: Kind, radius: Radius): readonly string[] {
  const { shards, actors, byType, openOrders, isAll, nodes } = radius
  const more = isAll ? '' : 'at least '
  const most = byType
    .slice(0, 3)
    .map(({ type, actors: count }) => `${count} ${type}`)
    .join(', ')
  const told: string[] = []
  if (nodes.length > 0) told.push(`${manyOf(shards, 'shard')} on ${listed(nodes)}`)
  if (actors > 0) told.push(`${more}${manyOf(actors, 'actor')}: ${most}${byType.length > 3 ? ', …' : ''}`)
  if (openOrders > 0) told.push(`${manyOf(openOrders, 'order')} on the way`)
  if (nodes.length > 0 && shards === 0 && actors === 0) told.push('It owns nothing: who talks to it waits.')
  if (kind.undo === 'never') told.push('It cannot be undone.')
  if (kind.undo === 'by-itself')
    told.push('What it stops comes back by itself. Acknowledged orders are in the journal.')
  return told
}

/** What is written in the form at first. */
export const usualOf = ({ params: { properties, required = [] } }: Kind): Readonly<Record<string, unknown>> =>
  Object.fromEntries(required.map((name) => [name, properties[name]?.default]))

const queryOf = ({ node, a, b, actor }: FaultTarget): Readonly<Record<string, string>> => ({
  ...(node !== undefined && { node }),
  ...(a !== undefined && { a: a.join(',') }),
  ...(b !== undefined && { b: b.join(',') }),
  ...(actor !== undefined && { actor }),
})
export const radiusPath = (kind: FaultKind, target: FaultTarget): string =>
  `faults/radius?${new URLSearchParams({ kind, ...queryOf(target) })}`

const inShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
export function curlOf(path: string, body: object, base: string): string {
  const url = new URL(`/ops/v1/${path}`, base)
  return `curl -X POST ${inShell(url.href)} -H 'content-type: application/json' -d ${inShell(JSON.stringify(body))}`
}

/** Nodes have a lane each; the others one for what they are of. */
export function lanesOf(
  nodes: readonly string[],
  items: readonly ScheduleItem[],
  kinds: ReadonlyMap<string, Kind>,
): readonly { readonly name: string; readonly items: readonly ScheduleItem[] }[] {
  const laneOf = ({ target, kind }: ScheduleItem): string =>
    target.node ?? (target.a === undefined ? (kinds.get(kind)?.group ?? 'Other') : 'Links').toLowerCase()
  const names = [...nodes, ...new Set(items.map(laneOf).filter((lane) => !nodes.includes(lane)))]
  return names.map((name) => ({ name, items: items.filter((item) => laneOf(item) === name) }))
}

/** A cumulative histogram, as a node tells it. */
export interface Buckets {
  readonly boundsMs: readonly number[]
  readonly buckets: readonly number[]
}

/** What 95 of 100 took at most between two looks: the bound of their bucket. Undefined when nothing was. */
export function p95Between(before: Buckets | undefined, now: Buckets | undefined): number | undefined {
  if (now === undefined) return undefined
  const counts = now.buckets.map((count, at) => Math.max(0, count - (before?.buckets[at] ?? 0)))
  const all = counts.at(-1) ?? 0
  if (all === 0) return undefined
  const at = counts.findIndex((count) => count >= all * 0.95)
  return now.boundsMs[at] ?? now.boundsMs.at(-1)
}
