/**
 * A shard has one owner at a time, and nobody else writes to it.
 *
 * Owns:     who owns what, as the log of commits tells it, independent of the store's own conditions.
 *
 * Invariants:
 *   W1. Each acquisition of a shard has the next epoch, and its scope is open and not sealed.
 *   W2. A batch is the next position of its scope, and its scope is not sealed.
 *   W3. A batch touches only shards that its scope owns at that moment.
 *   W4. The records of one actor are numbered without a gap and without a fork.
 *   W5. A scope's last turn stays while it owns a shard that it had then, or was the last to own one: world time is known
 *       by it.
 *   W6. What is trimmed was archived before.
 */
import type { ActorId } from '#actor'
import type { Epoch, JournalRecord, NodeId, Position, ScopeId, ShardId, Trim, Write } from '#ports'
import type { Commit } from '#sim'
import { Problems } from './problems.ts'

interface Owned {
  readonly epoch: Epoch
  readonly scope: ScopeId
  released: boolean
  /** The last turns of its owner, and of the one that was sealed, from before they had it. */
  readonly before: ReadonlyMap<ScopeId, number>
}

export type IsArchived = (scope: ScopeId, position: Position) => boolean

export class OwnerCheck {
  readonly found = new Problems()
  readonly #scopes = new Map<ScopeId, { readonly node: NodeId; position: Position; sealed: boolean }>()
  readonly #shards = new Map<ShardId, Owned>()
  readonly #sequences = new Map<ActorId, number>()
  /** Positions of the last batches with turns. */
  readonly #lastTurns = new Map<ScopeId, Position>()
  readonly #isArchived: IsArchived

  constructor(isArchived: IsArchived = () => true) {
    this.#isArchived = isArchived
  }

  commit(commit: Commit): void {
    if (commit.kind === 'opened') {
      if (this.#scopes.has(commit.scope)) this.found.add(`scope ${commit.scope} was opened twice`)
      this.#scopes.set(commit.scope, { node: commit.node, position: 0 as Position, sealed: false })
    } else if (commit.kind === 'acquired') this.#acquired(commit)
    else this.#appended(commit)
  }

  /** The shards of a node, whatever incarnation of it has them. */
  shardsOf(node: NodeId): ReadonlySet<ShardId> {
    const shards = new Set<ShardId>()
    for (const [shard, { scope, released }] of this.#shards) {
      if (!released && this.#scopes.get(scope)?.node === node) shards.add(shard)
    }
    return shards
  }

  #acquired({ shard, epoch, scope, sealed }: Extract<Commit, { kind: 'acquired' }>): void {
    const before = this.#shards.get(shard)
    if (epoch !== (before?.epoch ?? 0) + 1) {
      this.found.add(`${shard} was acquired at epoch ${epoch} after ${before?.epoch ?? 0}`)
    }
    if (this.#scopes.get(scope)?.sealed !== false) {
      this.found.add(`${shard} was acquired by ${scope}, which cannot write`)
    }
    const loser = sealed === undefined ? undefined : this.#scopes.get(sealed)
    if (loser !== undefined) loser.sealed = true
    const owner = before === undefined || before.released ? undefined : this.#scopes.get(before.scope)
    if (before?.scope !== scope && owner?.sealed === false) {
      this.found.add(`${shard} was taken from ${before?.scope}, which can still write`)
    }
    const heldBefore = sealed === undefined ? undefined : before?.before.get(sealed)
    this.#shards.set(shard, {
      epoch,
      scope,
      released: false,
      before: new Map([
        ...(sealed === undefined ? [] : [[sealed, heldBefore ?? 0] as const]),
        [scope, this.#lastTurns.get(scope) ?? 0],
      ]),
    })
  }

  #appended({ scope, position, batch }: Extract<Commit, { kind: 'appended' }>): void {
    const row = this.#scopes.get(scope)
    if (row === undefined || row.sealed)
      this.found.add(`${scope} wrote batch ${position} although it is sealed`)
    else if (position !== row.position + 1) {
      this.found.add(`${scope} wrote batch ${position} after ${row.position}`)
    }
    if (row !== undefined) row.position = position
    if (batch.records.length > 0) this.#lastTurns.set(scope, position)
    for (const trim of batch.trims ?? []) this.#trim(trim)
    for (const record of batch.records) this.#record(scope, record)
    for (const write of batch.writes) this.#write(scope, write)
    // The rest of a batch that releases a shard is still the owner's.
    for (const write of batch.writes) {
      if (write.table !== 'shards' || write.value?.released !== true) continue
      const owned = this.#shards.get(write.value.shard)
      if (owned?.scope === scope) owned.released = true
    }
  }

  #trim({ scope, positions, ends }: Trim): void {
    const row = this.#scopes.get(scope)
    if (ends && row !== undefined) row.sealed = true
    for (const position of positions) {
      if (!this.#isArchived(scope, position))
        this.found.add(`batch ${position} of ${scope} was trimmed and not archived`)
    }
    const last = this.#lastTurns.get(scope) ?? 0
    if (positions.at(-1) !== last) return
    for (const [shard, { before }] of this.#shards) {
      if (last <= (before.get(scope) ?? last)) continue
      this.found.add(`the last turn of ${scope} was trimmed, by which the time of ${shard} is known`)
      return
    }
  }

  #record(scope: ScopeId, { shard, actor, sequence }: JournalRecord): void {
    this.#checkOwner(scope, shard, actor)
    const last = this.#sequences.get(actor) ?? 0
    if (sequence !== last + 1) this.found.add(`${actor} wrote record ${sequence} after ${last}`)
    this.#sequences.set(actor, sequence)
  }

  #write(scope: ScopeId, write: Write): void {
    if (write.table === 'actors') return
    const shard = (write.table === 'meta' ? write.key[1] : write.key[0]) as ShardId
    this.#checkOwner(scope, shard, write.table)
  }

  #checkOwner(scope: ScopeId, shard: ShardId, what: string): void {
    const owned = this.#shards.get(shard)
    if (owned?.scope === scope && !owned.released) return
    const owner = owned === undefined || owned.released ? 'nobody' : owned.scope
    this.found.add(`${scope} wrote ${what} in ${shard}, which ${owner} owns at epoch ${owned?.epoch ?? 0}`)
  }
}
