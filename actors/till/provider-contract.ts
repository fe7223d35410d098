/**
 * What a payment asks of the payment provider, and what it is told.
 *
 * Owns:     the names of the outbound calls, their arguments, and the one shape of every answer.
 * Does not: know how the provider is reached (`#outside`).
 *
 * Invariants:
 *   C1. Every answer says where the payment stands *after* the operation, so an answer to any operation,
 *       also a repeated or a late one, is good for the next decision.
 *   C2. An operation is idempotent by its call's key. Refunds under different keys are different refunds.
 *   C3. Voiding a payment that the provider has never seen closes it: an authorisation that arrives later is
 *       declined. That makes a `void` definitive although a request may still be on its way.
 */

import { type Static, Type } from 'typebox'

/** `captured`: with some of it given back, too. `refunded`: all of it. */
export const ProviderStatus = Type.Enum(['none', 'authorized', 'captured', 'declined', 'voided', 'refunded'])
export type ProviderStatus = Static<typeof ProviderStatus>

export interface ProviderAnswer {
  readonly status: ProviderStatus
  readonly captured: number
  readonly refunded: number
  readonly reason?: string
}

export interface ProviderArgs {
  readonly 'provider.authorize': { readonly payment: string; readonly amount: number; readonly token: string }
  readonly 'provider.capture': { readonly payment: string; readonly amount: number }
  readonly 'provider.void': { readonly payment: string }
  /** Without an amount: all that is left. */
  readonly 'provider.refund': { readonly payment: string; readonly refund?: string; readonly amount?: number }
  readonly 'provider.lookup': { readonly payment: string }
}
export type ProviderOperation = keyof ProviderArgs

export const providerOperations = [
  'provider.authorize',
  'provider.capture',
  'provider.void',
  'provider.refund',
  'provider.lookup',
] as const satisfies readonly ProviderOperation[]

const statuses: ReadonlySet<unknown> = new Set(ProviderStatus.enum)

/** What came from outside, if it has the shape of an answer. */
export function providerAnswer(result: unknown): ProviderAnswer | undefined {
  const answer = result as Partial<ProviderAnswer> | null | undefined
  if (typeof answer !== 'object' || answer === null || !statuses.has(answer.status)) return undefined
  if (!isCents(answer.captured) || !isCents(answer.refunded)) return undefined
  if (answer.reason !== undefined && typeof answer.reason !== 'string') return undefined
  return answer as ProviderAnswer
}

const isCents = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** A card as its owner gives it. It is no message: the gateway hands it to the provider, and keeps the token. */
export interface CardData {
  readonly number: string
  readonly expMonth: number
  readonly expYear: number
  readonly cvc?: string
}

export type Exchanged =
  | { readonly kind: 'done'; readonly token: string; readonly last4: string; readonly brand: string }
  /** The key stood for another card. */
  | { readonly kind: 'key-reused' }
  /** The provider does not take this card. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' }

/** A card's way to the provider. `key` is the provider's idempotency key, `trace` the request's. It never rejects. */
export type CardExchange = (card: CardData, key: string, trace: string) => Promise<Exchanged>
