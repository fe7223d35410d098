/**
 * What is due next on one clock: a binary heap ordered by (instant, sequence).
 *
 * Owns:     the order. Equal instants come out in the order they went in. And that entries which no longer count do
 *           not pile up: most timers are cancelled hours before they are due.
 * Does not: know whether an entry still counts; the kernel compares it with its row when it comes out.
 */
import type { Instant } from '#actor'

/** Fewer are not worth a look. */
const compactFrom = 32

export class TimerHeap<T> {
  readonly #at: number[] = []
  readonly #sequence: number[] = []
  readonly #items: T[] = []
  #next = 0
  #dropped = 0

  get size(): number {
    return this.#items.length
  }

  /** The earliest instant, or undefined. */
  get earliest(): Instant | undefined {
    return this.#at[0] as Instant | undefined
  }

  add(at: Instant, item: T): void {
    let hole = this.#items.length
    const sequence = this.#next++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!this.#before(at, sequence, parent)) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#put(hole, at, sequence, item)
  }

  /** Takes the earliest item that is due, or undefined. */
  takeDue(now: Instant): T | undefined {
    const first = this.#at[0]
    if (first === undefined || first > now) return undefined
    const item = this.#items[0] as T
    const at = this.#at.pop() as number
    const sequence = this.#sequence.pop() as number
    const last = this.#items.pop() as T
    if (this.#items.length > 0) this.#sink(0, at, sequence, last)
    return item
  }

  /** One entry does not count any more. When perhaps half of them do not, they are looked for and go. */
  dropped(counts: (item: T) => boolean): void {
    this.#dropped += 1
    if (this.#dropped < compactFrom || this.#dropped * 2 < this.size) return
    this.#dropped = 0
    let kept = 0
    for (let index = 0; index < this.size; index += 1) {
      if (!counts(this.#items[index] as T)) continue
      this.#move(index, kept)
      kept += 1
    }
    this.#at.length = kept
    this.#sequence.length = kept
    this.#items.length = kept
    for (let index = (kept >> 1) - 1; index >= 0; index -= 1) {
      this.#sink(index, this.#at[index] as number, this.#sequence[index] as number, this.#items[index] as T)
    }
  }

  /** Puts an entry at `hole` or below, where it belongs. */
  #sink(hole: number, at: number, sequence: number, item: T): void {
    const size = this.#items.length
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      if (
        child + 1 < size &&
        this.#before(this.#at[child + 1] as number, this.#sequence[child + 1] as number, child)
      )
        child += 1
      if (this.#before(at, sequence, child)) break
      this.#move(child, hole)
      hole = child
    }
    this.#put(hole, at, sequence, item)
  }

  #before(at: number, sequence: number, other: number): boolean {
    const otherAt = this.#at[other] as number
    return at < otherAt || (at === otherAt && sequence < (this.#sequence[other] as number))
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from] as number, this.#sequence[from] as number, this.#items[from] as T)
  }

  #put(index: number, at: number, sequence: number, item: T): void {
    this.#at[index] = at
    this.#sequence[index] = sequence
    this.#items[index] = item
  }
}
