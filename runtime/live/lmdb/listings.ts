/**
 * Pages over what is stored, for operators, and the versions of actors, for whoever waits for a change.
 *
 * Owns:     the order of a page, and how much one page may read.
 * Does not: prove anything: what is visible here may not be durable yet. Whoever tells the public asks the owner.
 */
import type { ActorId } from '#actor'
import type { ActorRow, MailboxRow, ShardId, SnapshotRow } from '#ports'
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey, encodeKey } from './key.ts'
import { tableSpecs } from './tables.ts'

export interface Listing<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins, if there may be one. A page may be empty and not the last. */
  readonly next?: string
}

export interface StoredActor {
  readonly shard: ShardId
  readonly snapshot: SnapshotRow
}

export interface StoredMailboxRow {
  readonly shard: ShardId
  readonly n: number
  readonly row: MailboxRow
}

/** A page reads at most so many rows: a rare match must not hold up the process that looks for it. */
const rowsReadMax = 5_000

/** Actors, resident or not, in the order of their ids. */
export function listActors<Item>(
  environment: Environment,
  page: {
    readonly type?: string
    readonly after?: string
    readonly limit: number
    readonly isIn: (shard: ShardId) => boolean
    /** What is listed of an actor; undefined: it is not. */
    readonly shown: (actor: StoredActor) => Item | undefined
  },
): Listing<Item> {
  environment.refresh()
  const { type, after, limit, isIn, shown } = page
  const { snapshots } = environment.rows
  const items: Item[] = []
  let read = 0
  let last: string | undefined
  for (const { key, value } of environment.rows.actors.getRange({
    ...(type !== undefined && { start: Buffer.from(`${type}/`), end: Buffer.from(`${type}0`) }),
    ...(after !== undefined && { start: encodeKey([after]), exclusiveStart: true }),
  })) {
    if (items.length === limit || read === rowsReadMax) return { items, ...(last && { next: last }) }
    read += 1
    const [id] = decodeKey(key, tableSpecs.actors.key)
    last = id as string
    const { shard, ordinal } = tableSpecs.actors.row.fromStored(decodeValue(value))
    if (!isIn(shard)) continue
    const snapshot = snapshots.get(encodeKey([shard, ordinal]))
    if (snapshot === undefined) continue
    const item = shown({ shard, snapshot: tableSpecs.snapshots.row.fromStored(decodeValue(snapshot)) })
    if (item !== undefined) items.push(item)
  }
  return { items }
}

/** Dead letters, shard by shard, oldest first. */
export function listDeadLetters(
  environment: Environment,
  page: { readonly after?: string; readonly limit: number },
): Listing<StoredMailboxRow> {
  environment.refresh()
  const { after, limit } = page
  const items: StoredMailboxRow[] = []
  let read = 0
  let last: string | undefined
  for (const { key, value } of environment.rows.mailbox.getRange({
    ...(after !== undefined && { start: Buffer.from(after, 'base64url'), exclusiveStart: true }),
  })) {
    if (items.length === limit || read === rowsReadMax) return { items, ...(last && { next: last }) }
    read += 1
    last = key.toString('base64url')
    const row = tableSpecs.mailbox.row.fromStored(decodeValue(value))
    if (row.dead === undefined) continue
    const [shard, n] = decodeKey(key, tableSpecs.mailbox.key)
    items.push({ shard: shard as ShardId, n: n as number, row })
  }
  return { items }
}

/** Where an actor's rows are; undefined before its first turn. It never changes, so it can be kept. */
export function placeOfActor(environment: Environment, actor: ActorId): ActorRow | undefined {
  const value = environment.rows.actors.get(encodeKey([actor]))
  return value && tableSpecs.actors.row.fromStored(decodeValue(value))
}

/** How many turns the actor at this place has had. */
export function versionAt(environment: Environment, { shard, ordinal }: ActorRow): number {
  const value = environment.rows.snapshots.get(encodeKey([shard, ordinal]))
  return value === undefined ? 0 : tableSpecs.snapshots.row.fromStored(decodeValue(value)).version
}
