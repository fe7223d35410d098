/**
 * Shards and actors that come into memory and leave it.
 *
 * Owns:     what a granted shard brings, what is loaded, what a release leaves behind, and passivation.
 * Does not: acquire shards (cluster), or read rows (host).
 *
 * Invariants:
 *   T1. A load of an earlier tenure is dropped.
 *   T2. An actor leaves memory only when its last batch is durable and no message waits for it.
 *   T3. A release is the shard's last write here.
 */
import type { ActorId, Instant } from '#actor'
import { after, assert } from '#actor'
import type { MailboxRow, MessageId, NodeId, Ordinal, ShardId, ShardRows, SnapshotRow } from '#ports'
import { startCall } from './calls.ts'
import { excuse } from './care.ts'
import { pump } from './channels.ts'
import type { Input } from './input.ts'
import type { Waiting } from './mailbox.ts'
import { activate, schedule } from './mailboxes.ts'
import { type Memory, newWaiting } from './memory.ts'
import { OutChannel } from './out-channel.ts'
import { lookWhenDue } from './remembered.ts'
import { arrive, respond } from './requests.ts'
import { retainFrom } from './retention.ts'
import { type Activation, Shard, setRow, withVersion } from './shard.ts'
import { unstorablePart } from './storable.ts'
import { record } from './turns.ts'

export function granted(memory: Memory, input: Extract<Input, { kind: 'granted' }>): void {
  const rows = ofKnownTypes(memory, input.rows)
  const shard = new Shard(input.shard, input.epoch, input.worldNow, memory.now.runtime, rows.state)
  memory.shards.set(shard.id, shard)
  for (const [to, last] of rows.channels) {
    const waiting = rows.outbox.flatMap(([destination, , envelope]) => (destination === to ? [envelope] : []))
    shard.out.set(
      to,
      new OutChannel(shard.id, to, memory.broken === 'sequence-from-rows' ? waiting.length : last, waiting),
    )
  }
  for (const [from, mark] of rows.inbox) shard.inbox.set(from, { from, mark, durable: mark })
  for (const [ordinal, id, row] of rows.timers) {
    setRow(shard.timers, ordinal, id, row)
    memory.due[row.clock].add(row.at, { kind: 'timer', shard, ordinal, id, generation: row.generation })
  }
  for (const [ordinal, id, row] of rows.asks) {
    setRow(shard.asks, ordinal, id, row)
    memory.due.runtime.add(row.deadline, { kind: 'ask', shard, ordinal, id, deadline: row.deadline })
  }
  for (const [ordinal, id, row] of rows.calls) {
    // Its answer came, and waits: whoever was called is not called again.
    const answered = rows.mailbox.some(
      ([, { envelope, dead }]) =>
        dead === undefined &&
        envelope.to === row.actor &&
        envelope.row?.kind === 'call' &&
        envelope.row.id === id &&
        envelope.row.generation === row.generation,
    )
    setRow(shard.calls, ordinal, id, { row, attempt: 0, answered })
    startCall(memory, shard, ordinal, id)
  }
  // A suspect stays one across a release, and across the loss of an incarnation.
  if (!input.clean || rows.mailbox.some(([, row]) => row.onTrial === true || (row.deaths ?? 0) > 0)) {
    const until = after(memory.now.runtime, memory.bounds.carefulMs)
    shard.care = { inherited: new Set(), until, trial: undefined, queue: [] }
    memory.due.runtime.add(until, { kind: 'care', shard })
  }
  inherit(memory, shard, input.clean, rows)
  for (const channel of shard.out.values()) pump(memory, shard, channel)
  lookWhenDue(memory, shard)
  retainFrom(memory, shard)
  armSweep(memory)
  if (memory.observer.watched) {
    memory.observer.event({
      kind: 'acquired',
      shard: shard.id,
      epoch: shard.epoch,
      clean: input.clean,
      actors: shard.state.nextOrdinal - 1,
      at: memory.now.world,
    })
  }
}

