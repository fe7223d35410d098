/**
 * What is kept no longer: old turns, the tombstones of finished actors, and dead letters that nobody came for.
 *
 * The journal is trimmed by whoever owns the first shard of the cluster, for all scopes, those of the dead and of the
 * living. That is one node at a time; a second that believes it is the one writes nothing, because its scope is sealed.
 * Tombstones and dead letters are rows of a shard, and go with its owner's batches.
 *
 * Owns:     who looks, when, and how much goes at a time.
 * Does not: read the journal or archive it (host), or choose among batches (journal).
 *
 * Invariants:
 *   T4. A tombstone stays at least `tombstonesKeptMs`, and while anything waits for its actor.
 *   T5. Between the removal of a tombstone and its being durable, nothing is handled by that actor: what comes waits.
 *   T6. Only what the host has said to be archived is trimmed, or what was to be archived nowhere.
 */
import { after, type Instant } from '#actor'
import type { Ordinal, Trim } from '#ports'
import type { Input } from './input.ts'
import { lookAtDeadLetters } from './mailboxes.ts'
import type { Memory } from './memory.ts'
import { Activation, type Shard } from './shard.ts'
import { mayLeave } from './tenure.ts'

/** Read, archived and removed at a time, and the pause until the next: the work goes on beside it. */
const trimPage = { batches: 64, pauseMs: 50 }
const tombstonePageMax = 256

/** For a shard that was just granted. */
export function retainFrom(memory: Memory, shard: Shard): void {
  if (memory.registry.shards[0] === shard.id) lookIn(memory, shard, memory.bounds.retentionLookMs)
  lookAtTombstones(memory, shard)
  lookAtDeadLetters(memory, shard)
}

export function readExpired(memory: Memory, shard: Shard): void {
  if (shard.draining) return
  const before = (memory.worldNow(shard) - memory.bounds.journalKeptMs * 1_000) as Instant
  const page = { before, limit: trimPage.batches }
  memory.out.push({ kind: 'read-expired', shard: shard.id, epoch: shard.epoch, page })
}

export function trim(memory: Memory, input: Extract<Input, { kind: 'expired' }>): void {
  const shard = memory.shards.get(input.shard)
  if (shard?.epoch !== input.epoch || shard.draining) return
  const trims = sparingNewcomers(memory, input.trims)
  if (trims.length === 0) {
    lookIn(memory, shard, memory.bounds.retentionLookMs)
    return
  }
  memory.open.trim(trims)
  memory.observer.count(
    'batchesTrimmed',
    trims.reduce((sum, { positions }) => sum + positions.length, 0),
  )
  memory.open.whenDurable.push(() => {
    if (memory.isOurs(shard))
      lookIn(memory, shard, input.more ? trimPage.pauseMs : memory.bounds.retentionLookMs)
  })
}

/** A node that has just begun owns nothing yet and has written nothing: its scope goes when it is so a look later. */
function sparingNewcomers(memory: Memory, trims: readonly Trim[]): readonly Trim[] {
  const { now, unused: seen, bounds } = memory
  const unused = trims.filter(({ positions }) => positions.length === 0)
  memory.unused = new Map(unused.map(({ scope }) => [scope, seen.get(scope) ?? now.runtime]))
  const isDue = (since: Instant | undefined): boolean =>
    since !== undefined && after(since, bounds.retentionLookMs) <= now.runtime
  return trims.filter(({ scope, positions }) => positions.length > 0 || isDue(seen.get(scope)))
}

/** A finished actor leaves a tombstone from now on. */
export function raiseTombstone(memory: Memory, activation: Activation): void {
  const { shard } = activation
  activation.archivedAt = memory.now.runtime
  if (shard.state.oldestTombstone !== undefined) return
  memory.setState(shard, { oldestTombstone: memory.now.runtime })
  lookAtTombstones(memory, shard)
}

/** When the oldest may go, and not in one go with the look before. */
function lookAtTombstones(memory: Memory, shard: Shard): void {
  const { oldestTombstone } = shard.state
  if (oldestTombstone === undefined) return
  const { tombstonesKeptMs, passivationSweepMs } = memory.bounds
  const due = shard.tombstones === undefined ? after(oldestTombstone, tombstonesKeptMs) : 0
  const at = Math.max(due, after(memory.now.runtime, passivationSweepMs)) as Instant
  memory.due.runtime.add(at, { kind: 'tombstones', shard })
}

export function readTombstones(memory: Memory, shard: Shard): void {
  shard.tombstones ??= { since: memory.now.runtime, after: undefined }
  const behind = shard.tombstones.after
  const page = { limit: tombstonePageMax, ...(behind === undefined ? {} : { after: behind }) }
  memory.out.push({ kind: 'read-tombstones', shard: shard.id, epoch: shard.epoch, page })
}

export function forgetTombstones(memory: Memory, input: Extract<Input, { kind: 'tombstones-read' }>): void {
  const shard = memory.shards.get(input.shard)
  if (shard?.tombstones === undefined || shard.epoch !== input.epoch || shard.draining) return
  if (input.page === undefined) {
    lookAtTombstones(memory, shard)
    return
  }
  let { since } = shard.tombstones
  for (const [ordinal, actor, archivedAt] of input.page.tombstones) {
    const present = shard.activations.get(actor)
    const isKept = after(archivedAt, memory.bounds.tombstonesKeptMs) > memory.now.runtime
    if (!isKept && (present === undefined || mayLeave(memory, present))) {
      forget(memory, new Activation(actor, memory.registry.typeOf(actor), shard), ordinal)
    } else if (archivedAt < since) since = archivedAt
  }
  const { next } = input.page
  shard.tombstones = next === undefined ? undefined : { since, after: next }
  // Those that were raised since this look began are not older than it.
  if (next === undefined) memory.setState(shard, { oldestTombstone: since })
  lookAtTombstones(memory, shard)
}

/** The actor is unknown from here on; what comes for it waits until that is durable. */
function forget(memory: Memory, blank: Activation, ordinal: Ordinal): void {
  const { id, shard } = blank
  memory.open.remove('snapshots', [shard.id, ordinal])
  memory.open.remove('actors', [id])
  memory.observer.count('tombstonesForgotten')
  blank.usedAt = memory.now.runtime
  shard.activations.set(id, blank)
  memory.open.whenDurable.push(() => {
    if (!memory.isOurs(shard) || shard.activations.get(id) !== blank) return
    if (blank.depth === 0 && blank.arriving === undefined) {
      shard.activations.delete(id)
      return
    }
    memory.loading += 1
    memory.out.push({ kind: 'load', shard: shard.id, epoch: shard.epoch, actor: id })
  })
}

function lookIn(memory: Memory, shard: Shard, ms: number): void {
  memory.due.runtime.add(after(memory.now.runtime, ms), { kind: 'retention', shard })
}
