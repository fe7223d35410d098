/**
 * Where batches of the journal go before they are trimmed.
 *
 * Invariants:
 *   A1. `done` is never called before the call returns, and exactly once, unless the process dies.
 *   A2. 'kept' is told only of what survives the loss of power.
 */
import type { KeptBatch } from './journal.ts'

export type ArchiveOutcome =
  | { readonly kind: 'kept' }
  /** Nobody knows how much of it was written: the batches stay in the journal, and come again. */
  | { readonly kind: 'failed'; readonly cause: string }

export interface Archive {
  /** The same batch may come more than once: whoever gave it may die before it is trimmed. */
  keep(batches: readonly KeptBatch[], done: (outcome: ArchiveOutcome) => void): void
}
