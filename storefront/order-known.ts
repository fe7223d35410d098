/**
 * What is known of an order of this phone, and how it grows with each turn that is heard.
 *
 * Invariants:
 *   W1. A turn counts once, however often it is heard.
 *   W2. Of two records of one order the one that has heard more stands; of two lists every order does.
 */
import type { Order, OrderRead, OrderTurn, Story } from './answers.ts'
import type { Wanted } from './placing.ts'

export interface Message {
  readonly title: string
  readonly text: string
  /** Of the restaurant's clock. */
  readonly at: string
}

export interface KnownOrder {
  readonly id: string
  /** Reads, follows, pays, cancels and collects this one order. */
  readonly token: string
  readonly order: OrderRead
  /** As it was sent: an order does not tell what was swapped. */
  readonly wanted: Pick<Wanted, 'items' | 'note'>
  /** Sequence of the last turn that was heard. */
  readonly heard: number
  /** Of that turn, or of when it was placed. */
  readonly at: string
  readonly isPaymentAsked: boolean
  readonly isDeclined: boolean
  readonly messages: readonly Message[]
  /** So many of the messages were seen. */
  readonly read: number
  readonly story?: Story
  /** Idempotency keys by what they stand for. */
  readonly keys: Readonly<Record<string, string>>
  /** The house does not know it any more. */
  readonly isGone?: boolean
}

const messagesMax = 40
export const ordersMax = 30

const finals: ReadonlySet<string> = new Set(['completed', 'rejected', 'cancelled', 'expired'])
/** Until its plates are dressed. */
const revocable: ReadonlySet<string> = new Set(['reserving', 'paying', 'confirmed', 'queued', 'cooking'])

export const isOver = ({ order, isGone = false }: KnownOrder): boolean => isGone || finals.has(order.state)
/** It is over, and its last turn was heard: a reading may tell of the end before the turn does, with what the house says. */
export const isHeardOut = (known: KnownOrder): boolean =>
  known.isGone === true || (isOver(known) && known.heard >= known.order.version)
export const isRevocable = (known: KnownOrder): boolean => !isOver(known) && revocable.has(known.order.state)
/** It waits for its guest to pay. */
export const isUnpaid = ({ order, isPaymentAsked }: KnownOrder): boolean =>
  order.state === 'paying' && !isPaymentAsked

export function knownFrom(
  { orderToken = '', ...order }: Order,
  { items, note, payment }: Wanted,
): KnownOrder {
  const { id, createdAt: at } = order
  return {
    id,
    token: orderToken,
    order,
    wanted: { items, ...(note !== undefined && { note }) },
    heard: 0,
    at,
    isPaymentAsked: payment !== undefined,
    isDeclined: false,
    messages: [],
    read: 0,
    keys: {},
  }
}

export function withTurn(known: KnownOrder, turn: OrderTurn): KnownOrder {
  const { sequence, at, state, message, events, told = [] } = turn
  if (sequence <= known.heard) return known
  const messages = [...known.messages, ...told.map(({ title, text }) => ({ title, text, at }))]
  return {
    ...known,
    heard: sequence,
    at,
    // A reading may be ahead.
    order: sequence > known.order.version ? { ...known.order, state } : known.order,
    isPaymentAsked: known.isPaymentAsked || events.includes('payment.requested'),
    isDeclined: known.isDeclined || message === 'payment.declined',
    messages: messages.slice(-messagesMax),
    read: Math.max(0, known.read - Math.max(0, messages.length - messagesMax)),
  }
}

/** As it was read. What was heard after that reading began stands. */
export function withReading(known: KnownOrder, order: OrderRead, story: Story | undefined): KnownOrder {
  if (order.version < known.heard) return known
  const { story: _, ...rest } = known
  return { ...rest, order, ...(story?.state === order.state && { story }) }
}

/** Of two tabs: both come to the same. */
export function merged(mine: readonly KnownOrder[], theirs: readonly KnownOrder[]): readonly KnownOrder[] {
  const orders = new Map(mine.map((one) => [one.id, one]))
  for (const one of theirs) {
    const other = orders.get(one.id)
    if (other === undefined || isAhead(one, other)) orders.set(one.id, one)
  }
  const newestFirst = [...orders.values()].sort(
    (a, b) => inOrder(b.order.createdAt, a.order.createdAt) || inOrder(a.id, b.id),
  )
  return inRoom(newestFirst)
}

const isAhead = (one: KnownOrder, other: KnownOrder): boolean =>
  (one.heard - other.heard ||
    one.order.version - other.order.version ||
    inOrder(JSON.stringify(one), JSON.stringify(other))) > 0

const inOrder = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

export const withNew = (orders: readonly KnownOrder[], known: KnownOrder): readonly KnownOrder[] =>
  inRoom([known, ...orders.filter(({ id }) => id !== known.id)])

/** The newest first; the oldest that are over make room. */
function inRoom(room: readonly KnownOrder[]): readonly KnownOrder[] {
  const spare = room.length - ordersMax
  if (spare <= 0) return room
  const leaving = new Set(
    room
      .filter(isOver)
      .slice(-spare)
      .map(({ id }) => id),
  )
  return room.filter(({ id }) => !leaving.has(id))
}

export const unreadIn = (orders: readonly KnownOrder[]): number =>
  orders.reduce((sum, { messages, read }) => sum + Math.max(0, messages.length - read), 0)

/** Of all orders, the newest first. */
export const messagesIn = (
  orders: readonly KnownOrder[],
): readonly (Message & { readonly order: string; readonly n: number })[] =>
  orders
    .flatMap(({ id, messages }) => messages.map((message, n) => ({ ...message, order: id, n })))
    .sort((a, b) => (a.at === b.at ? b.n - a.n : a.at < b.at ? 1 : -1))
