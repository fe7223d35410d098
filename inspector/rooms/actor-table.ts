/**
 * The actors as columns, and which of them stand in which row: thousands of them, and no object for each.
 *
 * Owns:     the columns, sorting, and the tree of departments and types over them.
 * Does not: draw: a fixed number of rows does, over whichever part is looked at.
 */
import type { ActorItem } from '../data/answers.ts'
import type { Picture } from '../model/cluster-model.ts'
import { stateIn } from '../shell/words.ts'
import { fits, type Term } from './actor-filter.ts'

/** The same place in each is the same actor. */
export interface ActorTable {
  readonly ids: readonly string[]
  readonly types: readonly string[]
  readonly departments: readonly string[]
  readonly states: readonly string[]
  readonly nodes: readonly string[]
  readonly statuses: readonly string[]
  readonly versions: Float64Array
  /** Of its last turn, in milliseconds of the world. */
  readonly ats: Float64Array
  /** From the stream; NaN where it does not tell. */
  readonly mailboxes: Float64Array
  readonly rates: Float64Array
  readonly restarts: Float64Array
}

export type SortKey = 'path' | 'state' | 'node' | 'mailbox' | 'rate' | 'restarts' | 'version' | 'age'

export interface Group {
  readonly key: string
  readonly name: string
  readonly depth: 0 | 1
  readonly count: number
  readonly mailbox: number
  readonly rate: number
  readonly restarts: number
}
/** A place in the table, or the head of a group. */
export type Row = number | Group

const typeOf = (id: string): string => id.slice(0, id.indexOf('/'))

export function tableOf(items: readonly ActorItem[], picture: Picture | undefined): ActorTable {
  const count = items.length
  const table = {
    ids: items.map(({ id }) => id),
    types: items.map(({ id }) => typeOf(id)),
    departments: items.map(({ shard }) => shard.slice(0, shard.lastIndexOf('.'))),
    states: items.map(({ state }) => (state === null ? '' : stateIn(state))),
    nodes: items.map(({ node = '' }) => node),
    statuses: items.map(({ status }) => status),
    versions: Float64Array.from(items, ({ version }) => version),
    ats: Float64Array.from(items, ({ at }) => Date.parse(at)),
    mailboxes: new Float64Array(count).fill(Number.NaN),
    rates: new Float64Array(count).fill(Number.NaN),
    restarts: new Float64Array(count).fill(Number.NaN),
  }
  if (picture === undefined) return table
  const places = new Map(picture.ids.map((id, place) => [id, place]))
  for (const [n, id] of table.ids.entries()) {
    const place = places.get(id)
    if (place === undefined) continue
    table.mailboxes[n] = picture.actors.mailbox[place] ?? Number.NaN
    table.rates[n] = picture.actors.rate[place] ?? Number.NaN
    table.restarts[n] = picture.actors.restarts[place] ?? Number.NaN
  }
  return table
}

/** The places of those that fit, sorted; equals stand by their path. */
export function sorted(
  table: ActorTable,
  terms: readonly Term[],
  by: { readonly key: SortKey; readonly isDown: boolean },
  now: number,
): Uint32Array {
  const columns = {
    type: table.types,
    state: table.states,
    node: table.nodes,
    status: table.statuses,
    path: table.ids,
  }
  const figures = {
    mailbox: table.mailboxes,
    rate: table.rates,
    restarts: table.restarts,
    version: table.versions,
  }
  let at = 0
  const asked = {
    text: (field: keyof typeof columns): string => columns[field][at] ?? '',
    number: (field: keyof typeof figures | 'age'): number =>
      field === 'age' ? (now - (table.ats[at] ?? now)) / 1_000 : (figures[field][at] ?? Number.NaN) || 0,
  }
  const places: number[] = []
  for (at = 0; at < table.ids.length; at += 1) if (fits(terms, asked)) places.push(at)
  const sign = by.isDown ? -1 : 1
  const byPath = (a: number, b: number): number => compare(table.ids[a] ?? '', table.ids[b] ?? '')
  const byKey = comparison(table, by.key)
  return Uint32Array.from(places.sort((a, b) => sign * byKey(a, b) || byPath(a, b)))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function comparison(table: ActorTable, key: SortKey): (a: number, b: number) => number {
  const words = { path: table.ids, state: table.states, node: table.nodes }
  if (key === 'path' || key === 'state' || key === 'node') {
    const column = words[key]
    return (a, b) => compare(column[a] ?? '', column[b] ?? '')
  }
  // The oldest are those whose last turn is longest ago.
  if (key === 'age') return (a, b) => (table.ats[b] ?? 0) - (table.ats[a] ?? 0)
  const column = {
    mailbox: table.mailboxes,
    rate: table.rates,
    restarts: table.restarts,
    version: table.versions,
  }[key]
  return (a, b) => (column[a] || 0) - (column[b] || 0)
}

/** Departments and types with what they add up to; below those that are `open`, their actors as they are sorted. */
export function treeOf(table: ActorTable, order: Uint32Array, open: ReadonlySet<string>): readonly Row[] {
  const byDepartment = new Map<string, Map<string, number[]>>()
  for (const place of order) {
    const department = table.departments[place] ?? ''
    const type = table.types[place] ?? ''
    const types = byDepartment.get(department) ?? new Map<string, number[]>()
    byDepartment.set(department, types)
    const here = types.get(type)
    if (here === undefined) types.set(type, [place])
    else here.push(place)
  }
  const rows: Row[] = []
  for (const [department, types] of [...byDepartment].sort(([a], [b]) => compare(a, b))) {
    const group = groupOf(table, department, department, 0, [...types.values()].flat())
    rows.push(group)
    if (!open.has(group.key)) continue
    for (const [type, places] of [...types].sort(([a], [b]) => compare(a, b))) {
      const inner = groupOf(table, `${department}/${type}`, type, 1, places)
      rows.push(inner)
      if (open.has(inner.key)) for (const place of places) rows.push(place)
    }
  }
  return rows
}

function groupOf(
  table: ActorTable,
  key: string,
  name: string,
  depth: Group['depth'],
  places: readonly number[],
): Group {
  const sums = { mailbox: 0, rate: 0, restarts: 0 }
  for (const place of places) {
    sums.mailbox += table.mailboxes[place] || 0
    sums.rate += table.rates[place] || 0
    sums.restarts += table.restarts[place] || 0
  }
  return { key, name, depth, count: places.length, ...sums }
}
