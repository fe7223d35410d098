/**
 * Messages waiting for one activation, in arrival order.
 *
 * Owns:     order.
 * Does not: decide what happens beyond a bound, or write rows (kernel).
 *
 * Invariants:
 *   M1. Messages leave in the order in which they were offered, but for one that is put back: it stays first.
 */
import type { Instant } from '#actor'
import type { Envelope } from '#ports'

/** One waiting message. A row of the mailbox table once `rowed`. */
export interface Waiting {
  /** Its number in the shard's mailbox table. */
  readonly n: number
  readonly envelope: Envelope
  attempts: number
  /** Times that a person took it out of the dead letters. */
  replays: number
  notBefore: Instant
  deaths: number
  /** A row is stored, or is a write of a batch that is closed. */
  rowed: boolean
  handled: boolean
  /** 'asked': its trial row is on its way to the disk. 'granted': the row is durable, its turn may run. */
  trial: 'none' | 'asked' | 'granted'
}

export class Mailbox {
  #waiting: Waiting[] = []
  #head = 0

  get depth(): number {
    return this.#waiting.length - this.#head
  }

  offer(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  get first(): Waiting | undefined {
    return this.#waiting[this.#head]
  }

  takeFirst(): void {
    this.#head += 1
    // The spent prefix goes once it is half of the array, so that taking stays O(1).
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#head === this.#waiting.length ? [] : this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  /** All that wait, first to last. */
  list(): readonly Waiting[] {
    return this.#waiting.slice(this.#head)
  }
}
