/**
 * The system's source of randomness, fetched in blocks: a call into it costs 2 µs, whether for one number or for 256.
 */
import { randomFillSync } from 'node:crypto'
import type { Random } from '#ports'

export class SystemRandom implements Random {
  #block = new Uint32Array(256)
  #used = this.#block.length

  next(): number {
    if (this.#used === this.#block.length) {
      randomFillSync(this.#block)
      this.#used = 0
    }
    const number = this.#block[this.#used] ?? 0
    this.#used += 1
    return number
  }
}