/** What belongs to actors of another build's types stays on disk, untouched, for a build that has them. */
function ofKnownTypes({ registry }: Memory, rows: ShardRows): ShardRows {
  const isKnown = (id: ActorId): boolean => registry.find(id) !== undefined
  return {
    ...rows,
    timers: rows.timers.filter(([, , { actor }]) => isKnown(actor)),
    asks: rows.asks.filter(([, , { actor }]) => isKnown(actor)),
    calls: rows.calls.filter(([, , { actor }]) => isKnown(actor)),
  }
}

function inherit(memory: Memory, shard: Shard, clean: boolean, { mailbox, beyond }: ShardRows): void {
  for (const [n, row] of mailbox) {
    shard.nextRow = Math.max(shard.nextRow, n + 1)
    if (row.dead !== undefined) {
      shard.deadLetters.set(n, row)
      continue
    }
    if (memory.registry.find(row.envelope.to) === undefined) continue
    const waiting = waitingAgain(n, row, memory.now.runtime)
    if (row.onTrial === true && !clean) waiting.deaths += 1
    // It is on trial no more: a later death is not held against it.
    if (row.onTrial === true) memory.writeRow(shard, waiting)
    const activation = activate(memory, shard, row.envelope.to)
    activation.mailbox.offer(waiting, memory.bounds.mailboxWindow)
    shard.waiting += 1
    shard.care?.inherited.add(n)
    if (activation.mailbox.first === waiting && waiting.notBefore > memory.now.runtime) {
      activation.notBefore = waiting.notBefore
      memory.due.runtime.add(waiting.notBefore, { kind: 'backoff', activation })
    }
    const { request } = row.envelope
    if (request?.key !== undefined) {
      activation.runningKeys ??= new Map()
      activation.runningKeys.set(request.key, request)
    }
  }
  for (const [n, actor] of beyond) {
    shard.nextRow = Math.max(shard.nextRow, n + 1)
    if (memory.registry.find(actor) === undefined) continue
    activate(memory, shard, actor).mailbox.name(n)
    shard.waiting += 1
    shard.care?.inherited.add(n)
  }
}

function waitingAgain(n: number, row: MailboxRow, since: Instant): Waiting {
  const waiting = newWaiting(n, row.envelope, since)
  waiting.rowed = true
  waiting.attempts = row.attempts
  waiting.replays = row.replays ?? 0
  waiting.notBefore = row.notBefore
  waiting.deaths = row.deaths ?? 0
  return waiting
}

export function behindWindow(memory: Memory, input: Extract<Input, { kind: 'mailbox-read' }>): void {
  const shard = memory.shards.get(input.shard)
  const activation = shard?.activations.get(input.actor)
  if (shard?.epoch !== input.epoch || activation === undefined) return
  activation.mailbox.reading = false
  activation.mailbox.fill(input.rows.map(([n, row]) => waitingAgain(n, row, memory.now.runtime)))
  assert(activation.mailbox.first !== undefined, 'M2', `a message of '${input.actor}' has lost its row`)
  schedule(memory, activation)
}

export function loaded(memory: Memory, input: Extract<Input, { kind: 'loaded' }>): void {
  memory.loading -= 1
  const shard = memory.shards.get(input.shard)
  const activation = shard?.activations.get(input.actor)
  if (shard === undefined || activation?.status !== 'loading') return
  if (shard.epoch !== input.epoch && memory.broken !== 'stale-load') return
  const { ordinal, snapshot, requests } = input.rows
  activation.createdBy = input.rows.createdBy
  if (requests.length > 0) activation.requests = new Map(requests)
  if (snapshot === undefined || ordinal === undefined) activation.status = 'absent'
  else {
    restore(memory, activation, ordinal, snapshot)
    excuse(memory, activation)
  }
  const arriving = activation.arriving
  activation.arriving = undefined
  for (const request of arriving ?? []) arrive(memory, activation, request)
  schedule(memory, activation)
}

