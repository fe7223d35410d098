/**
 * An actor as it stands on the disk of a simulated machine: what an owner would answer, without asking it.
 *
 * Owns:     the answers to a query and to an operator's `inspect`, made from rows.
 * Does not: see a turn that is not visible yet, or what is only in memory: an actor without a row, and how often a group
 *           has restarted something.
 */
import type { ActorId, Instant } from '#actor'
import type { SimDay } from '#day'
import type { Ordinal, Outcome, ShardId, SnapshotRow, TableName, Tables } from '#ports'

const mailboxShown = 100

interface Stored {
  readonly shard: ShardId
  readonly ordinal: Ordinal
  readonly snapshot: SnapshotRow
}

export function queried(day: SimDay, actor: ActorId, name: string, args: unknown): Outcome {
  const stored = storedOf(day, actor)
  if (stored === undefined) return { kind: 'unknown' }
  const { definition, machine } = day.registry.typeOf(actor)
  const query = definition.queries?.[name]
  if (query === undefined) return { kind: 'invalid', problem: `no query '${name}' on ${definition.type}` }
  const { version } = stored.snapshot
  const { value: state, context } = machine.load(stored.snapshot.state).state
  try {
    const value = query({ id: actor, value: state, context, version }, args, day.cluster.worldNow as Instant)
    return { kind: 'answer', value, state, version }
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error.message : String(error) }
  }
}

export function inspected(day: SimDay, actor: ActorId): Outcome {
  const stored = storedOf(day, actor)
  if (stored === undefined) return { kind: 'unknown' }
  const { shard, ordinal, snapshot } = stored
  const { machine } = day.registry.typeOf(actor)
  const { state } = machine.load(snapshot.state)
  const own = <T extends 'timers' | 'asks' | 'calls'>(table: T): (readonly [id: string, row: Tables[T]])[] =>
    rowsOf(day, table, ([of, by]) => of === shard && by === ordinal).map(([[, , id], row]) => [
      id as string,
      row,
    ])
  const mailbox = rowsOf(day, 'mailbox', ([of]) => of === shard)
    .filter(([, { envelope, dead }]) => envelope.to === actor && dead === undefined)
    .map(([[, n], { envelope, attempts, notBefore }]) => ({
      n: n as number,
      attempts,
      notBefore,
      ...envelope,
    }))
    .sort((a, b) => a.n - b.n)
  const known = rowsOf(day, 'meta', ([, of]) => of === shard)[0]?.[1]
  const owner = rowsOf(day, 'shards', ([of]) => of === shard)[0]?.[1]
  return {
    kind: 'answer',
    state: state.value,
    version: snapshot.version,
    value: {
      id: actor,
      shard,
      ...(owner && { node: owner.node }),
      status: snapshot.status,
      value: state.value,
      context: state.context,
      version: snapshot.version,
      at: snapshot.at,
      accepts: machine.accepts(state),
      mailbox: mailbox.slice(0, mailboxShown),
      mailboxDepth: mailbox.length,
      supervision: {
        groups: day.registry.groupsOf(actor),
        restartsWith: known === undefined ? [] : day.registry.restartsWith(actor, known),
      },
      timers: own('timers').map(([id, { clock, at, message }]) => ({ id, clock, at, message })),
      asks: own('asks').map(([id, { deadline }]) => ({ id, deadline })),
      calls: own('calls').map(([id, { handler, deadline }]) => ({ id, handler, attempt: 0, deadline })),
    },
  }
}

function storedOf(day: SimDay, actor: ActorId): Stored | undefined {
  if (day.registry.find(actor) === undefined) return undefined
  const shard = day.registry.shardOf(actor)
  const { ordinal, snapshot } = day.cluster.journal.actorRows(shard, actor)
  return ordinal === undefined || snapshot === undefined ? undefined : { shard, ordinal, snapshot }
}

function rowsOf<T extends TableName>(
  day: SimDay,
  table: T,
  fits: (key: readonly (string | number)[]) => boolean,
): (readonly [key: readonly (string | number)[], row: Tables[T]])[] {
  return [...day.cluster.journal.rows(table)].filter(([key]) => fits(key))
}
