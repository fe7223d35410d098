/**
 * What a run did, as sixteen hexadecimal characters: two runs with the same hash behaved the same.
 *
 * Owns:     what behaviour is: who handled which message, when, and the state it led to, in commit order.
 * Does not: cover logs, counters or latencies.
 *
 * Two 32-bit lanes of FNV-1a with different seeds: a check for equality, no defence against forgery. Integers
 * and `Math.imul` only, so it is the same on every machine and V8 version.
 */
import { mix32 } from '#actor'
import type { Commit } from '#sim'

const prime = 0x01000193

export class TraceHash {
  #a = 0x811c9dc5
  #b = 0x2b5e1b3f

  add(commit: Commit): void {
    if (commit.kind === 'acquired') this.#fold(`${commit.shard} ${commit.epoch} ${commit.scope}`)
    else this.#fold(commit.scope)
    this.#end()
    if (commit.kind === 'appended') {
      for (const { actor, sequence, at, message, state, note = '' } of commit.batch.records) {
        for (const part of [actor, sequence, at, message.type]) {
          this.#fold(typeof part === 'string' ? part : String(part))
          this.#fold(' ')
        }
        this.#fold(typeof state === 'string' ? state : JSON.stringify(state))
        this.#fold(' ')
        this.#fold(note)
        this.#end()
      }
    }
  }

  get value(): string {
    return [this.#a, this.#b].map((lane) => mix32(lane).toString(16).padStart(8, '0')).join('')
  }

  #fold(text: string): void {
    let a = this.#a
    let b = this.#b
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, prime)
      b = Math.imul(b ^ unit ^ (b >>> 15), prime)
    }
    this.#a = a
    this.#b = b
  }

  /** Of a text: 'ab' and 'c' are not 'a' and 'bc'. */
  #end(): void {
    this.#a = Math.imul(this.#a ^ 0x1ff, prime)
    this.#b = Math.imul(this.#b ^ 0x1ff, prime)
  }
}
