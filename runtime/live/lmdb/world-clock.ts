/**
 * The world clock's record: where world time stands, and how fast it goes.
 *
 * Owns:     its row, which every process of the cluster reads, and one at a time changes.
 * Does not: compute the time (the clock's adapter does).
 */
import type { Instant } from '#actor'
import { decodeValue, encodeValue } from './codec.ts'
import { durable, type Environment } from './environment.ts'
import { encodeKey } from './key.ts'

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
