/**
 * Requests from outside: at the door, by their idempotency key, and how they are answered.
 *
 * Owns:     what is refused at the door, what a repeated key gets, queries, and operators' commands to one actor.
 * Does not: route, wait or send again (the asking node does, `host/pending-requests.ts`).
 *
 * Invariants:
 *   Q1. An answer that states a fact about an actor waits until ownership was proven after the request came.
 *   Q2. Under one key an actor handles one message, however often it is asked.
 */
import type { Instant, Message } from '#actor'
import type { Envelope, Ordinal, Outcome, Request, RequestOrigin } from '#ports'
import { endQuarantine, excuse, poisonedBefore } from './care.ts'
import { activate, offer, schedule } from './mailboxes.ts'
import type { Memory } from './memory.ts'
import { isTooLarge, tooLarge } from './message-size.ts'
import type { ActorType } from './registry.ts'
import { isExpired, isFull, remember, untilSomeGoMs } from './remembered.ts'
import type { Activation, Shard } from './shard.ts'
import { unstorablePart } from './storable.ts'
import { shownGroup } from './supervisor.ts'
import { record } from './turns.ts'

const deadLetterReplaysMax = 3
/** It is part of a storage key. */
const requestKeyLengthMax = 64

export function requested(memory: Memory, request: Request): void {
  const type = memory.registry.find(request.actor)
  if (type === undefined) {
    respond(memory, request, { kind: 'invalid', problem: `no actor type of '${request.actor}'` })
    return
  }
  if (request.key !== undefined && request.key.length > requestKeyLengthMax) {
    const problem = `the idempotency key is longer than ${requestKeyLengthMax} characters`
    respond(memory, request, { kind: 'invalid', problem })
    return
  }
  const shard = memory.shards.get(memory.registry.shardOf(request.actor))
  if (shard === undefined || shard.draining) {
    respond(memory, request, { kind: 'moved', shard: memory.registry.shardOf(request.actor) })
    return
  }
  const refusal = refusalAtTheDoor(memory, shard, type, request)
  if (refusal !== undefined) {
    memory.observer.count('requestsRefused')
    respond(memory, request, refusal)
    return
  }
  const activation = activate(memory, shard, request.actor)
  if (activation.status !== 'loading') arrive(memory, activation, request)
  else if (activation.arriving === undefined) activation.arriving = [request]
  else activation.arriving.push(request)
}

/** Bounds and contracts: they state no fact about an actor, so they are answered at once. */
function refusalAtTheDoor(
  memory: Memory,
  shard: Shard,
  type: ActorType,
  request: Request,
): Outcome | undefined {
  if (request.body.kind !== 'command') return undefined
  const problem = type.problemOf(request.body.message)
  if (problem !== undefined) return { kind: 'invalid', problem }
  if (shard.state.quarantined) return { kind: 'stopped' }
  if (shard.backlog > memory.bounds.shardBacklogMax)
    return { kind: 'busy', retryAfterMs: 1_000, reason: 'backlog' }
  return undefined
}

export function arrive(memory: Memory, activation: Activation, request: Request): void {
  switch (request.body.kind) {
    case 'query':
      memory.observer.count('queries')
      memory.hold(request, query(memory, activation, request.body.name, request.body.args))
      break
    case 'recall':
      memory.observer.count('queries')
      memory.hold(request, recall(memory, activation, request))
      break
    case 'operate':
      memory.hold(request, operate(memory, activation, request.body.command))
      break
    case 'command':
      memory.observer.count('requests')
      command(memory, activation, request, request.body.message)
      break
  }
}

