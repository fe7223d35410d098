/**
 * What a shard remembers of requests with a key: for a day, in the store, whether their actors are in memory or not.
 *
 * Owns:     how many rows there are, and when they go. The table is looked through a page at a time, and not before
 *           its oldest row may be due: an index by age would cost one more row for every request.
 * Does not: say what a repeated key gets (`requests.ts`).
 *
 * Invariants:
 *   R1. A row is written once, and goes when it has expired and not before.
 *   R2. `requests.count` of the shard's state is the number of rows: both change in one batch.
 */
import type { Instant } from '#actor'
import { after } from '#actor'
import type { Outcome } from '#ports'
import type { Input } from './input.ts'
import type { Memory } from './memory.ts'
import type { Activation, Shard } from './shard.ts'

const pageMax = 256

export function isExpired({ bounds, now }: Memory, at: Instant): boolean {
  return after(at, bounds.requestTtlMs) < now.runtime
}

export function isFull({ bounds }: Memory, { state }: Shard): boolean {
  return (state.requests?.count ?? 0) >= bounds.requestsMax
}

/** Milliseconds until rows may be gone. */
export function untilSomeGoMs({ bounds, now }: Memory, { state }: Shard): number {
  const oldest = state.requests?.oldest ?? now.runtime
  const dueInMs = (after(oldest, bounds.requestTtlMs) - now.runtime) / 1_000
  return Math.max(bounds.passivationSweepMs, Math.ceil(dueInMs))
}

export function remember(
  memory: Memory,
  activation: Activation,
  key: string,
  fingerprint: string,
  outcome: Outcome,
): void {
  const { id, shard } = activation
  const at = memory.now.runtime
  const row = { fingerprint, at, outcome }
  activation.requests ??= new Map()
  activation.requests.set(key, row)
  memory.open.put('requests', [shard.id, id, key], row)
  const { count = 0, oldest = at } = shard.state.requests ?? {}
  memory.setState(shard, { requests: { count: count + 1, oldest: count === 0 ? at : oldest } })
  if (count === 0) lookWhenDue(memory, shard)
}

/** When the oldest row may have expired, and not in one go with the look before. */
export function lookWhenDue(memory: Memory, shard: Shard): void {
  const { requests } = shard.state
  if (requests === undefined || requests.count === 0) return
  const { requestTtlMs, passivationSweepMs } = memory.bounds
  const expires = shard.remembered === undefined ? after(requests.oldest, requestTtlMs) : 0
  const at = Math.max(expires, after(memory.now.runtime, passivationSweepMs)) as Instant
  memory.due.runtime.add(at, { kind: 'remembered', shard })
}

export function readRemembered(memory: Memory, shard: Shard): void {
  shard.remembered ??= { since: memory.now.runtime, after: undefined }
  const behind = shard.remembered.after
  const page = { limit: pageMax, ...(behind === undefined ? {} : { after: behind }) }
  memory.out.push({ kind: 'read-requests', shard: shard.id, epoch: shard.epoch, page })
}

export function forgetExpired(memory: Memory, input: Extract<Input, { kind: 'requests-read' }>): void {
  const shard = memory.shards.get(input.shard)
  if (shard?.remembered === undefined || shard.epoch !== input.epoch || shard.draining) return
  let { since } = shard.remembered
  let gone = 0
  for (const [actor, key, at] of input.rows) {
    if (!isExpired(memory, at)) {
      if (at < since) since = at
      continue
    }
    gone += 1
    shard.activations.get(actor)?.requests?.delete(key)
    memory.open.remove('requests', [shard.id, actor, key])
  }
  const { count, oldest } = shard.state.requests ?? { count: 0, oldest: since }
  const isDone = input.rows.length < pageMax
  shard.remembered = isDone ? undefined : { since, after: input.rows.at(-1) }
  if (gone > 0 || isDone)
    memory.setState(shard, {
      requests: { count: Math.max(0, count - gone), oldest: isDone ? since : oldest },
    })
  lookWhenDue(memory, shard)
}
