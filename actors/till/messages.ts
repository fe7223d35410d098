/**
 * What orders and payments say to each other.
 *
 * Owns:     the contract of a payment, and its address. A payment has its order's key.
 * Does not: say what the provider is asked (`payment.ts` does, in its calls).
 *
 * Invariants:
 *   P1. Every `payment.request` is answered by `payment.captured` or `payment.declined`, unless a
 *       `payment.cancel` came first.
 *   P2. Every `payment.cancel` is answered, in the end, by `payment.settled`, or was crossed by
 *       `payment.declined`. After either, nothing of the guest's money is kept.
 */

import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const

export const PaymentMessage = Type.Union([
  /** Creates the payment. The token stands for a card; no card number ever is a message. */
  Type.Object(
    {
      type: Type.Literal('payment.request'),
      amount: Type.Integer({ minimum: 1 }),
      token: Type.String({ minLength: 1, maxLength: 100 }),
    },
    exact,
  ),
  /** The order will not be made: void or refund, whatever it takes. */
  Type.Object({ type: Type.Literal('payment.cancel') }, exact),
  /** The order is complete: the money is earned, and the payment ends. */
  Type.Object({ type: Type.Literal('payment.close') }, exact),
])
export type PaymentMessage = MessageOf<typeof PaymentMessage>

/** From a payment to its order. */
export const PaymentReport = Type.Union([
  Type.Object({ type: Type.Literal('payment.captured'), amount: Type.Integer() }, exact),
  Type.Object({ type: Type.Literal('payment.declined'), reason: Type.String() }, exact),
  Type.Object({ type: Type.Literal('payment.settled'), refunded: Type.Integer() }, exact),
])

export const paymentRef = (order: string) => ref<PaymentMessage>('payment', order)
