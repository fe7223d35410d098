/**
 * The faults of a simulated day: when they strike, and when all of them have healed.
 *
 * Owns:     the timeline of faults, and what was seen of each.
 * Does not: choose faults (the day does), or know what each of them does (`machine-faults.ts`, `link-faults.ts`,
 *           `restaurant-faults.ts`).
 *
 * Invariants:
 *   F1. A fault has fired when its effect was seen: a process gone or frozen, a frame or a call swallowed, a clock
 *       off, an appliance out of order. That it was asked for is no proof.
 *   F2. Every fault has ended when the day closes down: what it broke, it mends.
 */
import type { Commit } from '#sim'
import { durationUs, timeUs } from '../time-of-day.ts'
import { endOf, type Fault, type Of, targetOf } from './fault.ts'
import { linkFaults } from './link-faults.ts'
import { machineFaults } from './machine-faults.ts'
import { restaurantFaults } from './restaurant-faults.ts'
import { type FaultOutcome, type FaultStage, Scene, type Strike } from './scene.ts'

/** Its end can be brought forward, and what was seen of it is told before. */
export interface FaultByHand {
  readonly scene: Scene
  readonly outcome: FaultOutcome
}

const strikes = { ...machineFaults, ...linkFaults, ...restaurantFaults }

export class Faults {
  readonly outcomes: readonly FaultOutcome[]
  readonly #scene: Scene

  constructor(stage: FaultStage) {
    this.#scene = new Scene(stage)
    this.outcomes = stage.day.faults.map((fault) => ({
      kind: fault.kind,
      target: targetOf(fault),
      at: fault.at,
      fired: false,
    }))
  }

  commit(commit: Commit): void {
    this.#scene.commit(commit)
  }

  /** World time, in microseconds, at which the last fault has ended and every node is back. */
  get healedAt(): number {
    const { faults, cluster } = this.#scene.stage.day
    const backUs = durationUs(cluster.restart) + durationUs(cluster.heartbeat)
    return Math.max(0, ...faults.map((fault) => endOf(fault) + backUs))
  }

  schedule(): void {
    const { cluster, day } = this.#scene.stage
    for (const [n, fault] of day.faults.entries()) {
      const outcome = this.outcomes[n] as FaultOutcome
      this.#scene.after(timeUs(fault.at) - cluster.worldNow, () => this.#strike(fault, outcome))
    }
  }

  /** A delivery has come that this fault held up or made smaller. */
  delivered(trouble: Of<'delivery-late' | 'delivery-short'>): void {
    const { day, cluster } = this.#scene.stage
    const outcome = this.outcomes[day.faults.indexOf(trouble)]
    if (outcome !== undefined) outcome.fired = cluster.worldNow >= endOf(trouble)
  }

  /** Somebody strikes it by hand, now. */
  strike(fault: Fault): FaultByHand {
    const scene = this.#scene.byHand()
    const outcome: FaultOutcome = { kind: fault.kind, target: targetOf(fault), at: fault.at, fired: false }
    this.#strike(fault, outcome, scene)
    return { scene, outcome }
  }

  /** For what is no fault of the day's words. */
  byHand(): Scene {
    return this.#scene.byHand()
  }

  // Each strike takes its own kind of fault, which the key proves.
  #strike(fault: Fault, outcome: FaultOutcome, scene = this.#scene): void {
    const strike = strikes[fault.kind] as Strike<Fault['kind']>
    strike(scene, fault, outcome)
  }
}
