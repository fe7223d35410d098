/**
 * The journal of a cluster that runs no more, as one history: what the simulator's commits are to its checks.
 *
 * Each incarnation of a node has journaled in its own order; there is no order across them. Any order will do in
 * which every incarnation's batches stand as it wrote them, every actor's turns as they are numbered, and every
 * message is sent before it is received. When there is none the journal is wrong, and what is left is told in the
 * order of its times, for the checks to say where.
 *
 * Owns:     that order, and what the store keeps no record of and this has to infer: a shard is taken before its
 *           first turn under a new owner, and let go with the last one under the old. Snapshots are those of the
 *           end, told with the batch that wrote them.
 * Does not: judge, but for what the inference alone can show (`contested`).
 *
 * Invariants:
 *   H1. Every journaled batch is told once, and nothing else has records.
 */
import type { ActorId, Instant } from '#actor'
import type { ScopeContents } from '#live'
import type {
  Epoch,
  JournalRecord,
  KeptBatch,
  Key,
  MessageId,
  NodeId,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  ShardRow,
  SnapshotRow,
  Write,
} from '#ports'
import type { Commit } from '#sim'

export interface Journaled {
  readonly scope: ScopeId
  readonly node: NodeId
  readonly position: Position
  readonly now: Instant
  readonly records: readonly JournalRecord[]
}

/** Every batch, in an order that might have been. */
export function inOrder(scopes: readonly ScopeContents[]): readonly Journaled[] {
  const queues = scopes.map(({ scope, node, batches }) => ({
    batches: batches.map(([position, { now, records }]) => ({ scope, node, position, now, records })),
    next: 0,
  }))
  const known = new Set<MessageId>()
  for (const { batches } of queues) {
    for (const { records } of batches) for (const { id } of records) known.add(id)
  }
  const told = new Set<MessageId>()
  const sequences = sequencesBefore(queues.flatMap(({ batches }) => batches))
  const ordered: Journaled[] = []
  const tell = (batch: Journaled): void => {
    for (const { actor, sequence, id } of batch.records) {
      sequences.set(actor, sequence)
      told.add(id)
    }
    ordered.push(batch)
  }
  const isNext = ({ records }: Journaled): boolean => {
    const inside = new Map<ActorId, number>()
    const sent = new Set<MessageId>()
    for (const { actor, sequence, id, cause } of records) {
      if (sequence !== (inside.get(actor) ?? sequences.get(actor) ?? 0) + 1) return false
      if (cause !== undefined && known.has(cause) && !told.has(cause) && !sent.has(cause)) return false
      inside.set(actor, sequence)
      sent.add(id)
    }
    return true
  }

  for (;;) {
    const before = ordered.length
    for (const queue of queues) {
      for (let head = queue.batches[queue.next]; head !== undefined && isNext(head); ) {
        tell(head)
        queue.next += 1
        head = queue.batches[queue.next]
      }
    }
    if (ordered.length > before) continue
    const stuck = queues.filter(({ batches, next }) => next < batches.length)
    const earliest = stuck.sort((a, b) => nowOf(a) - nowOf(b))[0]
    if (earliest === undefined) return ordered
    tell(earliest.batches[earliest.next] as Journaled)
    earliest.next += 1
  }
}

/** The turn before the first one that is there: 0, unless the history is cut. */
function sequencesBefore(batches: readonly Journaled[]): Map<ActorId, number> {
  const before = new Map<ActorId, number>()
  for (const { records } of batches) {
    for (const { actor, sequence } of records) {
      const least = before.get(actor) ?? sequence
      before.set(actor, Math.min(least, sequence - 1))
    }
  }
  return before
}

/**
 * The journal with what was trimmed of it, as far as that is archived; and the actors whose first turns are nowhere any
 * more. That they were trimmed, and not lost, the store itself must say.
 */
export function withArchived(
  scopes: readonly ScopeContents[],
  archived: Iterable<KeptBatch>,
): { readonly scopes: readonly ScopeContents[]; readonly cut: ReadonlySet<ActorId> } {
  const whole = new Map<ScopeId, Map<Position, ScopeContents['batches'][number][1]>>()
  const nodes = new Map(scopes.map((contents) => [contents.scope, contents]))
  for (const { scope, batches } of scopes) whole.set(scope, new Map(batches))
  for (const { scope, position, ...batch } of archived) {
    const batches = whole.get(scope) ?? new Map()
    whole.set(scope, batches)
    if (!batches.has(position)) batches.set(position, batch)
  }
  const isTrimmed = ([scope, position]: RecordPlace): boolean => {
    const contents = nodes.get(scope)
    return contents === undefined || position <= (contents.trimmedTo ?? 0)
  }
  const cut = new Set<ActorId>()
  for (const batches of whole.values()) {
    for (const { records } of batches.values()) {
      for (const { actor, previous } of records) {
        if (previous === undefined) continue
        const [scope, position, index] = previous
        const isThere = whole.get(scope)?.get(position)?.records[index] !== undefined
        if (!isThere && isTrimmed(previous)) cut.add(actor)
      }
    }
  }
  return {
    scopes: [...whole].map(([scope, batches]) => ({
      scope,
      node: nodes.get(scope)?.node ?? (scope.slice(0, scope.lastIndexOf('.')) as NodeId),
      batches: [...batches].sort(([a], [b]) => a - b),
    })),
    cut,
  }
}

