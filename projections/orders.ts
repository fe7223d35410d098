/**
 * Orders, as lists show them.
 *
 * Does not: know why an order is being given up before it has ended: until then only the order itself knows.
 */
import { type Instant, keyOf } from '#actor'
import { type OrderEvent, type OrderItem, type OrderMessage, type Shortage, stateName } from '#actors'
import type { Projection, Table } from './projection.ts'
import type { Projector } from './projector.ts'

export interface OrderRow {
  readonly id: string
  readonly site: string
  readonly guest: string | null
  readonly state: string
  /** Of the order, when it came to this. */
  readonly version: number
  readonly items: readonly OrderItem[]
  readonly total: number
  readonly serve: 'collect' | 'table'
  readonly note: string | null
  readonly createdAt: Instant
  readonly promisedAt: Instant
  readonly endedAt: Instant | null
  readonly reason: string | null
  readonly shortages: readonly Shortage[]
}

export const orderTable: Table<OrderRow> = {
  name: 'orders',
  orders: {
    byTime: ({ createdAt, id }) => [createdAt, id],
    byGuest: ({ guest, createdAt, id }) => (guest === null ? undefined : [guest, createdAt, id]),
    byState: ({ state, createdAt, id }) => [state, createdAt, id],
    byEnd: ({ endedAt, id }) => (endedAt === null ? undefined : [endedAt, id]),
  },
  leavesBy: 'byEnd',
}

/** Enough to say how many: of one guest, orders that are not final. */
const openOrdersMax = 100

/** How many orders of this guest have not ended; beyond a hundred it is a hundred. */
export function openOrdersOf(projector: Projector, guest: string): number {
  const page = { order: 'byGuest', prefix: [guest], backwards: true, limit: openOrdersMax }
  const isOpen = ({ endedAt }: OrderRow): boolean => endedAt === null
  return projector.page(ordersProjection, orderTable, { ...page, fits: isOpen }).rows.length
}

const ends: ReadonlySet<string> = new Set(['completed', 'rejected', 'cancelled', 'expired'])

export const ordersProjection: Projection = {
  name: 'orders',
  about: 'every order, with its state and its guest',
  version: 2,
  actors: ['order'],
  tables: [orderTable],
  apply(rows, { actor, sequence, at, message, events = [], state: value }) {
    const id = keyOf(actor)
    // One whose tombstone has gone may come again, and begins anew.
    const before = sequence === 1 ? placed(id, at, message as OrderMessage) : rows.get(orderTable, [id])
    if (before === undefined) return
    const state = stateName(value)
    const told = events as readonly OrderEvent[]
    const end = told.find(({ type }) => type === `order.${state}`)
    rows.put(orderTable, [id], {
      ...before,
      ...told.reduce(revised, {}),
      ...(before.state === 'revising' && keptFor(message as OrderMessage)),
      state,
      version: sequence,
      endedAt: ends.has(state) ? at : null,
      ...(end !== undefined && 'reason' in end && { reason: end.reason ?? null }),
      ...(end !== undefined && 'shortages' in end && { shortages: end.shortages }),
    })
  },
}

const revised = (row: Partial<OrderRow>, event: OrderEvent): Partial<OrderRow> =>
  event.type === 'order.revised'
    ? {
        items: event.items,
        total: event.total,
        promisedAt: event.promisedAt as Instant,
        shortages: [],
      }
    : row

/** The pantry could not do it: the order stays as it was, and shows why. */
const keptFor = (message: OrderMessage): Partial<OrderRow> =>
  message.type === 'reservation.kept' ? { shortages: message.shortages } : {}

function placed(id: string, at: Instant, message: OrderMessage): OrderRow | undefined {
  if (message.type !== 'order.place') return undefined
  const { site, guest = null, items, total, serve, note = null, promisedAt } = message
  return {
    id,
    site,
    guest,
    state: 'placed',
    version: 0,
    items,
    total,
    serve,
    note,
    createdAt: at,
    promisedAt: promisedAt as Instant,
    endedAt: null,
    reason: null,
    shortages: [],
  }
}
