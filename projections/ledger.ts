/**
 * The money as a bookkeeper writes it: every movement once, from one account to another.
 *
 * `provider` is what the provider holds for the house, `guests` what the house owes until it has earned it, `revenue`
 * what it has earned. A capture is owed to the guest; when the order is complete the payment is closed, which earns what
 * was not given back by then; a refund gives back what is owed, or later what was earned.
 *
 * Invariants:
 *   L1. What is debited to one account is credited to another, so all balances together are zero.
 *   L2. When no payment is open, `guests` is zero: what was captured was earned or given back.
 */
import { type Instant, keyOf, type Message } from '#actor'
import { stateName } from '#actors'
import { paymentEnds } from './payments.ts'
import type { Projection, Rows, Table } from './projection.ts'

export type Account = 'provider' | 'guests' | 'revenue'

export interface EntryRow {
  readonly id: string
  readonly order: string
  readonly at: Instant
  readonly kind: 'captured' | 'refunded' | 'earned'
  readonly debit: Account
  readonly credit: Account
  /** Cents. */
  readonly amount: number
}

export interface AccountRow {
  readonly account: Account
  readonly debits: number
  readonly credits: number
}

export const entryTable: Table<EntryRow> = {
  name: 'entries',
  orders: {
    byTime: ({ at, id }) => [at, id],
    byOrder: ({ order, at, id }) => [order, at, id],
  },
  // Each is written once. The balances keep what it has moved.
  leavesBy: 'byTime',
}
export const accountTable: Table<AccountRow> = { name: 'accounts', orders: {} }
export const accounts: readonly Account[] = ['provider', 'guests', 'revenue']

/** Of one payment that has not ended: what the house owes its guest. Closed: what comes back from now on was earned. */
interface OwedRow {
  readonly owed: number
  readonly closed: boolean
}
const owedTable: Table<OwedRow> = { name: 'owed', orders: {} }

type MoneyEvent = Message & { readonly amount?: number }
type Booking = Pick<EntryRow, 'kind' | 'debit' | 'credit' | 'amount'>

export const ledgerProjection: Projection = {
  name: 'ledger',
  about: 'every movement of money, and the balances of the accounts',
  version: 2,
  actors: ['payment'],
  tables: [entryTable, accountTable, owedTable] as readonly Table<never>[],
  apply(rows, { actor, sequence, at, message, events = [], state }) {
    const order = keyOf(actor)
    let row = rows.get(owedTable, [order]) ?? (message.type === 'payment.request' ? unpaid : undefined)
    if (row === undefined) return
    const bookings: Booking[] = []
    for (const event of events as readonly MoneyEvent[]) {
      const booking = bookingOf(event, row)
      if (booking === undefined) continue
      bookings.push(booking)
      row = after(row, booking)
    }
    if (message.type === 'payment.close' && !row.closed) {
      bookings.push({ kind: 'earned', debit: 'guests', credit: 'revenue', amount: row.owed })
      row = { owed: 0, closed: true }
    }
    if (paymentEnds.has(stateName(state))) rows.remove(owedTable, [order])
    else rows.put(owedTable, [order], row)
    for (const [n, booking] of bookings.entries()) {
      if (booking.amount === 0) continue
      const id = `${order}/${sequence}/${n}`
      rows.put(entryTable, [id], { id, order, at, ...booking })
      const { debit, credit, amount } = booking
      add(rows, debit, { debits: amount, credits: 0 })
      add(rows, credit, { debits: 0, credits: amount })
    }
  },
}

const unpaid: OwedRow = { owed: 0, closed: false }

function bookingOf({ type, amount = 0 }: MoneyEvent, { closed }: OwedRow): Booking | undefined {
  switch (type) {
    case 'payment.captured':
      return { kind: 'captured', debit: 'provider', credit: 'guests', amount }
    case 'payment.refunded':
      return { kind: 'refunded', debit: closed ? 'revenue' : 'guests', credit: 'provider', amount }
    default:
      return undefined
  }
}

function after({ owed, closed }: OwedRow, { debit, credit, amount }: Booking): OwedRow {
  return {
    owed: owed + (credit === 'guests' ? amount : 0) - (debit === 'guests' ? amount : 0),
    closed,
  }
}

function add(rows: Rows, account: Account, more: Omit<AccountRow, 'account'>): void {
  const { debits, credits } = rows.get(accountTable, [account]) ?? { debits: 0, credits: 0 }
  rows.put(accountTable, [account], {
    account,
    debits: debits + more.debits,
    credits: credits + more.credits,
  })
}
