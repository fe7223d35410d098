/**
 * What the replenisher asks of the suppliers, and what it is told.
 *
 * Owns:     the names of the outbound calls, their arguments, and the one shape of every answer.
 * Does not: know how a supplier is reached (`#outside`).
 *
 * Invariants:
 *   C1. Every answer says where the order stands *after* the operation: an answer to any of them, also a repeated or a
 *       late one, is good for the next decision.
 *   C2. An order is known by its name. Ordered again it is the same order.
 *   C3. Of one order there is one delivery, however small. What is missing of it is not sent after it.
 */
import type { Instant } from '#actor'

export interface SupplierArgs {
  readonly 'supplier.order': {
    readonly order: string
    readonly site: string
    readonly ingredient: string
    readonly amount: number
  }
  readonly 'supplier.lookup': { readonly order: string }
}
export type SupplierOperation = keyof SupplierArgs

export const supplierOperations = [
  'supplier.order',
  'supplier.lookup',
] as const satisfies readonly SupplierOperation[]

export type SupplierAnswer =
  /** There is no such order. */
  | { readonly status: 'none' }
  /** It is to come at `dueAt`, by the world's clock. */
  | { readonly status: 'ordered'; readonly dueAt: Instant }
  /** So much of it has come, at least one. */
  | { readonly status: 'delivered'; readonly amount: number }

/** What came from outside, if it has the shape of an answer. */
export function supplierAnswer(result: unknown): SupplierAnswer | undefined {
  const { status, dueAt, amount } = (result ?? {}) as Readonly<Record<string, unknown>>
  if (status === 'none') return { status }
  if (status === 'ordered' && isPositive(dueAt)) return { status, dueAt: dueAt as Instant }
  if (status === 'delivered' && isPositive(amount)) return { status, amount }
  return undefined
}

const isPositive = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