function command(memory: Memory, activation: Activation, request: Request, message: Message): void {
  const { id, node, key, trace, ifVersion, fingerprint = '' } = request
  if (key !== undefined && activation.runningKeys?.get(key)?.id === id) return
  const known = key === undefined ? undefined : underKey(memory, activation, key, fingerprint)
  if (known !== undefined || activation.status === 'stopped') {
    memory.hold(request, known ?? { kind: 'stopped' })
    return
  }
  if (activation.depth >= memory.bounds.mailboxWindow) {
    respond(memory, request, { kind: 'busy', retryAfterMs: 1_000, reason: 'backlog' })
    return
  }
  if (key !== undefined && isFull(memory, activation.shard)) {
    memory.observer.count('requestsRefused')
    respond(memory, request, {
      kind: 'busy',
      retryAfterMs: untilSomeGoMs(memory, activation.shard),
      reason: 'requests-full',
    })
    return
  }
  const origin: RequestOrigin = {
    id,
    node,
    ...(key === undefined ? {} : { key, fingerprint }),
    ...(ifVersion === undefined ? {} : { ifVersion }),
  }
  if (key !== undefined) {
    activation.runningKeys ??= new Map()
    activation.runningKeys.set(key, origin)
  }
  offer(memory, activation.shard, {
    ...memory.envelope(activation.id, message),
    ...(trace === undefined ? {} : { trace }),
    request: origin,
  })
}

function recall(memory: Memory, activation: Activation, { key, fingerprint = '' }: Request): Outcome {
  if (key === undefined) return { kind: 'invalid', problem: 'no idempotency key to recall' }
  return underKey(memory, activation, key, fingerprint) ?? { kind: 'unknown' }
}

/** What is known of a key: its answer, or that it runs. */
function underKey(
  memory: Memory,
  activation: Activation,
  key: string,
  fingerprint: string,
): Outcome | undefined {
  const known = activation.requests?.get(key)
  const running = activation.runningKeys?.get(key)
  // Until its row goes it is known to be old; it is not run again in between.
  if (known !== undefined && isExpired(memory, known.at)) return { kind: 'key-expired' }
  if (known !== undefined && known.fingerprint !== fingerprint) return { kind: 'key-reused' }
  if (running !== undefined && running.fingerprint !== fingerprint) return { kind: 'key-reused' }
  if (known?.outcome !== undefined)
    return { ...(known.outcome as Extract<Outcome, { kind: 'done' }>), replayed: true }
  const poisoned = poisonedBefore(activation.shard, activation.id, key)
  if (poisoned !== undefined) return poisoned
  // Its answer is gone, and it is done.
  if (running === undefined) return activation.createdBy === key ? { kind: 'key-expired' } : undefined
  return { kind: 'running' }
}

function query(memory: Memory, activation: Activation, name: string, args: unknown): Outcome {
  if (activation.state === undefined) return withoutState(activation)
  const query = activation.type.definition.queries?.[name]
  if (query === undefined)
    return { kind: 'invalid', problem: `no query '${name}' on ${activation.type.definition.type}` }
  const { id, version, state } = activation
  const at = memory.worldNow(activation.shard)
  try {
    return answerOf(activation, query({ id, value: state.value, context: state.context, version }, args, at))
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error.message : String(error) }
  }
}

/** What no frame holds would never be sent, and whoever asked would wait for nothing. */
function answerOf({ state, version }: Activation, value: unknown): Outcome {
  if (isTooLarge(value)) return { kind: 'failed', error: `its answer is ${tooLarge}` }
  const part = unstorablePart(value)
  if (part !== undefined) return { kind: 'failed', error: `its answer holds ${part}: no plain data` }
  return { kind: 'answer', value, state: state?.value, version }
}

/** One that is there and cannot be read by this build is stopped. */
function withoutState({ status }: Activation): Outcome {
  return { kind: status === 'stopped' ? 'stopped' : 'unknown' }
}

