/**
 * An order as the public API shows it, and the schemas of what goes in and out.
 *
 * Does not: show who the guest is, which site cooks, or what the order's messages carried.
 */
import { type Static, Type } from 'typebox'
import type { OrderView } from '#actors'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { exact } from './route-parts.ts'

export const Money = Type.Object(
  {
    amount: Type.Integer({ minimum: 0, description: 'In the smallest unit of the currency: cents.' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  },
  { ...exact, $id: 'Money' },
)
export type Money = Static<typeof Money>
export const MoneyRef = Type.Unsafe<Money>(Type.Ref('Money#'))
/** In what a route takes: a body is checked by its own schema alone. */
export const MoneyGiven = Type.Object(Money.properties, exact)

/** Never a card number: a card is exchanged for a token with the provider. */
const PaymentToken = Type.String({
  pattern: '^tok_[A-Za-z0-9_-]{1,90}$',
  description: "The payment provider's. The stub accepts `tok_ok`, and declines what it does not know.",
})

export const Wishes = Type.Array(
  Type.Object(
    {
      dish: Type.String({ minLength: 1, maxLength: 100 }),
      quantity: Type.Integer({ minimum: 1, maximum: 50 }),
      options: Type.Optional(
        Type.Object(
          {
            substitute: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
              maxItems: 20,
              description: 'Ingredients that may be replaced by what the menu offers instead.',
            }),
          },
          exact,
        ),
      ),
    },
    exact,
  ),
  { minItems: 1, maxItems: 50 },
)
const PaymentMeans = Type.Union(
  [
    Type.Object({ token: PaymentToken }, exact),
    Type.Object(
      { method: Type.String({ minLength: 1, maxLength: 100, description: 'A stored card of the account.' }) },
      exact,
    ),
  ],
  { description: 'How it is paid. Of an order: without it the order waits to be paid.' },
)
export type PaymentMeans = Static<typeof PaymentMeans>

export const PlaceOrder = Type.Object(
  {
    items: Wishes,
    total: Type.Optional(
      Type.Object(Money.properties, {
        ...exact,
        description: 'What the guest has seen. If it would be another, the answer is 409.',
      }),
    ),
    payment: Type.Optional(PaymentMeans),
    serve: Type.Optional(Type.Enum(['collect', 'table'], { default: 'collect' })),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  exact,
)
export type PlaceOrder = Static<typeof PlaceOrder>

export const PayOrder = PaymentMeans

export const ReviseOrder = Type.Object({ items: Wishes }, exact)

export const CancelOrder = Type.Union([
  Type.Object({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }, exact),
  Type.Null(),
])

export const Order = Type.Object(
  {
    id: Type.String(),
    state: Type.String({
      description:
        'placed → reserving → paying → confirmed → queued → cooking → plating → ready → completed; or revising, rejected, cancelling, refunding, releasing, cancelled, expired',
    }),
    version: Type.Integer({ minimum: 0 }),
    items: Type.Array(
      Type.Object({ dish: Type.String(), quantity: Type.Integer({ minimum: 1 }), price: MoneyRef }, exact),
    ),
    total: MoneyRef,
    serve: Type.String(),
    note: Type.Optional(Type.String()),
    createdAt: Timestamp,
    promisedAt: Timestamp,
    reason: Type.Optional(Type.String({ description: 'Why it ended as it did.' })),
    shortages: Type.Optional(
      Type.Array(
        Type.Object({ ingredient: Type.String(), needed: Type.Integer(), free: Type.Integer() }, exact),
      ),
    ),
    links: Type.Object({ self: Type.String(), events: Type.String(), cancellation: Type.String() }, exact),
    orderToken: Type.Optional(
      Type.String({
        description: 'Reads, follows and cancels this one order. Given once, to the guest who placed it.',
      }),
    ),
  },
  { ...exact, $id: 'Order' },
)
export type Order = Static<typeof Order>
export const OrderRef = Type.Unsafe<Order>(Type.Ref('Order#'))

export const OrderTurn = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    at: Timestamp,
    message: Type.String({ description: 'What the order was told; `timer` by its own clock.' }),
    state: Type.String({ description: 'Where it stood then.' }),
    events: Type.Array(Type.String(), { description: 'What it announced: `order.created`, `order.paid`, …' }),
    told: Type.Optional(
      Type.Array(Type.Object({ title: Type.String(), text: Type.String() }, exact), {
        description: 'What the guest is told of it, in the words of a notification.',
      }),
    ),
  },
  { ...exact, $id: 'OrderTurn' },
)
export type OrderTurn = Static<typeof OrderTurn>

export const ordersPath = '/api/v1/orders'

export function orderBody(view: OrderView, version: number): Order {
  const { id, state, items, total, serve, note, createdAt, promisedAt, reason, shortages } = view
  const self = `${ordersPath}/${id}`
  return {
    id,
    state,
    version,
    items: items.map(({ dish, quantity, price }) => ({
      dish,
      quantity,
      price: { amount: price, currency: total.currency },
    })),
    total,
    serve,
    ...(note !== null && { note }),
    createdAt: timestampOf(createdAt),
    promisedAt: timestampOf(promisedAt),
    ...(reason !== null && { reason }),
    ...(shortages.length > 0 && { shortages: shortages.map((shortage) => ({ ...shortage })) }),
    links: { self, events: `${self}/events`, cancellation: `${self}/cancellation` },
  }
}

/** What a guest can ask of an order, by the name that the API has for it. Other messages are between actors. */
const eventNames: Readonly<Record<string, string>> = {
  'order.pay': 'payment.authorize',
  'order.revise': 'order.revise',
  'order.cancel': 'order.cancel',
  'order.collect': 'order.complete',
}

export function allowedEventsOf(accepts: readonly string[]): string[] {
  return accepts.flatMap((type) => eventNames[type] ?? [])
}

/** The name that people see of what an order was told. A deadline of its own machine is told by its clock. */
export const messageNameOf = (type: string): string =>
  type.startsWith('xstate.') ? 'timer' : (eventNames[type] ?? type)

/** The name that people see of a state value: the outer state, where the machine has nested ones. */
export function stateNameOf(value: unknown): string {
  return typeof value === 'string' ? value : (Object.keys(value as object)[0] ?? '')
}
