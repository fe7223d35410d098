/**
 * What others say to an order and to the menu, and what an order tells the public.
 *
 * Owns:     both contracts, the public events of an order, and the addresses of this department.
 * Does not: decide anything (`order.ts`, `menu.ts`).
 */

import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'
import { TicketReport } from '../kitchen/ticket-messages.ts'
import type { Shortage } from '../pantry/messages.ts'
import { ReservationReport, StockLine } from '../pantry/messages.ts'
import { PaymentReport } from '../till/messages.ts'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })
const cents = Type.Integer({ minimum: 0 })
const token = Type.String({ minLength: 1, maxLength: 100 })

export const currency = 'EUR'

/** A line of an order, its price in cents for one portion as it stood on the menu. */
export const OrderItem = Type.Object(
  { dish: id, quantity: Type.Integer({ minimum: 1, maximum: 50 }), price: cents },
  exact,
)
export interface OrderItem {
  readonly dish: string
  readonly quantity: number
  readonly price: number
}

export const OrderMessage = Type.Union([
  /** Creates the order. Prices, needs and total come from the menu's `price` query. */
  Type.Object(
    {
      type: Type.Literal('order.place'),
      site: id,
      items: Type.Array(OrderItem, { minItems: 1, maxItems: 50 }),
      /** What the kitchen will take from the pantry, each ingredient once. */
      needs: Type.Array(StockLine, { minItems: 1 }),
      total: Type.Integer({ minimum: 1 }),
      serve: Type.Union([Type.Literal('collect'), Type.Literal('table')]),
      /** World instant. */
      promisedAt: Type.Integer(),
      /** Without one the order waits for `order.pay`. */
      token: Type.Optional(token),
      guest: Type.Optional(id),
      note: Type.Optional(Type.String({ maxLength: 500 })),
    },
    exact,
  ),
  /**
   * Other items instead, until it is paid for. When the pantry has too little for them, the order stands as it was, and
   * its view has the shortages.
   */
  Type.Object(
    {
      type: Type.Literal('order.revise'),
      items: Type.Array(OrderItem, { minItems: 1, maxItems: 50 }),
      needs: Type.Array(StockLine, { minItems: 1, maxItems: 100 }),
      total: Type.Integer({ minimum: 1 }),
      promisedAt: Type.Integer(),
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('order.pay'), token }, exact),
  /** Possible until the plates are dressed. */
  Type.Object({ type: Type.Literal('order.cancel'), reason: Type.Optional(Type.String()) }, exact),
  /** The guest has it. */
  Type.Object({ type: Type.Literal('order.collect') }, exact),
  ...ReservationReport.anyOf,
  ...PaymentReport.anyOf,
  ...TicketReport.anyOf,
])
export type OrderMessage = MessageOf<typeof OrderMessage>

interface OfOrder {
  readonly order: string
  readonly site: string
  readonly guest?: string
}

/** What the public learns of an order; the journal keeps when. */
export type OrderEvent = OfOrder &
  (
    | { readonly type: 'order.created'; readonly items: readonly OrderItem[]; readonly total: number }
    | {
        readonly type: 'order.revised'
        readonly items: readonly OrderItem[]
        readonly total: number
        readonly promisedAt: number
      }
    | { readonly type: 'payment.requested'; readonly amount: number }
    | { readonly type: 'order.paid'; readonly amount: number }
    | { readonly type: 'cooking.started' }
    | { readonly type: 'order.ready' }
    | { readonly type: 'order.completed'; readonly total: number; readonly reason?: string }
    | {
        readonly type: 'order.rejected' | 'order.cancelled' | 'order.expired'
        readonly reason: string
        readonly shortages: readonly Shortage[]
        readonly wasted: boolean
      }
  )

export const MenuItem = Type.Object(
  {
    dish: id,
    name: Type.String({ minLength: 1, maxLength: 100 }),
    price: cents,
    available: Type.Boolean(),
    needs: Type.Array(
      Type.Object(
        { ingredient: id, amount: Type.Integer({ minimum: 1 }), substitute: Type.Optional(id) },
        exact,
      ),
      { minItems: 1, maxItems: 50 },
    ),
  },
  exact,
)
/** A dish as guests see it. How it is cooked is the kitchen's (`menu-data.ts`). */
export interface MenuItem {
  readonly dish: string
  readonly name: string
  readonly price: number
  readonly available: boolean
  readonly needs: readonly {
    readonly ingredient: string
    readonly amount: number
    readonly substitute?: string
  }[]
}

export const MenuMessage = Type.Union([
  /** Creates the menu with the house's recipes. */
  Type.Object({ type: Type.Literal('menu.open') }, exact),
  /** Opens a draft; guests go on seeing what is published. */
  Type.Object({ type: Type.Literal('menu.edit') }, exact),
  /** Adds or replaces a dish: in the draft when there is one, else at once. */
  Type.Object(
    {
      type: Type.Literal('menu.put'),
      item: MenuItem,
      /** It is not to replace anything. */
      isNew: Type.Optional(Type.Boolean()),
    },
    exact,
  ),
  /** On or off the menu, at once. */
  Type.Object({ type: Type.Literal('menu.avail'), dish: id, available: Type.Boolean() }, exact),
  Type.Object({ type: Type.Literal('menu.publish') }, exact),
  Type.Object({ type: Type.Literal('menu.discard') }, exact),
])
export type MenuMessage = MessageOf<typeof MenuMessage>

export const orderRef = (id: string) => ref<OrderMessage>('order', id)
export const menuRef = (site: string) => ref<MenuMessage>('menu', site)
