/** Payments, as lists show them: where each stands, and what was taken and given back. */
import { type Instant, keyOf, type Message } from '#actor'
import { type PaymentMessage, stateName } from '#actors'
import type { Projection, Table } from './projection.ts'

export interface PaymentRow {
  /** A payment has its order's key. */
  readonly id: string
  readonly state: string
  readonly version: number
  readonly amount: number
  readonly captured: number
  readonly refunded: number
  readonly reason: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** States after which nothing more happens to a payment. */
export const paymentEnds: ReadonlySet<string> = new Set(['declined', 'voided', 'refunded', 'closed'])

export const paymentTable: Table<PaymentRow> = {
  name: 'payments',
  orders: {
    byTime: ({ createdAt, id }) => [createdAt, id],
    byState: ({ state, createdAt, id }) => [state, createdAt, id],
    byEnd: ({ state, updatedAt, id }) => (paymentEnds.has(state) ? [updatedAt, id] : undefined),
  },
  leavesBy: 'byEnd',
}

type PaymentEvent = Message & { readonly amount?: number; readonly reason?: string | null }

export const paymentsProjection: Projection = {
  name: 'payments',
  about: 'every payment, with what was taken and given back',
  version: 2,
  actors: ['payment'],
  tables: [paymentTable],
  apply(rows, { actor, sequence, at, message, events = [], state }) {
    const id = keyOf(actor)
    let row = sequence === 1 ? requested(id, at, message as PaymentMessage) : rows.get(paymentTable, [id])
    if (row === undefined) return
    for (const event of events as readonly PaymentEvent[]) row = { ...row, ...told(row, event) }
    rows.put(paymentTable, [id], { ...row, state: stateName(state), version: sequence, updatedAt: at })
  },
}

function requested(id: string, at: Instant, message: PaymentMessage): PaymentRow | undefined {
  if (message.type !== 'payment.request') return undefined
  const { amount } = message
  return {
    id,
    state: 'created',
    version: 0,
    amount,
    captured: 0,
    refunded: 0,
    reason: null,
    createdAt: at,
    updatedAt: at,
  }
}

function told(row: PaymentRow, { type, amount = 0, reason = null }: PaymentEvent): Partial<PaymentRow> {
  switch (type) {
    case 'payment.captured':
      return { captured: row.captured + amount }
    case 'payment.refunded':
      return { refunded: row.refunded + amount }
    case 'payment.declined':
      return { reason }
    default:
      return {}
  }
}
