/** Draws by name, for whatever a seed chooses. */
import { draw } from '#actor'

/** One more draw changes none of the others. */
export class Dice {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  uniform(what: string, n = 0): number {
    return draw(this.#seed, `explore.${what}`, n)
  }

  happens(what: string, share: number, n = 0): boolean {
    return this.uniform(what, n) < share
  }

  whole(what: string, least: number, most: number, n = 0): number {
    return least + Math.floor(this.uniform(what, n) * (most - least + 1))
  }

  pick<const T>(what: string, choices: readonly T[], n = 0): T {
    return choices[this.whole(what, 0, choices.length - 1, n)] as T
  }
}
