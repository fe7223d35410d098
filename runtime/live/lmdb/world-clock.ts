/**
 * The world clock's record: where world time stands, and how fast it goes; and how late it is in what is stored.
 *
 * Owns:     its row, which every process of the cluster reads, and one at a time changes.
 * Does not: compute the time (the clock's adapter does).
 */
import type { Instant } from '#actor'
import type { ScopeId } from '#ports'
import { decodeValue, encodeValue } from './codec.ts'
import { durable, type Environment } from './environment.ts'
import { encodeKey } from './key.ts'
import { batchLayout, type StoredShardRow, tableSpecs } from './tables.ts'

export interface WorldClockRecord {
  /** World time at `anchorRuntime`. */
  readonly anchorWorld: Instant
  readonly anchorRuntime: Instant
  /** World seconds per runtime second; 0 while the world stands still. */
  readonly speed: number
  /** Grows by one with each change. */
  readonly version: number
}

const key = encodeKey(['cluster', 'world-clock'])

export function readWorldClock(environment: Environment): WorldClockRecord | undefined {
  environment.refresh()
  const stored = environment.rows.meta.get(key)
  return stored && (decodeValue(stored) as WorldClockRecord)
}

/** Durable when it resolves with true. False: someone else has changed it since version `record.version - 1`. */
export function writeWorldClock(environment: Environment, record: WorldClockRecord): Promise<boolean> {
  const { meta } = environment.rows
  const value = encodeValue(record)
  const put = () => {
    meta.put(key, value, record.version)
  }
  return durable(
    record.version === 1 ? meta.ifNoExists(key, put) : meta.ifVersion(key, record.version - 1, put),
  )
}

/** The latest world time of any turn: the clock of a cluster that crashed goes on from there. */
export function latestWorldTime(environment: Environment): Instant {
  environment.refresh()
  let latest = 0
  const scopes = new Set<ScopeId>()
  for (const { value } of environment.rows.shards.getRange({})) {
    const { scope, sealed, now }: StoredShardRow = tableSpecs.shards.row.fromStored(decodeValue(value))
    latest = Math.max(latest, now)
    scopes.add(scope)
    if (sealed !== undefined) scopes.add(sealed)
  }
  for (const scope of scopes) latest = Math.max(latest, lastTimeOf(environment, scope))
  return latest as Instant
}

/** World time of a scope's last batch; 0 when it has none. */
export function lastTimeOf(environment: Environment, scope: ScopeId): number {
  const end = encodeKey([scope])
  const [last] = environment.rows.journal.getRange({
    start: Buffer.concat([end, highest]),
    end,
    reverse: true,
    limit: 1,
  })
  return last ? batchLayout.fromStored(decodeValue(last.value)).now : 0
}

const highest = Buffer.alloc(8, 0xff)
