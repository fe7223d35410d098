/**
 * Batches on their way to the disk, and what may leave once they are there.
 *
 * Owns:     when a batch closes, the order of what is in flight, and letting go of what was held.
 * Does not: write (host and journal).
 *
 * Invariants:
 *   K2. Nothing leaves before what it depends on is durable, in the order in which it was submitted.
 */
import { assert } from '#actor'
import type { AppendOutcome, Ordinal, Position } from '#ports'
import { OpenBatch } from './batch.ts'
import { pump, tidy } from './channels.ts'
import type { InFlight, Memory } from './memory.ts'

/** Submits the open batch, or asks for a proof of ownership when it only holds outputs. Returns whether it has room. */
export function closeIfPossible(memory: Memory): boolean {
  const open = memory.open
  if (memory.fresh.length > 0) {
    memory.fresh = memory.fresh.filter(
      // A request from outside is nobody's promise yet: if it is lost unhandled, its client asks again.
      ([, waiting]) => !waiting.handled && !waiting.rowed && waiting.envelope.request === undefined,
    )
  }
  if (open.writesNothing && memory.fresh.length === 0) {
    if (open.empty) {
      // Turns that left nothing fill no batch.
      open.turns = 0
      return true
    }
    if (memory.inFlight.some((unit) => unit.kind === 'verify')) return false
    submit(memory, 'verify', open.position)
    memory.out.push({ kind: 'verify' })
    return true
  }
  if (memory.inFlight.filter((unit) => unit.kind === 'append').length >= memory.bounds.batchesInFlightMax)
    return false
  if (memory.loading > 0 && !memory.postponed && open.turns < memory.bounds.batchTurnsMax) {
    // What is being loaded would be written as waiting, only to be removed at once. Once, it may hold the batch.
    memory.postponed = true
    return false
  }
  memory.postponed = false
  tidy(memory)
  const unhandled = memory.fresh
  memory.fresh = []
  if (memory.broken !== 'forget-unhandled')
    for (const [shard, waiting] of unhandled) memory.writeRow(shard, waiting)
  for (const activation of open.changed) {
    open.putOnce('snapshots', [activation.shard.id, activation.ordinal as Ordinal], {
      id: activation.id,
      status: activation.status as 'live' | 'stopped' | 'archived',
      state: activation.state === undefined ? [] : activation.type.machine.store(activation.state),
      version: activation.version,
      generation: activation.generation,
      at: activation.at,
      last: activation.last ?? [memory.scope, open.position, 0],
      ...(activation.archivedAt === undefined ? {} : { archivedAt: activation.archivedAt }),
    })
  }
  for (const shard of memory.shards.values()) {
    if (shard.draining && memory.broken !== 'local-while-draining') memory.shards.delete(shard.id)
  }
  memory.observer.count('batches')
  memory.observer.count('batchTurns', open.turns)
  const batch = open.close()
  memory.observer.count('writes', batch.writes.length)
  submit(memory, 'append', (open.position + 1) as Position)
  memory.out.push({ kind: 'append', expected: (open.position - 1) as Position, batch })
  return true
}

function submit(memory: Memory, kind: InFlight['kind'], next: Position): void {
  const unit: InFlight = { kind, batch: memory.open, answered: false }
  memory.open = new OpenBatch(memory.scope, next)
  if (memory.broken === 'release-before-durable') letGo(memory, unit.batch)
  memory.inFlight.push(unit)
}

export function appended(memory: Memory, outcome: AppendOutcome): void {
  if (outcome.kind === 'failed' && memory.broken === 'trust-failed-write') {
    answered(memory, 'append')
    return
  }
  if (outcome.kind !== 'durable') {
    memory.observer.count('appendsRefused')
    const cause = 'cause' in outcome ? `append ${outcome.kind}: ${outcome.cause}` : outcome.kind
    memory.out.push({ kind: 'forget', cause })
    return
  }
  answered(memory, 'append', outcome.position)
}

export function answered(memory: Memory, kind: InFlight['kind'], position?: Position): void {
  const unit = memory.inFlight.find((u) => u.kind === kind && !u.answered)
  assert(unit !== undefined, 'B2', 'nothing of this kind is in flight')
  assert(
    position === undefined || position === unit.batch.position,
    'J1',
    'another position is durable than the first in flight',
  )
  unit.answered = true
  for (;;) {
    const first = memory.inFlight[0]
    if (first === undefined || !first.answered) return
    memory.inFlight.shift()
    if (first.kind === 'append') memory.durable = first.batch.position
    if (memory.broken !== 'release-before-durable') letGo(memory, first.batch)
  }
}

function letGo(memory: Memory, batch: OpenBatch): void {
  for (const [channel, sequence] of batch.sends) {
    channel.durableTo(sequence)
    const shard = memory.shards.get(channel.from)
    if (shard?.out.get(channel.to) === channel) pump(memory, shard, channel)
  }
  for (const [inbox, [to, mark]] of batch.marks) {
    inbox.durable = mark
    memory.out.push({ kind: 'send', shard: inbox.from, item: { kind: 'mark', from: inbox.from, to, mark } })
  }
  for (const run of batch.whenDurable) run()
  memory.out.push(...batch.held)
}
