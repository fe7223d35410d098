/**
 * Which batches of the journal are older than they need to be, and which scopes are nobody's any more.
 *
 * Owns:     the choice, scope by scope, in one look of a bounded size.
 * Does not: remove anything: that is a write, and `journal.ts` makes all of those.
 *
 * Invariants:
 *   X1. The last batch of a scope that a shard names is kept: world time goes on from it, here and after a start.
 */
import type { Instant } from '#actor'
import type { Expired, KeptBatch, Position, ScopeId } from '#ports'
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey, keysFrom } from './key.ts'
import { batchLayout, type StoredShardRow, tableSpecs } from './tables.ts'

/** A batch may be large: a look that has found so much ends, whatever its limit. */
const bytesMax = 2 ** 20

export function expiredIn(environment: Environment, before: Instant, limit: number): Expired {
  const named = namedScopes(environment)
  const batches: KeptBatch[] = []
  const ends: ScopeId[] = []
  let bytes = 0
  for (const scope of scopesIn(environment)) {
    const isNamed = named.has(scope)
    let isEmpty = true
    for (const { batch, size, isLast } of batchesOf(environment, scope)) {
      if (batch.now > before || (isLast && isNamed)) {
        isEmpty = false
        break
      }
      if (batches.length === limit || bytes > bytesMax) return { batches, ends, more: true }
      batches.push(batch)
      bytes += size
    }
    if (!isEmpty || isNamed) continue
    if (ends.length === limit) return { batches, ends, more: true }
    ends.push(scope)
  }
  return { batches, ends, more: false }
}

/** Those that own a shard, or were sealed when it was taken from them. */
function namedScopes({ rows }: Environment): ReadonlySet<ScopeId> {
  const named = new Set<ScopeId>()
  for (const { value } of rows.shards.getRange({})) {
    const { scope, sealed }: StoredShardRow = tableSpecs.shards.row.fromStored(decodeValue(value))
    named.add(scope)
    if (sealed !== undefined) named.add(sealed)
  }
  return named
}

/** Of the journal too: a scope whose row has gone may have written once more before it noticed. */
function* scopesIn({ rows }: Environment): Generator<ScopeId> {
  const scopes = new Set<ScopeId>()
  for (const key of rows.scopes.getKeys({})) scopes.add(decodeKey(key, ['text'])[0] as ScopeId)
  for (let start: Buffer | undefined; ; ) {
    const [key] = rows.journal.getKeys({ ...(start && { start }), limit: 1 })
    if (key === undefined) break
    const scope = decodeKey(key, ['text', 'number'])[0] as ScopeId
    scopes.add(scope)
    start = keysFrom([scope]).end
  }
  yield* [...scopes].sort()
}

interface Found {
  readonly batch: KeptBatch
  readonly size: number
  readonly isLast: boolean
}

function* batchesOf({ rows }: Environment, scope: ScopeId): Generator<Found> {
  let before: Omit<Found, 'isLast'> | undefined
  for (const { key, value } of rows.journal.getRange(keysFrom([scope]))) {
    if (before !== undefined) yield { ...before, isLast: false }
    const [, position] = decodeKey(key, ['text', 'number'])
    const { now, records } = batchLayout.fromStored(decodeValue(value))
    before = { batch: { scope, position: position as Position, now, records }, size: value.length }
  }
  if (before !== undefined) yield { ...before, isLast: true }
}
