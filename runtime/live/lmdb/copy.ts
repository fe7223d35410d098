/**
 * A copy of the store, made while others write to it; and what makes a copy a cluster of its own.
 *
 * Owns:     the one read transaction that a copy is, and the one write that parts it from what it was copied from.
 * Does not: know files beside the store, checksums or manifests (`brigade backup`).
 *
 * Invariants:
 *   C1. A copy is the store as it was at one moment, durable as a whole when it resolves.
 *   C2. Nothing that ran on the original can write to a renewed copy, or talk to its nodes.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { ScopeId } from '#ports'
import { decodeValue, encodeValue } from './codec.ts'
import { durable, type Environment, openToRead } from './environment.ts'
import { sealedVersion } from './journal.ts'
import { decodeKey, encodeKey } from './key.ts'
import { scopeLayout } from './tables.ts'

/**
 * Copies the pages that are in use to `data.mdb` in an empty folder. Writers are not held up: the copy reads one moment,
 * and the pages of that moment are not used again until it is done.
 */
export async function copyData(folder: string, target: string): Promise<void> {
  const root = openToRead(folder)
  try {
    await root.backup(target, true)
  } finally {
    await root.close()
  }
  const file = openSync(join(target, 'data.mdb'), 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A new cluster id, which no old node's handshake has, and every scope sealed, in one write. Returns the id. */
export async function renew(environment: Environment): Promise<string> {
  const { meta, scopes } = environment.rows
  const key = encodeKey(['cluster', 'identity'])
  const cluster = randomUUID()
  const identity = encodeValue({ ...environment.identity, cluster })
  const sealedBy = 'restored' as ScopeId
  const seals = [...scopes.getRange({})].map(({ key, value }) => {
    const { node } = scopeLayout.fromStored(decodeValue(value))
    return [
      encodeKey(decodeKey(key, ['text'])),
      encodeValue(scopeLayout.toStored({ node, sealedBy })),
    ] as const
  })
  await durable(
    meta.ifVersion(key, 0, () => {
      meta.put(key, identity, 0)
      for (const [key, value] of seals) scopes.put(key, value, sealedVersion)
    }),
  )
  return cluster
}
