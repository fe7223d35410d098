/**
 * Everything that is stored, row by row, for whoever judges it when no node runs.
 *
 * Does not: page (`listings.ts`), or look at checksums and counts (`check.ts`).
 */
import type { Key, NodeId, Position, ScopeId, TableName, Tables } from '#ports'
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey } from './key.ts'
import {
  batchLayout,
  type StoredBatch,
  scopeLayout,
  tableSpecs,
  trimLayout,
  trimmedThrough,
} from './tables.ts'

export interface ScopeContents {
  readonly scope: ScopeId
  readonly node: NodeId
  /** Set: the scope that took over from it. */
  readonly sealedBy?: ScopeId
  /** Batches up to here may have been trimmed. */
  readonly trimmedTo?: Position
  /** With their positions, in order. A batch without records is not kept. */
  readonly batches: readonly (readonly [Position, StoredBatch])[]
}

export function* rowsOf<T extends TableName>(
  environment: Environment,
  table: T,
): Generator<readonly [Key, Tables[T]]> {
  environment.refresh()
  const { key: shape, row } = tableSpecs[table]
  for (const { key, value } of environment.rows[table].getRange({})) {
    yield [decodeKey(key, shape), row.fromStored(decodeValue(value))]
  }
}

/** What each incarnation of a node has journaled. */
export function scopesOf(environment: Environment): readonly ScopeContents[] {
  environment.refresh()
  const { scopes, journal, trims } = environment.rows
  const batches = new Map<ScopeId, (readonly [Position, StoredBatch])[]>()
  for (const { key, value } of journal.getRange({})) {
    const [scope, position] = decodeKey(key, ['text', 'number']) as readonly [ScopeId, Position]
    const batch = [position, batchLayout.fromStored(decodeValue(value))] as const
    const before = batches.get(scope)
    if (before === undefined) batches.set(scope, [batch])
    else before.push(batch)
  }
  return [...scopes.getRange({})].map(({ key, value }) => {
    const [scope] = decodeKey(key, ['text']) as readonly [ScopeId]
    const trimmed = trims.get(key)
    return {
      scope,
      ...scopeLayout.fromStored(decodeValue(value)),
      ...(trimmed && { trimmedTo: trimmedThrough(trimLayout.fromStored(decodeValue(trimmed))) }),
      batches: batches.get(scope) ?? [],
    }
  })
}