const nowOf = ({
  batches,
  next,
}: {
  readonly batches: readonly Journaled[]
  readonly next: number
}): number => batches[next]?.now ?? 0

/** The commits that would have left this journal. Times count from `midnight`. */
export function* commitsOf(
  ordered: readonly Journaled[],
  snapshots: Iterable<readonly [Key, SnapshotRow]>,
  midnight: Instant,
): Generator<Commit> {
  const { taken, released } = changesOfOwner(ordered)
  const written = new Map<string, Write>()
  for (const [key, value] of snapshots) {
    written.set(`${value.id} ${value.version}`, { table: 'snapshots', key, value } as Write)
  }
  const positions = new Map<ScopeId, Position>()
  for (const batch of ordered) {
    const { scope, node, position, now, records } = batch
    if (!positions.has(scope)) yield { kind: 'opened', scope, node }
    for (const [shard, epoch] of taken.get(batch) ?? []) yield { kind: 'acquired', shard, epoch, scope }
    for (let gap = (positions.get(scope) ?? 0) + 1; gap < position; gap += 1) {
      yield { kind: 'appended', scope, position: gap as Position, batch: { now, records: [], writes: [] } }
    }
    positions.set(scope, position)
    const writes: Write[] = records.flatMap(
      ({ actor, sequence }) => written.get(`${actor} ${sequence}`) ?? [],
    )
    for (const [shard, epoch] of released.get(batch) ?? []) {
      writes.push({
        table: 'shards',
        key: [shard],
        value: { shard, epoch, scope, node, released: true, now },
      })
    }
    const shifted = records.map((record) => ({ ...record, at: (record.at - midnight) as Instant }))
    yield { kind: 'appended', scope, position, batch: { now, records: shifted, writes } }
  }
}

type Changes = Map<Journaled, (readonly [ShardId, Epoch])[]>

/** With which batches shards were taken and let go, as far as turns show it. */
function changesOfOwner(ordered: readonly Journaled[]): {
  readonly taken: Changes
  readonly released: Changes
} {
  const taken: Changes = new Map()
  const released: Changes = new Map()
  const last = new Map<ShardId, { readonly batch: Journaled; readonly epoch: Epoch }>()
  const note = (changes: Changes, batch: Journaled, shard: ShardId, epoch: Epoch): void => {
    changes.set(batch, [...(changes.get(batch) ?? []), [shard, epoch]])
  }
  for (const batch of ordered) {
    for (const shard of new Set(batch.records.map((record) => record.shard))) {
      const before = last.get(shard)
      let epoch = before?.epoch ?? (0 as Epoch)
      if (before?.batch.scope !== batch.scope) {
        if (before !== undefined) note(released, before.batch, shard, epoch)
        epoch = (epoch + 1) as Epoch
        note(taken, batch, shard, epoch)
      }
      last.set(shard, { batch, epoch })
    }
  }
  return { taken, released }
}

/**
 * Shards whose turns changed hands more often than the shard did: two owners wrote in turns. By their times, which
 * never go back within a shard, whoever owns it; the order above may put turns of one shard that know nothing of each
 * other in any order.
 */
export function contested(
  ordered: readonly Journaled[],
  shards: Iterable<readonly [Key, ShardRow]>,
): readonly string[] {
  const turns = new Map<ShardId, Written[]>()
  for (const { scope, records } of ordered) {
    for (const { shard, at } of records) {
      const known = turns.get(shard)
      if (known === undefined) turns.set(shard, [{ at, scope }])
      else known.push({ at, scope })
    }
  }
  return [...shards].flatMap(([, { shard, epoch }]) => {
    const seen = changesOfHands(turns.get(shard) ?? [])
    return seen <= epoch
      ? []
      : [`turns of ${shard} changed hands ${seen} times, and the shard ${epoch} times`]
  })
}

interface Written {
  readonly at: Instant
  readonly scope: ScopeId
}

function changesOfHands(turns: readonly Written[]): number {
  const byTime = new Map<Instant, Set<ScopeId>>()
  for (const { at, scope } of turns.toSorted((a, b) => a.at - b.at)) {
    const writers = byTime.get(at)
    if (writers === undefined) byTime.set(at, new Set([scope]))
    else writers.add(scope)
  }
  let changes = 0
  let last: ScopeId | undefined
  for (const writers of byTime.values()) {
    // Of turns at one instant, the owner of before comes first.
    if (last !== undefined) writers.delete(last)
    changes += writers.size
    last = [...writers].at(-1) ?? last
  }
  return changes
}
