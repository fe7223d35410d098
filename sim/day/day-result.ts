/**
 * What is known of a day when it is over: for a machine as one JSON document, for a person through `report.ts`.
 *
 * Invariants:
 *   D1. acknowledged = completed + rejected + cancelled + expired + lost; attempted = acknowledged + refused +
 *       unknown. Attempted counts keys, not requests.
 */
import type { Verdict } from './checks/day-checker.ts'
import type { MoneyCounts } from './checks/money.ts'
import type { OrderCounts } from './checks/orders.ts'
import type { FaultOutcome } from './faults/scene.ts'
import type { Situation } from './situations.ts'
import type { Latency } from './slo.ts'

export interface DayResult {
  readonly day: string
  readonly mode: 'sim' | 'live'
  readonly seed: number
  readonly commit: string
  /** Of everything that the day says. */
  readonly optionsHash: string
  /** Of everything that happened; two runs with the same one behaved the same. */
  readonly traceHash: string
  readonly virtualSeconds: number
  readonly wallSeconds: number
  readonly events: number
  readonly orders: OrderCounts
  /** Cents. */
  readonly money: MoneyCounts
  readonly checks: readonly Verdict[]
  readonly faults: readonly FaultOutcome[]
  /** How often each situation was reached. */
  readonly reached: Readonly<Record<Situation, number>>
  readonly latencyMs: { readonly 'order.accept': Latency }
  /** Nodes that own shards. */
  readonly nodes: number
  /** Processes that ended, by whatever. */
  readonly restarts: number
  /** Repeats the run. */
  readonly command: string
}