function operate(
  memory: Memory,
  activation: Activation,
  command: Extract<Request['body'], { kind: 'operate' }>['command'],
): Outcome {
  const { shard, state } = activation
  if (command.kind === 'replay') return replay(memory, shard, command.row)
  if (state === undefined) return withoutState(activation)
  const at = memory.worldNow(shard)
  const { id, message } = memory.envelope(activation.id, { type: `operator.${command.kind}` })
  switch (command.kind) {
    case 'inspect':
      return answerOf(activation, inspection(memory, activation))
    case 'restart':
      activation.state = activation.type.machine.load(activation.type.machine.store(state)).state
      activation.notBefore = 0 as Instant
      memory.observer.count('restarts')
      schedule(memory, activation)
      break
    case 'stop':
      if (activation.status !== 'live') break
      activation.status = 'stopped'
      record(memory, activation, at, { id, message }, { note: 'stopped' })
      excuse(memory, activation)
      break
    case 'start':
      if (shard.state.quarantined) endQuarantine(memory, shard)
      if (activation.status !== 'stopped') break
      activation.status = 'live'
      record(memory, activation, at, { id, message }, { note: 'started' })
      schedule(memory, activation)
      break
  }
  return { kind: 'done', state: state.value, version: activation.version }
}

function inspection(memory: Memory, activation: Activation): unknown {
  const { shard, state, ordinal } = activation
  const rows = <T>(table: Map<Ordinal, Map<string, T>>): [string, T][] => [
    ...(table.get(ordinal as Ordinal) ?? []),
  ]
  return {
    id: activation.id,
    shard: shard.id,
    node: memory.node,
    status: activation.status,
    value: state?.value,
    context: state?.context,
    version: activation.version,
    at: activation.at,
    accepts: state === undefined ? [] : activation.type.machine.accepts(state),
    mailbox: activation.mailbox
      .held()
      .slice(0, 100)
      .map((w) => ({ n: w.n, attempts: w.attempts, notBefore: w.notBefore, ...w.envelope })),
    mailboxDepth: activation.depth,
    timers: rows(shard.timers).map(([id, row]) => ({
      id,
      clock: row.clock,
      at: row.at,
      message: row.message,
    })),
    asks: rows(shard.asks).map(([id, row]) => ({ id, deadline: row.deadline })),
    supervision: {
      groups: activation.type.supervisors.map((supervisor) => ({
        ...shownGroup(supervisor),
        restarts: memory.restarts.recent(supervisor, shard.id, memory.now.runtime).length,
      })),
      restartsWith: memory.registry.restartsWith(activation.id, shard.state),
    },
    calls: rows(shard.calls).map(([id, call]) => ({
      id,
      handler: call.row.handler,
      attempt: call.attempt,
      deadline: call.row.deadline,
    })),
  }
}

export function replay(memory: Memory, shard: Shard, n: number): Outcome {
  const row = shard.deadLetters.get(n)
  if (row?.dead === undefined) return { kind: 'unknown' }
  if (row.dead.replays >= deadLetterReplaysMax)
    return { kind: 'invalid', problem: `it was replayed ${row.dead.replays} times` }
  const problem = memory.registry.problemOf(row.envelope)
  if (problem !== undefined) return { kind: 'invalid', problem }
  shard.deadLetters.delete(n)
  memory.open.remove('mailbox', [shard.id, n])
  const { request: _gone, row: _row, ...envelope } = row.envelope
  offer(memory, shard, envelope, row.dead.replays + 1)
  return { kind: 'done', state: null, version: 0 }
}

/** A request's message was handled, and the answer is remembered under its key. */
export function answer(
  memory: Memory,
  activation: Activation,
  envelope: Envelope,
  outcome: Extract<Outcome, { kind: 'done' }>,
): void {
  const { request } = envelope
  if (request === undefined) return
  if (request.key !== undefined) {
    remember(memory, activation, request.key, request.fingerprint ?? '', outcome)
  }
  refuse(memory, activation, envelope, outcome)
}

/** Answers a request with a fact about an actor; nothing is remembered. */
export function refuse(memory: Memory, activation: Activation, envelope: Envelope, outcome: Outcome): void {
  const { request } = envelope
  if (request === undefined) return
  if (request.key !== undefined) activation.runningKeys?.delete(request.key)
  memory.hold(request, outcome)
}

export function respond(memory: Memory, request: Request, outcome: Outcome): void {
  memory.out.push({ kind: 'respond', to: request.node, response: { id: request.id, outcome } })
}
