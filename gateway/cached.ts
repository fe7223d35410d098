/**
 * What an actor says of itself, close at hand: a copy that an event of the actor makes old at once.
 *
 * Owns:     one copy per gateway, and the one question that is under way for it.
 * Does not: decide how much staleness is good enough: `read` gives none that it knows of, `readOr` gives what there is.
 *
 * Invariants:
 *   CA1. A copy is never told as fresh after a notice of a change, nor when it is older than `ttlMs`: a notice that
 *        was lost costs at most that.
 *   CA2. However many ask, the actor is asked once at a time.
 */
import type { ActorId } from '#actor'
import type { Outcome } from '#ports'
import type { ClusterClient } from './cluster-client.ts'

export interface CachedOptions<T> {
  readonly client: Pick<ClusterClient, 'request' | 'watch'>
  readonly actor: ActorId
  /** The query that is answered with the value. */
  readonly query: string
  readonly ttlMs: () => number
  /** The value of an outcome. @throws Problem when there is none in it. */
  readonly valueIn: (outcome: Outcome) => T
}

export interface Copy<T> {
  readonly value: T
  /** It may have been changed since, and nobody can tell now. */
  readonly isStale: boolean
}

const requestTimeoutMs = 3_000
/** After a question that failed, `readOr` does with what there is for so long. */
const pauseMs = 1_000

export class Cached<T> {
  readonly #options: CachedOptions<T>
  readonly #unwatch: () => void
  #copy: { readonly value: T; readonly until: number } | undefined
  #asking: Promise<T> | undefined
  #pausedUntil = 0

  constructor(options: CachedOptions<T>) {
    this.#options = options
    this.#unwatch = options.client.watch(options.actor, () => this.#grewOld())
  }

  /** @throws Problem when nobody can tell. */
  async read(): Promise<T> {
    const fresh = this.#fresh()
    if (fresh !== undefined) return fresh.value
    const asking = this.#asking ?? this.#ask()
    this.#asking = asking
    try {
      const value = await asking
      // An answer that was overtaken by a change is good for who waited for it, and for nobody after.
      if (this.#asking === asking) this.put(value)
      return value
    } catch (error) {
      if (this.#asking === asking) this.#pausedUntil = performance.now() + pauseMs
      throw error
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  /** As `read`, but for when nobody can tell: then the last copy, however old, or else what `fallback` gives or throws. */
  async readOr(fallback: (error: unknown) => T): Promise<Copy<T>> {
    const old = this.#copy
    if (old !== undefined && this.#fresh() === undefined && performance.now() < this.#pausedUntil)
      return { value: old.value, isStale: true }
    try {
      return { value: await this.read(), isStale: false }
    } catch (error) {
      return { value: this.#copy === undefined ? fallback(error) : this.#copy.value, isStale: true }
    }
  }

  /** The copy, if it is not old; nothing is asked for. */
  get atHand(): T | undefined {
    return this.#fresh()?.value
  }

  /** The last copy, at once. When it is old, a newer one is asked for behind the caller's back. */
  latest(): T | undefined {
    if (this.#fresh() === undefined && performance.now() >= this.#pausedUntil)
      void this.read().catch(() => {})
    return this.#copy?.value
  }

  /** The last copy, however old; nobody is asked. */
  known(): T | undefined {
    return this.#copy?.value
  }

  /** What the actor itself has just said. */
  put(value: T): void {
    this.#asking = undefined
    this.#copy = { value, until: performance.now() + this.#options.ttlMs() }
  }

  close(): void {
    this.#unwatch()
  }

  #fresh(): { readonly value: T } | undefined {
    const copy = this.#copy
    return copy !== undefined && performance.now() < copy.until ? copy : undefined
  }

  #grewOld(): void {
    if (this.#copy !== undefined) this.#copy = { value: this.#copy.value, until: 0 }
    this.#asking = undefined
    this.#pausedUntil = 0
  }

  async #ask(): Promise<T> {
    const { client, actor, query, valueIn } = this.#options
    const body = { kind: 'query', name: query } as const
    return valueIn(await client.request({ actor, body, timeoutMs: requestTimeoutMs }))
  }
}
