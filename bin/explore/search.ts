/**
 * What a search has seen so far, added up, and what that says of the seeds that it has not seen.
 *
 * Owns:     the sums, and the bound.
 */
import type { FaultKind, Situation } from '#day'
import { exitCodes } from '../command-line/exit-codes.ts'
import { worstOf } from '../judgement.ts'
import type { TrialEnd } from './trial.ts'

export interface FaultCounts {
  /** Had an effect. */
  struck: number
  /** Met nobody. */
  missed: number
}

/** What breaks a check, as nothing may be left of an order, is not missed in days that hold. */
const onlyInFailures: Situation = 'dead-letter'

export class Search {
  tried = 0
  failed = 0
  events = 0
  /** Guests who ordered, or tried to. */
  guests = 0
  virtualSeconds = 0
  readonly faults: Partial<Record<FaultKind, FaultCounts>> = {}
  /** In how many days each situation was reached. */
  readonly reached: Partial<Record<Situation, number>> = {}
  #exitCode: number = exitCodes.held

  add({ exitCode, result, failure }: TrialEnd): void {
    this.tried += 1
    if (failure !== undefined) this.failed += 1
    this.#exitCode = worstOf([this.#exitCode, exitCode])
    if (result === undefined) return
    this.events += result.events
    this.guests += result.orders.attempted
    this.virtualSeconds += result.virtualSeconds
    for (const { kind, fired } of result.faults) {
      this.faults[kind] ??= { struck: 0, missed: 0 }
      this.faults[kind][fired ? 'struck' : 'missed'] += 1
    }
    for (const [situation, count] of Object.entries(result.reached) as [Situation, number][]) {
      this.reached[situation] = (this.reached[situation] ?? 0) + Math.min(1, count)
    }
  }

  /** Situations that no day came to: of them nothing is known. */
  get neverReached(): readonly Situation[] {
    return (Object.keys(this.reached) as Situation[]).filter(
      (situation) => this.reached[situation] === 0 && situation !== onlyInFailures,
    )
  }

  /** Of the worst that was found. */
  get exitCode(): number {
    return this.#exitCode
  }

  /**
   * The share of all seeds that fail is below this, with 95 % confidence: none in n says below 3/n. Undefined
   * when some failed, or so few were tried that it says nothing.
   */
  get failureShareBelow(): number | undefined {
    return this.failed === 0 && this.tried > 3 ? 3 / this.tried : undefined
  }
}
