/**
 * The messages that a tap has told this page, newest first: as many as it keeps, and those that wait while it is paused.
 *
 * Owns:     the rows, which of them are new, and what a pause holds back.
 * Does not: make anything reactive: whoever shows rows looks when `version` has changed.
 *
 * Invariants:
 *   MR1. A message of a tap is a row once, however often the line to it begins anew.
 *   MR2. It keeps no more than `kept` rows, and holds back no more than that.
 */
import type { ToldMessage } from '../../gateway/tap-words.ts'

export interface Row extends ToldMessage {
  /** Of this page: numbers of a tap begin with one again for each. */
  readonly key: number
}

export class MessageRows {
  /** Oldest first. */
  #rows: Row[] = []
  #held: Row[] = []
  #dropped = 0
  #keys = 0
  #last = 0
  #isPaused = false
  readonly #kept: number
  /** Grows with each change. */
  version = 0

  constructor(kept = 5_000) {
    this.#kept = kept
  }

  get length(): number {
    return this.#rows.length
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Messages that came during the pause. */
  get held(): number {
    return this.#held.length + this.#dropped
  }

  /** From the newest. */
  at(index: number): Row | undefined {
    return this.#rows[this.#rows.length - 1 - index]
  }

  /** Its place from the newest; -1: it is not there any more. */
  placeOf(key: number): number {
    const first = this.#rows[0]?.key ?? 0
    const index = key - first
    // Keys are given in order, and rows go from the front alone.
    return this.#rows[index]?.key === key ? this.#rows.length - 1 - index : -1
  }

  /** Another tap: its numbers begin anew. */
  begin(): void {
    this.#last = 0
  }

  /** How many rows came on top. */
  take(messages: readonly ToldMessage[]): number {
    const news = messages
      .filter(({ n }) => n > this.#last)
      .map((message) => ({ ...message, key: ++this.#keys }))
    this.#last = news.at(-1)?.n ?? this.#last
    if (news.length === 0) return 0
    this.version += 1
    if (!this.#isPaused) {
      this.#rows = this.#bounded([...this.#rows, ...news])
      return news.length
    }
    const held = [...this.#held, ...news]
    this.#held = this.#bounded(held)
    this.#dropped += held.length - this.#held.length
    return 0
  }

  pause(): void {
    this.#isPaused = true
    this.version += 1
  }

  goOn(): number {
    const { length } = this.#held
    // What the pause had no room for would be a hole that nobody sees: then what was before it goes, too.
    this.#rows = this.#bounded(this.#dropped > 0 ? this.#held : [...this.#rows, ...this.#held])
    this.#held = []
    this.#dropped = 0
    this.#isPaused = false
    this.version += 1
    return length
  }

  /** Also what a pause holds back; the pause goes on. */
  clear(): void {
    this.#rows = []
    this.#held = []
    this.#dropped = 0
    this.version += 1
  }

  /** Oldest first, line by line: as the API tells them. */
  asLines(): string {
    return this.#rows
      .map(({ key: _, ...message }) => `${JSON.stringify({ kind: 'message', ...message })}\n`)
      .join('')
  }

  #bounded(rows: Row[]): Row[] {
    return rows.length > this.#kept ? rows.slice(rows.length - this.#kept) : rows
  }
}
