/**
 * The board: every order on its way in the column of its state's class, the oldest first, and those that have just ended.
 *
 * Owns:     the columns and their order, which order is late, how much of its promise is gone, and what a search finds.
 * Does not: know classes (each machine tells its own), or when a state takes long (`shell/rail.ts`).
 *
 * Invariants:
 *   B1. Every live order is on the board, also one of which the house's list does not know yet.
 *   B2. An order is late when its promise is past and its plates are not on the pass; what waits for its guest is not.
 */
import type { ActorItem } from '../data/answers.ts'
import type { StateClass, StateClasses } from '../data/charts.ts'
import type { HouseOrder } from '../data/house.ts'
import { stateIn } from '../shell/words.ts'

export interface BoardOrder {
  readonly id: string
  /** As its machine names it, with the inner one. */
  readonly state: string
  /** The outermost. */
  readonly stage: string
  readonly node?: string
  /** Since it was placed, or since its last turn where nobody has said. */
  readonly ageMs: number
  readonly plates?: number
  readonly total?: number
  readonly dishes: readonly string[]
  /** Of its promise, how much is gone; 1 and more is late. */
  readonly spent?: number
  /** Until its promise; less than nothing is late. */
  readonly leftMs?: number
  readonly isLate: boolean
  readonly reason?: string
}

export interface Group {
  readonly stage: string
  readonly orders: readonly BoardOrder[]
  readonly late: number
}

export interface Column {
  readonly class: StateClass
  readonly title: string
  readonly about: string
  readonly groups: readonly Group[]
  readonly count: number
  readonly late: number
}

const columns: readonly Pick<Column, 'class' | 'title' | 'about'>[] = [
  { class: 'working', title: 'Working', about: 'the next step is its own' },
  { class: 'waiting', title: 'Waiting', about: 'for somebody else' },
  { class: 'undone', title: 'Being undone', about: 'gives back what it took' },
  { class: 'rest', title: 'Ended', about: 'of the last 60 that were placed' },
]
/** The way of an order, so that a stage stands at the same place. */
const way = [
  'placed',
  'reserving',
  'revising',
  'paying',
  'confirmed',
  'queued',
  'cooking',
  'plating',
  'ready',
  'cancelling',
  'refunding',
  'releasing',
  'completed',
  'rejected',
  'cancelled',
  'expired',
]
export const keyOf = (actor: string): string => actor.slice(actor.indexOf('/') + 1)

export function boardOf(given: {
  readonly live: readonly ActorItem[]
  /** Newest first; of those that are on their way and of those that have ended. */
  readonly listed: readonly HouseOrder[]
  readonly classes: StateClasses
  readonly now: number
  readonly search: string
}): readonly Column[] {
  const { live, listed, classes, now, search } = given
  const known = new Map(listed.map((order) => [order.id, order]))
  const byClass = new Map<StateClass, BoardOrder[]>()
  const put = (its: StateClass, order: BoardOrder): void => {
    if (!fits(order, search)) return
    byClass.set(its, [...(byClass.get(its) ?? []), order])
  }
  const isLive = new Set<string>()
  for (const { id: actor, state, node, at } of live) {
    const id = keyOf(actor)
    isLive.add(id)
    const words = stateIn(state)
    const its = classes.get(words) ?? 'working'
    const order = shown(id, words, known.get(id), Date.parse(at), now)
    put(its, node === undefined ? order : { ...order, node })
  }
  for (const order of listed) {
    if (isLive.has(order.id) || classes.get(order.state) !== 'rest') continue
    const { isLate: _, leftMs: __, spent: ___, ...ended } = shown(order.id, order.state, order, now, now)
    put('rest', { ...ended, isLate: false })
  }
  return columns.map((column) => {
    const orders = byClass.get(column.class) ?? []
    const stages = [...new Set(orders.map(({ stage }) => stage))].sort((a, b) => placeOf(a) - placeOf(b))
    return {
      ...column,
      groups: stages.map((stage) => {
        const here = orders.filter((order) => order.stage === stage)
        // Of what is on its way the oldest, of what has ended the newest.
        const oldestFirst = here.sort((a, b) => b.ageMs - a.ageMs || (a.id < b.id ? -1 : 1))
        return {
          stage,
          orders: column.class === 'rest' ? oldestFirst.reverse() : oldestFirst,
          late: lateOf(here),
        }
      }),
      count: orders.length,
      late: lateOf(orders),
    }
  })
}

const lateOf = (orders: readonly BoardOrder[]): number => orders.filter(({ isLate }) => isLate).length
const placeOf = (stage: string): number => (way.includes(stage) ? way.indexOf(stage) : way.length)

function shown(
  id: string,
  state: string,
  listed: HouseOrder | undefined,
  since: number,
  now: number,
): BoardOrder {
  const base = { id, state, stage: state.split('.')[0] ?? state }
  if (listed === undefined) return { ...base, ageMs: Math.max(0, now - since), dishes: [], isLate: false }
  const placedAt = Date.parse(listed.createdAt)
  const promisedAt = Date.parse(listed.promisedAt)
  const ageMs = Math.max(0, now - placedAt)
  const isDue = base.stage !== 'ready'
  return {
    ...base,
    ageMs,
    plates: listed.items.reduce((sum, { quantity }) => sum + quantity, 0),
    total: listed.total.amount,
    dishes: listed.items.map(({ dish }) => dish),
    ...(isDue && { spent: ageMs / Math.max(1, promisedAt - placedAt), leftMs: promisedAt - now }),
    isLate: isDue && now > promisedAt,
    ...(listed.reason !== undefined && { reason: listed.reason }),
  }
}

/** Each word has to be in its id, its state, the names of its dishes or its reason; `late` is those that are. */
function fits(order: BoardOrder, search: string): boolean {
  const text = `${order.id} ${order.state} ${order.dishes.join(' ')} ${order.reason ?? ''} ${order.node ?? ''}`
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word) || (word === 'late' && order.isLate))
}
