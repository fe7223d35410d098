/**
 * What orders and payments say to each other, and what is said to stored cards.
 *
 * Owns:     these contracts, and the addresses of this department. A payment has its order's key.
 * Does not: say what the provider is asked (`payment.ts` does, in its calls).
 *
 * Invariants:
 *   P1. Every `payment.request` is answered by `payment.captured` or `payment.declined`, unless a
 *       `payment.cancel` came first.
 *   P2. Every `payment.cancel` that comes before `payment.close` is answered, in the end, by `payment.settled`, or was crossed by
 *       `payment.declined`. After either, nothing of the guest's money is kept.
 */

import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'
import { ProviderStatus } from './provider-contract.ts'

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
  /** The order is complete: the money is earned. */
  Type.Object({ type: Type.Literal('payment.close') }, exact),
  /** Somebody of the house gives money back, before or after. The same `refund` again is the same refund. */
  Type.Object(
    {
      type: Type.Literal('payment.refund'),
      refund: Type.String({ minLength: 1, maxLength: 100 }),
      amount: Type.Integer({ minimum: 1 }),
      reason: Type.Optional(Type.String({ maxLength: 200 })),
    },
    exact,
  ),
  /** What the provider says by itself, signed, through the gateway: late, repeated or out of order. */
  Type.Object(
    {
      type: Type.Literal('payment.news'),
      status: ProviderStatus,
      captured: Type.Integer({ minimum: 0 }),
      refunded: Type.Integer({ minimum: 0 }),
      reason: Type.Optional(Type.String({ maxLength: 200 })),
    },
    exact,
  ),
])
export type PaymentMessage = MessageOf<typeof PaymentMessage>

/** From a payment to its order. */
export const PaymentReport = Type.Union([
  Type.Object({ type: Type.Literal('payment.captured'), amount: Type.Integer() }, exact),
  Type.Object({ type: Type.Literal('payment.declined'), reason: Type.String() }, exact),
  Type.Object({ type: Type.Literal('payment.settled'), refunded: Type.Integer() }, exact),
])

const id = Type.String({ minLength: 1, maxLength: 100 })
/** What may be kept of a card: enough to recognise it, and the provider's token. */
const last4 = Type.String({ pattern: '^\\d{4}$' })
const brand = Type.String({ minLength: 1, maxLength: 30 })

export const VaultMessage = Type.Union([
  /** Creates the entry of one card. */
  Type.Object({ type: Type.Literal('vault.store'), owner: id, token: id, last4, brand }, exact),
  Type.Object({ type: Type.Literal('vault.remove') }, exact),
  // From the wallet of its owner.
  Type.Object({ type: Type.Literal('wallet.added') }, exact),
  Type.Object({ type: Type.Literal('wallet.full') }, exact),
  Type.Object({ type: Type.Literal('wallet.removed') }, exact),
])
export type VaultMessage = MessageOf<typeof VaultMessage>

/** From the vault's entries. Each is answered, also when it comes again. */
export const WalletMessage = Type.Union([
  /** Creates the wallet. */
  Type.Object({ type: Type.Literal('wallet.add'), method: id, last4, brand }, exact),
  Type.Object({ type: Type.Literal('wallet.remove'), method: id }, exact),
  /** From an account that closes: every card is forgotten, and none is taken any more. */
  Type.Object({ type: Type.Literal('wallet.close') }, exact),
])
export type WalletMessage = MessageOf<typeof WalletMessage>

/** By the name of the stored card: `pm_…`. */
export const vaultRef = (method: string) => ref<VaultMessage>('vault', method)
/** By account. */
export const walletRef = (account: string) => ref<WalletMessage>('wallet', account)
export const paymentRef = (order: string) => ref<PaymentMessage>('payment', order)
