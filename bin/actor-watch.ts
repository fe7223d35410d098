/**
 * Notices when actors have new turns, by looking at their rows in the store.
 *
 * A look costs a few microseconds and asks no node, so what nobody changes stays passivated. What it sees may not
 * be durable yet: it says that there may be something new, and whoever is told asks the owner.
 *
 * Owns:     who watches which actor, and one timer while anybody watches.
 * Does not: read what is new.
 *
 * Invariants:
 *   W1. One look per actor and interval, however many watch it; none when nobody does.
 *   W2. A turn that is visible after `watch` returned is told within two intervals.
 */
import type { ActorId } from '#actor'
import { type Environment, placeOfActor, versionAt } from '#live'

interface Watched {
  readonly watchers: Set<() => void>
  place: ReturnType<typeof placeOfActor>
  version: number
}

export class ActorWatch {
  readonly #environment: Environment
  readonly #intervalMs: number
  readonly #watched = new Map<ActorId, Watched>()
  #timer: NodeJS.Timeout | undefined

  constructor(environment: Environment, intervalMs: number) {
    this.#environment = environment
    this.#intervalMs = intervalMs
  }

  /** Returns what stops watching. */
  watch(actor: ActorId, changed: () => void): () => void {
    let watched = this.#watched.get(actor)
    if (watched === undefined) {
      watched = { watchers: new Set(), place: undefined, version: 0 }
      this.#environment.refresh()
      this.#look(actor, watched)
      this.#watched.set(actor, watched)
    }
    // The same function may be given twice.
    const watcher = (): void => changed()
    watched.watchers.add(watcher)
    this.#timer ??= setInterval(() => this.#lookAtAll(), this.#intervalMs)
    return () => this.#unwatch(actor, watcher)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#watched.clear()
  }

  #unwatch(actor: ActorId, watcher: () => void): void {
    const watched = this.#watched.get(actor)
    watched?.watchers.delete(watcher)
    if (watched?.watchers.size === 0) this.#watched.delete(actor)
    if (this.#watched.size === 0) this.close()
  }

  #lookAtAll(): void {
    this.#environment.refresh()
    for (const [actor, watched] of [...this.#watched]) {
      const before = watched.version
      this.#look(actor, watched)
      if (watched.version !== before) for (const changed of [...watched.watchers]) changed()
    }
  }

  #look(actor: ActorId, watched: Watched): void {
    watched.place ??= placeOfActor(this.#environment, actor)
    if (watched.place !== undefined) watched.version = versionAt(this.#environment, watched.place)
  }
}
