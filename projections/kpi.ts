/**
 * Figures of the house, hour by hour of the world clock, each hour a row of sums.
 *
 * What was placed counts in the hour in which it was placed, with what became of it (`converted`); what ended counts in
 * the hour in which it ended; a ticket's times count in the hour in which it was plated.
 *
 * Owns:     the sums. Averages and shares are made of them by whoever shows them.
 *
 * Invariants:
 *   K1. An hour's row is the same whatever order its orders and tickets were read in: it is only added to.
 *   K2. Reasons are a closed list: words of guests and of the provider count as `other`.
 */
import { type Instant, keyOf, type Message } from '#actor'
import { type OrderMessage, stateName, type TicketCommand } from '#actors'
import type { JournalRecord } from '#ports'
import type { Projection, Rows, Table } from './projection.ts'

export const kpiHourUs = 3_600_000_000

export interface KpiRow {
  readonly site: string
  readonly hour: Instant
  readonly placed: number
  /** Of those placed in this hour. */
  readonly converted: number
  readonly completed: number
  readonly rejected: number
  readonly cancelled: number
  readonly expired: number
  /** Cents of the orders that were completed. */
  readonly revenue: number
  readonly tickets: number
  /** From the ticket to the pass, of all of them. */
  readonly ticketUs: number
  /** From the first cook to the last dish. */
  readonly cookingUs: number
  /** `cancelled guest` → how many. */
  readonly reasons: Readonly<Record<string, number>>
}

export const kpiTable: Table<KpiRow> = {
  name: 'hours',
  orders: { byTime: ({ hour, site }) => [hour, site] },
}

/** What is open: where it counts, and since when. */
interface OpenRow {
  readonly site: string
  readonly since: Instant
  readonly cooking?: Instant
  readonly cookingUs?: number
}
const openTable: Table<OpenRow> = { name: 'open', orders: {} }

const knownReasons: ReadonlySet<string> = new Set([
  'guest',
  'insufficient-stock',
  'total-does-not-add-up',
  'card-declined',
  'reservation-expired',
  'not-reserved-in-time',
  'not-paid-in-time',
  'not-confirmed-in-time',
  'not-started-in-time',
  'not-cooked-in-time',
  'not-plated-in-time',
  'not-fetched',
  'too-late',
  'too-slow',
  'burnt',
  'raw',
  'no-cooks',
  'no-appliance',
  'station-closed',
  'station-silent',
  'unknown-dish',
])

export const kpiProjection: Projection = {
  name: 'kpi',
  about: 'orders, money and times of the kitchen, hour by hour',
  version: 1,
  actors: ['order', 'ticket'],
  tables: [kpiTable, openTable] as readonly Table<never>[],
  apply(rows, record) {
    if (record.actor.startsWith('order/')) countOrder(rows, record)
    else countTicket(rows, record)
  },
}

type End = Message & { readonly reason?: string; readonly total?: number }
const endStates = ['completed', 'rejected', 'cancelled', 'expired'] as const

function countOrder(rows: Rows, { actor, at, message, events = [], state }: JournalRecord): void {
  const key = ['order', keyOf(actor)]
  let open = rows.get(openTable, key)
  if (open === undefined) {
    const placed = message as OrderMessage
    if (placed.type !== 'order.place') return
    open = { site: placed.site, since: at }
    rows.put(openTable, key, open)
    add(rows, open.site, at, { placed: 1 })
  }
  const end = endStates.find((name) => name === stateName(state))
  if (end === undefined) return
  rows.remove(openTable, key)
  const { reason, total = 0 } = (events.find(({ type }) => type === `order.${end}`) ?? {}) as Partial<End>
  const isCompleted = end === 'completed'
  add(
    rows,
    open.site,
    at,
    { [end]: 1, revenue: isCompleted ? total : 0 },
    reason && `${end} ${known(reason)}`,
  )
  if (isCompleted) add(rows, open.site, open.since, { converted: 1 })
}

function countTicket(rows: Rows, { actor, at, message, state: value }: JournalRecord): void {
  const key = ['ticket', keyOf(actor)]
  const opening = message as TicketCommand
  const open =
    rows.get(openTable, key) ??
    (opening.type === 'ticket.open' ? { site: opening.site, since: at } : undefined)
  if (open === undefined) return
  const state = stateName(value)
  if (state === 'plated') {
    const { site, since, cookingUs = 0 } = open
    add(rows, site, at, { tickets: 1, ticketUs: at - since, cookingUs })
  }
  if (state === 'plated' || state === 'failed' || state === 'cancelled') {
    rows.remove(openTable, key)
    return
  }
  const cooking = open.cooking ?? (state === 'cooking' ? at : undefined)
  const cookingUs = open.cookingUs ?? (state === 'plating' ? at - (cooking ?? at) : undefined)
  rows.put(openTable, key, {
    ...open,
    ...(cooking !== undefined && { cooking }),
    ...(cookingUs !== undefined && { cookingUs }),
  })
}

type Sums = Omit<KpiRow, 'site' | 'hour' | 'reasons'>

function add(rows: Rows, site: string, at: Instant, more: Partial<Sums>, reason?: string): void {
  const hour = (at - (at % kpiHourUs)) as Instant
  const before = rows.get(kpiTable, [site, hour]) ?? emptyHour(site, hour)
  const after: { -readonly [Name in keyof Sums]: number } & Pick<KpiRow, 'reasons'> = { ...before }
  for (const name of Object.keys(more) as (keyof Sums)[]) after[name] += more[name] ?? 0
  const { reasons } = before
  rows.put(kpiTable, [site, hour], {
    ...before,
    ...after,
    reasons: reason === undefined ? reasons : { ...reasons, [reason]: (reasons[reason] ?? 0) + 1 },
  })
}

const known = (reason: string): string => (knownReasons.has(reason) ? reason : 'other')

export const emptyHour = (site: string, hour: Instant): KpiRow => ({
  site,
  hour,
  placed: 0,
  converted: 0,
  completed: 0,
  rejected: 0,
  cancelled: 0,
  expired: 0,
  revenue: 0,
  tickets: 0,
  ticketUs: 0,
  cookingUs: 0,
  reasons: {},
})
