/**
 * Calls to parties outside the cluster, by named handlers.
 *
 * Invariants:
 *   O1. `done` is never called before `start` returns, and at most once.
 *   O2. After `cancel` the call's `done` is not called. The other party may still have been reached.
 */
import type { Instant } from '#actor'

export interface OutboundCall {
  readonly handler: string
  readonly args: unknown
  /** Stable idempotency key. */
  readonly key: string
  /** Runtime clock: a try that starts or lands later does not count. */
  readonly expiresAt: Instant
  readonly trace?: string
}

export type CallOutcome =
  | { readonly kind: 'done'; readonly result: unknown }
  /** A definitive no: trying again would get the same. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** No definitive answer; another try may get one. */
  | { readonly kind: 'unknown'; readonly detail: string }

export interface Outside {
  /** One try. Returns what cancels it. */
  start(call: OutboundCall, done: (outcome: CallOutcome) => void): { cancel(): void }
}
