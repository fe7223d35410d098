/**
 * A payment as the public API shows it, and the schemas of what goes in and out.
 *
 * Does not: show the card or its token.
 */
import { type Static, Type } from 'typebox'
import { currency, type PaymentView, type Refund } from '#actors'
import { type Money, MoneyRef } from './order-body.ts'
import { exact } from './route-parts.ts'

export const RefundBody = Type.Object(
  {
    id: Type.String(),
    amount: MoneyRef,
    reason: Type.Optional(Type.String()),
    state: Type.Enum(['asked', 'given', 'refused'], {
      description: '`asked`: the provider is still to confirm it. `refused`: the provider does not do it.',
    }),
  },
  { ...exact, $id: 'Refund' },
)
export type RefundBody = Static<typeof RefundBody>
export const RefundRef = Type.Unsafe<RefundBody>(Type.Ref('Refund#'))

export const Payment = Type.Object(
  {
    id: Type.String({ description: "The order's." }),
    order: Type.String(),
    state: Type.String({
      description:
        'created → authorizing → authorized → capturing → captured → settled → closed; or declined, voiding, voided, returning (a part), refunding (all of it), refunded; unknown while nobody but the provider knows',
    }),
    version: Type.Integer({ minimum: 0 }),
    amount: MoneyRef,
    captured: MoneyRef,
    refunded: MoneyRef,
    reason: Type.Optional(Type.String()),
    refunds: Type.Array(RefundRef, { description: 'What somebody of the house gave back.' }),
    links: Type.Object({ self: Type.String(), order: Type.String(), refunds: Type.String() }, exact),
  },
  { ...exact, $id: 'Payment' },
)
export type Payment = Static<typeof Payment>
export const PaymentRef = Type.Unsafe<Payment>(Type.Ref('Payment#'))

export const RefundWish = Type.Object(
  {
    amount: Type.Object({ amount: Type.Integer({ minimum: 1 }), currency: Type.Literal(currency) }, exact),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  exact,
)

export const paymentsPath = '/api/v1/payments'

const money = (amount: number): Money => ({ amount, currency })

export function paymentBody(view: PaymentView, version: number): Payment {
  const { order, state, amount, captured, refunded, reason, refunds } = view
  const self = `${paymentsPath}/${order}`
  return {
    id: order,
    order,
    state,
    version,
    amount: money(amount),
    captured: money(captured),
    refunded: money(refunded),
    ...(reason !== null && { reason }),
    refunds: refunds.map(refundBody),
    links: { self, order: `/api/v1/orders/${order}`, refunds: `${self}/refunds` },
  }
}

export const refundBody = ({ id, amount, reason, state }: Refund): RefundBody => ({
  id,
  amount: money(amount),
  ...(reason !== null && { reason }),
  state,
})