function restore(memory: Memory, activation: Activation, ordinal: Ordinal, snapshot: SnapshotRow): void {
  activation.ordinal = ordinal
  activation.version = snapshot.version
  activation.generation = snapshot.generation
  activation.at = snapshot.at
  activation.last = snapshot.last
  activation.archivedAt = snapshot.archivedAt
  try {
    const { state, migrated } = activation.type.machine.load(snapshot.state)
    const part = migrated ? unstorablePart(state.context) : undefined
    if (part !== undefined) throw new Error(`Its migration makes ${part}, which cannot be stored.`)
    activation.state = state
    if (memory.broken === 'undo-earlier-turns') activation.loaded = state
    activation.status = snapshot.status
    if (migrated) {
      const { id, message } = memory.envelope(activation.id, { type: 'operator.migrate' })
      record(memory, activation, activation.shard.now, { id, message }, { note: 'migrated' })
      const { shard, type } = activation
      memory.setState(shard, { versions: withVersion(shard.state.versions, type) })
    }
  } catch (error) {
    // A build that does not know this snapshot must not touch it: its messages wait for one that does.
    activation.status = 'stopped'
    if (memory.observer.watched) {
      const detail = error instanceof Error ? error.message : String(error)
      memory.observer.event({
        kind: 'failure',
        actor: activation.id,
        id: '' as MessageId,
        message: '',
        error: detail,
        directive: 'stop',
        attempt: 1,
        at: memory.now.world,
      })
    }
  }
}

/** Takes part in no more turns; what waits becomes rows; the release is the shard's last write here. */
export function release(memory: Memory, id: ShardId, heir: NodeId | undefined): void {
  const shard = memory.shards.get(id)
  if (shard === undefined || shard.draining) return
  shard.draining = true
  for (const activation of shard.activations.values()) {
    for (const request of activation.arriving ?? []) respond(memory, request, { kind: 'moved', shard: id })
    activation.arriving = undefined
    for (const { envelope, rowed } of activation.mailbox.held()) {
      if (envelope.request !== undefined && !rowed)
        memory.hold(envelope.request, { kind: 'moved', shard: id })
    }
  }
  for (const [ordinal, calls] of shard.calls) {
    for (const callId of calls.keys())
      memory.out.push({ kind: 'cancel-call', shard: id, ordinal, id: callId })
  }
  memory.open.put('shards', [id], {
    shard: id,
    epoch: shard.epoch,
    scope: memory.scope,
    node: memory.node,
    released: true,
    ...(heir === undefined ? {} : { heir }),
    now: shard.now,
  })
  memory.open.whenDurable.push(() => {
    memory.out.push({ kind: 'released', shard: id })
    if (memory.observer.watched)
      memory.observer.event({
        kind: 'released',
        shard: id,
        ...(heir === undefined ? {} : { heir }),
        at: memory.now.world,
      })
  })
}

/** Idle actors leave memory, once what they last wrote is durable and nothing waits for them. */
export function sweep(memory: Memory): void {
  const { passivationSweepMs, activationsMax } = memory.bounds
  memory.sweepAt = undefined
  memory.arrived = 0
  let count = 0
  const idle: Activation[] = []
  for (const { activations } of memory.shards.values()) {
    count += activations.size
    for (const activation of activations.values()) if (mayLeave(memory, activation)) idle.push(activation)
  }
  if (count > activationsMax) idle.sort((a, b) => a.usedAt - b.usedAt)
  for (const { id, status, type, usedAt, shard } of idle) {
    const finished = status === 'archived' || status === 'absent'
    const idleMs = finished ? passivationSweepMs : (type.definition.passivateAfter ?? 600_000)
    if (count <= activationsMax && after(usedAt, idleMs) > memory.now.runtime) continue
    shard.activations.delete(id)
    count -= 1
    memory.observer.count('passivations')
  }
  armSweep(memory)
}

export function mayLeave(memory: Memory, { depth, status, arriving, changedAt }: Activation): boolean {
  if (depth > 0 || status === 'loading' || arriving !== undefined) return false
  return changedAt <= memory.durable || memory.broken === 'unload-early'
}

function armSweep(memory: Memory): void {
  if (memory.shards.size > 0) memory.sweepBy(after(memory.now.runtime, memory.bounds.passivationSweepMs))
}
