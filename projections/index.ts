/**
 * Read models: what lists and figures are read from, folded from the journal.
 *
 * Knows:          the contracts and public events of the restaurant's actors, and the ports of a source and a store.
 * Does not know:  nodes, files, HTTP.
 */
import { kpiProjection } from './kpi.ts'
import { ledgerProjection } from './ledger.ts'
import { ordersProjection } from './orders.ts'
import { paymentsProjection } from './payments.ts'
import type { Projection } from './projection.ts'
import { ticketsProjection } from './tickets.ts'
import { usersProjection } from './users.ts'

export * from './kpi.ts'
export * from './ledger.ts'
export * from './memory-store.ts'
export * from './orders.ts'
export * from './payments.ts'
export * from './projection.ts'
export * from './projector.ts'
export * from './tickets.ts'
export * from './users.ts'

/** Those of the restaurant. */
export const projections: readonly Projection[] = [
  ordersProjection,
  paymentsProjection,
  ticketsProjection,
  kpiProjection,
  ledgerProjection,
  usersProjection,
]
