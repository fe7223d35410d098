/**
 * Turns that throw before they begin, now and then: whatever an actor's author got wrong, its supervisor meets.
 *
 * Owns:     which turns throw, while they do.
 * Does not: decide what follows (the supervision tree does).
 */
import { draw } from '#actor'
import type { Registry } from '#host'

export interface Throwing {
  /** Turns that have thrown. */
  readonly met: number
  heal(): void
}

export class ThrowingTurns {
  readonly #seed: number
  readonly #counts = new Map<string, number>()
  #share = 0
  #met = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** From now on this share of all turns throws. */
  begin(share: number): Throwing {
    const before = this.#met
    const met = (): number => this.#met - before
    this.#share = share
    return {
      get met() {
        return met()
      },
      heal: () => {
        this.#share = 0
      },
    }
  }

  /** Runs it without: whoever judges takes turns of the same machines. */
  spare(run: () => void): void {
    const share = this.#share
    this.#share = 0
    run()
    this.#share = share
  }

  /** The machines of this registry, which is the simulator's own, are led by the hand. */
  reach({ types }: Registry): void {
    for (const { definition, machine } of types) {
      const turn = machine.turn.bind(machine)
      machine.turn = (state, event) => {
        if (this.#share > 0 && this.#draw(`${definition.type} ${event.type}`) < this.#share) {
          this.#met += 1
          throw new Error('This turn was made to throw.')
        }
        return turn(state, event)
      }
    }
  }

  #draw(name: string): number {
    const n = this.#counts.get(name) ?? 0
    this.#counts.set(name, n + 1)
    return draw(this.#seed, `turns-throw.${name}`, n)
  }
}
