/** The kitchen's tickets, as lists show them. */
import { type Instant, keyOf } from '#actor'
import { stateName, type TicketCommand } from '#actors'
import type { Projection, Table } from './projection.ts'

export interface TicketRow {
  /** A ticket has its order's key. */
  readonly id: string
  readonly site: string
  readonly state: string
  readonly version: number
  readonly items: readonly { readonly dish: string; readonly quantity: number }[]
  readonly openedAt: Instant
  readonly promisedAt: Instant
  readonly startedAt: Instant | null
  readonly platingAt: Instant | null
  readonly endedAt: Instant | null
}

export const ticketTable: Table<TicketRow> = {
  name: 'tickets',
  orders: {
    byTime: ({ openedAt, id }) => [openedAt, id],
    byState: ({ state, openedAt, id }) => [state, openedAt, id],
    /** What the expeditor looks at: tickets that are open, oldest promise first. */
    byPromise: ({ endedAt, promisedAt, id }) => (endedAt === null ? [promisedAt, id] : undefined),
    byEnd: ({ endedAt, id }) => (endedAt === null ? undefined : [endedAt, id]),
  },
  leavesBy: 'byEnd',
}

const ends: ReadonlySet<string> = new Set(['plated', 'cancelled', 'failed'])

export const ticketsProjection: Projection = {
  name: 'tickets',
  about: 'every ticket of the kitchen, with its times',
  version: 2,
  actors: ['ticket'],
  tables: [ticketTable],
  apply(rows, { actor, sequence, at, message, state: value }) {
    const id = keyOf(actor)
    const before = sequence === 1 ? opened(id, at, message as TicketCommand) : rows.get(ticketTable, [id])
    if (before === undefined) return
    const state = stateName(value)
    const { startedAt, platingAt } = before
    rows.put(ticketTable, [id], {
      ...before,
      state,
      version: sequence,
      startedAt: startedAt ?? (state === 'cooking' || state === 'plating' ? at : null),
      platingAt: platingAt ?? (state === 'plating' ? at : null),
      endedAt: ends.has(state) ? at : null,
    })
  },
}

function opened(id: string, at: Instant, message: TicketCommand): TicketRow | undefined {
  if (message.type !== 'ticket.open') return undefined
  return {
    id,
    site: message.site,
    state: 'new',
    version: 0,
    items: message.items.map(({ dish, quantity }) => ({ dish, quantity })),
    openedAt: at,
    promisedAt: message.promisedAt as Instant,
    startedAt: null,
    platingAt: null,
    endedAt: null,
  }
}
