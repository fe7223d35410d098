/**
 * First in, first out, with both ends in constant time.
 */

/** Fewer that were taken are not worth a look. */
const compactFrom = 32

export class Queue<T> {
  #items: T[] = []
  #head = 0

  get empty(): boolean {
    return this.#head === this.#items.length
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    if (this.empty) return undefined
    const item = this.#items[this.#head]
    this.#head += 1
    if (this.#head >= compactFrom && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
