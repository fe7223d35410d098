/**
 * Parties outside the cluster, as models.
 *
 * Owns:     the way there and back: how long it takes, and that a deposed or ended caller hears nothing.
 * Does not: remember what the party did. A model keeps its own ledger, and outlives every node.
 */
import type { Instant } from '#actor'
import type { CallOutcome, OutboundCall, Outside } from '#ports'
import { runtimeEpoch } from './clock.ts'
import type { SimProcess } from './process.ts'
import type { Timeline } from './timeline.ts'

export interface ModelContext {
  /** The call's idempotency key: the same for each try. */
  readonly key: string
  /** By the party's own clock, which is right. */
  readonly now: Instant
  /** The next number in [0, 1) of this handler and key. */
  draw(): number
}

/** What the party answers and after how long; `never` has had its effect and is not heard of again. */
export interface ModelAnswer {
  readonly afterUs: number
  readonly outcome: CallOutcome | 'never'
}

export type OutsideModel = (args: unknown, context: ModelContext) => ModelAnswer

export class SimOutside implements Outside {
  #timeline: Timeline
  #process: SimProcess
  #models: ReadonlyMap<string, OutsideModel>
  #wayMaxUs: number

  /** `models` by handler name, shared by all nodes. A call is on its way for up to `wayMaxUs`. */
  constructor(
    timeline: Timeline,
    process: SimProcess,
    models: ReadonlyMap<string, OutsideModel>,
    wayMaxUs = 2_000,
  ) {
    this.#timeline = timeline
    this.#process = process
    this.#models = models
    this.#wayMaxUs = wayMaxUs
  }

  // Once started a call is on the wire: neither `cancel` nor the end of the process takes it back (O2).
  start(call: OutboundCall, done: (outcome: CallOutcome) => void): { cancel(): void } {
    let isWanted = true
    const answer = (outcome: CallOutcome): void => {
      this.#process.enter(() => {
        if (isWanted) done(outcome)
      })
    }
    const way = Math.floor(this.#timeline.draw(`outside.${call.handler}.way`) * this.#wayMaxUs)
    this.#timeline.after(way, () => this.#land(call, answer))
    return {
      cancel: () => {
        isWanted = false
      },
    }
  }

  #land(call: OutboundCall, answer: (outcome: CallOutcome) => void): void {
    const now = (runtimeEpoch + this.#timeline.now) as Instant
    const model = this.#models.get(call.handler)
    if (model === undefined) {
      answer({ kind: 'refused', detail: `there is no outside handler '${call.handler}'` })
      return
    }
    if (now > call.expiresAt) {
      answer({ kind: 'unknown', detail: 'it landed after its expiry' })
      return
    }
    const name = `outside.${call.handler}.${call.key}`
    const context: ModelContext = { key: call.key, now, draw: () => this.#timeline.draw(name) }
    const { afterUs, outcome } = model(call.args, context)
    if (outcome !== 'never') this.#timeline.after(afterUs, () => answer(outcome))
  }
}
