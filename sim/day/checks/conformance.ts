/**
 * The history of every actor is a path of its machine, and replaying its journal gives the state that is stored.
 *
 * A replay costs each turn once more, so that a long day replays only some of its actors, drawn by their names.
 *
 * Owns:     the state of each replayed actor, as the journal tells it.
 * Does not: know what a record means (`stepOf`), or whether records are missing (`owner.ts`).
 *
 * Invariants:
 *   F1. An actor is replayed from its first record to its last, or not at all.
 *   F2. Actors of another version, and those that were migrated, are not judged: what that version did cannot be done
 *       again.
 */
import type { ActorId, Instant } from '#actor'
import { draw } from '#actor'
import { isStoredAs, type LiveState, type Registry, stepOf } from '#host'
import type { Batch, JournalRecord, SnapshotRow } from '#ports'
import { Problems } from './problems.ts'

export interface ConformanceOptions {
  readonly registry: Registry
  /** Of actors, from 0 to 1. Default: all of them. */
  readonly share?: number
  /** Draws which. */
  readonly seed?: number
  /** What records were made earlier by, in microseconds: a live day counts from its midnight, and its actors do not. */
  readonly midnight?: number
}

/** Its state after its last record. The others have ended, or are not judged. */
type Replay =
  | { readonly kind: 'replayed'; readonly state: LiveState; readonly sequence: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'left-out' }

const leftOut: Replay = { kind: 'left-out' }
const ended: Replay = { kind: 'ended' }

export class ConformanceCheck {
  readonly #registry: Registry
  readonly #share: number
  readonly #seed: number
  readonly #midnight: number
  readonly #replays = new Map<ActorId, Replay>()
  /** The first of each actor. */
  readonly #wrong = new Map<ActorId, string>()
  #replayed = 0
  #turns = 0

  constructor({ registry, share = 1, seed = 0, midnight = 0 }: ConformanceOptions) {
    this.#registry = registry
    this.#share = share
    this.#seed = seed
    this.#midnight = midnight
  }

  /** The state after it, of an actor that is replayed. */
  record(record: JournalRecord): LiveState | undefined {
    const { actor, sequence, note } = record
    if (note === 'migrated') this.#wrong.delete(actor)
    const before = this.#replays.get(actor) ?? this.#first(actor)
    if (before?.kind === 'left-out') return undefined
    if (before?.kind === 'ended') return this.#fails(actor, `${actor} had ended before its turn ${sequence}`)
    this.#turns += 1
    const step = stepOf(this.#registry.typeOf(actor), before?.state, {
      ...record,
      at: (record.at + this.#midnight) as Instant,
    })
    if (step.kind === 'problem') return this.#fails(actor, step.problem)
    if (step.kind === 'migrated') {
      this.#replays.set(actor, leftOut)
      return undefined
    }
    this.#replays.set(actor, { kind: 'replayed', state: step.state, sequence })
    return step.state
  }

  /** After the records of the same batch. */
  writes(writes: Batch['writes']): void {
    for (const { table, value } of writes)
      if (table === 'snapshots' && value !== undefined) this.#stored(value)
  }

  /** How much was replayed, in words. */
  get scope(): string {
    return `${this.#replayed} of ${this.#replays.size} actors replayed, ${this.#turns} turns`
  }

  get found(): Problems {
    const problems = new Problems()
    for (const problem of this.#wrong.values()) problems.add(problem)
    return problems
  }

  #first(actor: ActorId): Replay | undefined {
    const isReplayed =
      this.#registry.find(actor) !== undefined &&
      (this.#share >= 1 || draw(this.#seed, `conformance.${actor}`) < this.#share)
    if (isReplayed) this.#replayed += 1
    else this.#replays.set(actor, leftOut)
    return isReplayed ? undefined : leftOut
  }

  #stored(row: SnapshotRow): void {
    const { id, version, status } = row
    if (this.#wrong.has(id) && this.#isOfAnotherBuild(row)) this.#wrong.delete(id)
    const replay = this.#replays.get(id)
    if (replay?.kind !== 'replayed') return
    const { state, sequence } = replay
    if (version !== sequence || !isStoredAs(this.#registry.typeOf(id), state, row)) {
      if (this.#isOfAnotherBuild(row)) {
        this.#replays.set(id, leftOut)
        return
      }
      this.#fails(
        id,
        `the stored state of ${id} at turn ${version} is not what its ${sequence} turns lead to`,
      )
    } else if (status === 'archived') this.#replays.set(id, ended)
  }

  #isOfAnotherBuild({ id, state }: SnapshotRow): boolean {
    try {
      return this.#registry.find(id)?.machine.load(state).migrated === true
    } catch {
      return false
    }
  }

  #fails(actor: ActorId, problem: string): undefined {
    this.#wrong.set(actor, problem)
    this.#replays.set(actor, leftOut)
  }
}
