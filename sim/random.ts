/**
 * The randomness of one simulated node, keyed by its name.
 */
import type { Random } from '#ports'
import type { Timeline } from './timeline.ts'

export class SimRandom implements Random {
  #draw: () => number

  /** `name` must be another one for each life of a node: a life repeats nothing of the one before. */
  constructor(timeline: Timeline, name: string) {
    this.#draw = timeline.stream(name)
  }

  next(): number {
    return this.#draw() * 2 ** 32
  }
}
