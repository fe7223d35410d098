/**
 * Messages waiting for one activation, in arrival order: the first of them in memory, the others by number.
 *
 * Owns:     order, and which messages are held. Beyond the window a message is its row, and a number here.
 * Does not: read or write rows (kernel), or decide what happens beyond a bound.
 *
 * Invariants:
 *   M1. Messages leave in the order in which they were offered, but for one that is put back: it stays first.
 *   M2. At most `window` messages are held, and those that never have a row of this table to be read again: what
 *       stands for a row of another one, and requests from outside.
 */
import type { Instant } from '#actor'
import { assert } from '#actor'
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
  /** When it came, on the runtime clock. */
  readonly since: Instant
  /** Somebody wants to know what becomes of it: what the watcher gave before its turn. */
  begun: number | undefined
  /** 'asked': its trial row is on its way to the disk. 'granted': the row is durable, its turn may run. */
  trial: 'none' | 'asked' | 'granted'
}

export class Mailbox {
  #entries: (Waiting | number)[] = []
  #head = 0
  /** Rows are being read. */
  reading = false

  get depth(): number {
    return this.#entries.length - this.#head
  }

  /** `named`: only its number is kept, so its row must be written. */
  offer(waiting: Waiting, window: number): 'held' | 'named' {
    const { row, request } = waiting.envelope
    const isHeld = this.depth < window || row !== undefined || request !== undefined
    const entry = isHeld ? waiting : waiting.n
    // Most wait alone: V8 gives a list of one that is written down so room for one, and one that is pushed to for 17.
    if (this.#entries.length === 0) this.#entries = [entry]
    else this.#entries.push(entry)
    return isHeld ? 'held' : 'named'
  }

  /** A message that waits behind the window, in a row that is stored. */
  name(n: number): void {
    this.#entries.push(n)
  }

  /** Undefined: nothing waits, or its row is yet to be read. */
  get first(): Waiting | undefined {
    const entry = this.#entries[this.#head]
    return typeof entry === 'number' ? undefined : entry
  }

  takeFirst(): void {
    this.#head += 1
    // The spent prefix goes once it is half of the array, so that taking stays O(1).
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#head === this.#entries.length ? [] : this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** Numbers within the window whose rows are to be read. */
  missing(window: number): readonly number[] {
    return this.#entries.slice(this.#head, this.#head + window).filter((entry) => typeof entry === 'number')
  }

  /** In place of their numbers, messages as read: all that were missing when they were asked for. */
  fill(read: readonly Waiting[]): void {
    let at = this.#head
    for (const waiting of read) {
      while (typeof this.#entries[at] !== 'number') at += 1
      assert(this.#entries[at] === waiting.n, 'M1', `row ${waiting.n} is not the one that was missing`)
      this.#entries[at] = waiting
    }
  }

  /** All in memory, first to last. */
  held(): readonly Waiting[] {
    return this.#entries.slice(this.#head).filter((entry) => typeof entry !== 'number')
  }

  /** Of all that wait. */
  numbers(): readonly number[] {
    return this.#entries.slice(this.#head).map((entry) => (typeof entry === 'number' ? entry : entry.n))
  }
}
