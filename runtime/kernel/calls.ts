/**
 * Outbound calls: started after the commit that asked for them, tried again, answered once.
 *
 * Owns:     attempts, which are memory only, and which result counts.
 * Does not: reach anybody (the `Outside` port does).
 *
 * Invariants:
 *   L1. A result counts only while its row is pending, and the turn that handles it deletes the row.
 */
import { after, draw } from '#actor'
import type { CallOutcome, CallRow, Ordinal } from '#ports'
import type { Input } from './input.ts'
import { offer } from './mailboxes.ts'
import type { Memory } from './memory.ts'
import { rowOf, type Shard, setRow } from './shard.ts'
import { unstorablePart } from './storable.ts'

/** Starts the call once its row is durable. One of the same id that is under way is given up. */
export function callLater(memory: Memory, shard: Shard, ordinal: Ordinal, id: string, row: CallRow): void {
  const pending = { row, attempt: 0, answered: false }
  const before = setRow(shard.calls, ordinal, id, pending)
  if (before !== undefined && before.attempt > 0 && !before.answered)
    memory.out.push({ kind: 'cancel-call', shard: shard.id, ordinal, id })
  memory.open.put('calls', [shard.id, ordinal, id], row)
  memory.open.whenDurable.push(() => {
    if (rowOf(shard.calls, ordinal, id) === pending) startCall(memory, shard, ordinal, id)
  })
}

export function startCall(memory: Memory, shard: Shard, ordinal: Ordinal, id: string): void {
  const pending = rowOf(shard.calls, ordinal, id)
  if (pending === undefined || pending.answered || !memory.isOurs(shard) || shard.draining) return
  if (pending.attempt === 0) {
    memory.due.runtime.add(pending.row.deadline, {
      kind: 'call-deadline',
      shard,
      ordinal,
      id,
      deadline: pending.row.deadline,
    })
  }
  pending.attempt += 1
  memory.observer.count('callsStarted')
  memory.out.push({ kind: 'call', shard: shard.id, ordinal, id, attempt: pending.attempt, row: pending.row })
}

export function called(memory: Memory, input: Extract<Input, { kind: 'called' }>): void {
  const shard = memory.shards.get(input.shard)
  const pending = shard === undefined ? undefined : rowOf(shard.calls, input.ordinal, input.id)
  if (shard === undefined || pending === undefined || pending.answered || pending.attempt !== input.attempt)
    return
  const { ordinal, id } = input
  const outcome = storable(input.outcome)
  const { row } = pending
  if (outcome.kind === 'unknown' && pending.attempt < row.attemptsMax) {
    const delayMs =
      memory.bounds.callBackoffMs *
      2 ** (pending.attempt - 1) *
      (0.8 + 0.4 * draw(memory.seed, row.key, pending.attempt))
    const again = after(memory.now.runtime, delayMs)
    if (again < row.deadline) {
      const { attempt } = pending
      memory.due.runtime.add(again, { kind: 'call-retry', shard, ordinal, id, row, attempt })
      return
    }
  }
  pending.answered = true
  const message =
    outcome.kind === 'done'
      ? { type: 'call.done', call: id, result: outcome.result }
      : {
          type: 'call.failed',
          call: id,
          reason: outcome.kind === 'refused' ? 'refused' : 'expired',
          detail: outcome.detail,
        }
  offer(memory, shard, {
    ...memory.envelope(row.actor, message),
    ...traceOf(row.trace),
    row: { kind: 'call', id, generation: row.generation },
  })
}

/** What a party outside has said. One whose answer cannot be kept has done who knows what. */
function storable(outcome: CallOutcome): CallOutcome {
  const part = outcome.kind === 'done' ? unstorablePart(outcome.result) : undefined
  return part === undefined ? outcome : { kind: 'unknown', detail: `its result holds ${part}: no plain data` }
}

function traceOf(trace: string | undefined): { readonly trace?: string } {
  return trace === undefined ? {} : { trace }
}
