/**
 * What becomes of an actor whose turn failed.
 *
 * Owns:     carrying out the supervisor's decision: again later, siblings too, stop, reset, escalate.
 * Does not: decide (`supervisor.ts`).
 */
import type { ActorId, Instant, Message, Supervisor } from '#actor'
import { after, backoffMs, draw, keyOf } from '#actor'
import type { Envelope, Ordinal } from '#ports'
import { excuse, leaveTrial } from './care.ts'
import type { Transition } from './machine.ts'
import type { Waiting } from './mailbox.ts'
import { bury, offer } from './mailboxes.ts'
import { type Memory, newWaiting } from './memory.ts'
import type { Activation, Shard } from './shard.ts'
import { apply, check, record } from './turns.ts'
import { witnessed } from './witnessed.ts'

export function failed(memory: Memory, activation: Activation, waiting: Waiting, error: unknown): void {
  const { shard, type } = activation
  const at = memory.worldNow(shard)
  let detail = wordsOf(error)
  let born: Transition | undefined
  const { directive, supervisor, passed } = memory.restarts.decide(
    type.supervisors,
    shard.id,
    error,
    memory.now.runtime,
    () => {
      // One that never lived has nothing to be reset.
      if (activation.status === 'absent') return true
      try {
        born = type.machine.birth({ id: activation.id, key: keyOf(activation.id), at })
        check(memory, waiting.envelope, born)
        return true
      } catch (again) {
        detail = `${wordsOf(error)}; it cannot begin anew: ${wordsOf(again)}`
        return false
      }
    },
  )
  waiting.attempts += 1
  memory.observer.count('turnsFailed')
  if (memory.observer.watched) {
    memory.observer.event({
      kind: 'failure',
      actor: activation.id,
      id: waiting.envelope.id,
      message: waiting.envelope.message.type,
      error: detail,
      directive,
      group: supervisor.name,
      ...(passed.length > 0 && { passed }),
      attempt: waiting.attempts,
      at: memory.now.world,
    })
  }
  const told = (outcome: 'retried' | 'failed'): void =>
    witnessed(memory, waiting, outcome, { at, attempt: waiting.attempts, detail })
  switch (directive) {
    case 'restart':
      memory.observer.count('restarts')
      // One that fails at being told of a restart is tried again alone. If it restarted the others too, they would be
      // told again, and of a large group one would fail again: on and on.
      if (waiting.envelope.message.type !== 'restarted') restartSiblings(memory, activation)
      if (waiting.attempts >= memory.bounds.attemptsMax) {
        bury(memory, activation, waiting, 'failed', detail)
        break
      }
      told('retried')
      putBack(
        memory,
        activation,
        waiting,
        backoffMs(
          supervisor.backoff,
          waiting.attempts,
          draw(memory.seed, waiting.envelope.id, waiting.attempts),
        ),
      )
      break
    case 'resume':
      bury(memory, activation, waiting, 'failed', detail)
      break
    case 'stop':
      if (activation.status === 'absent') bury(memory, activation, waiting, 'failed', detail)
      else {
        told('failed')
        putBack(memory, activation, waiting, 0)
        activation.status = 'stopped'
        record(memory, activation, at, waiting.envelope, { note: 'stopped' })
        excuse(memory, activation)
      }
      break
    case 'reset':
      if (born !== undefined) reset(memory, activation, at, waiting.envelope, born)
      bury(memory, activation, waiting, 'failed', detail)
      break
    case 'escalate':
      if (waiting.attempts >= memory.bounds.attemptsMax) {
        // Loading the shard again has not helped: it would end node after node.
        bury(memory, activation, waiting, 'failed', detail)
        break
      }
      told('failed')
      putBack(memory, activation, waiting, backoffMs(supervisor.backoff, waiting.attempts, 0.5))
      escalate(memory, shard, `${activation.id}: ${detail}`)
      break
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The same message again, after a while; until then it holds its actor's mailbox and nothing else. */
function putBack(memory: Memory, activation: Activation, waiting: Waiting, delayMs: number): void {
  const { shard } = activation
  waiting.notBefore = delayMs === 0 ? (0 as Instant) : after(memory.now.runtime, delayMs)
  activation.notBefore = waiting.notBefore
  waiting.trial = 'none'
  memory.writeRow(shard, waiting)
  if (delayMs > 0) memory.due.runtime.add(waiting.notBefore, { kind: 'backoff', activation })
  leaveTrial(memory, shard, waiting)
}

function restartSiblings(memory: Memory, failed: Activation): void {
  for (const id of memory.registry.restartsWith(failed.id, failed.shard.state)) {
    memory.observer.count('restarts')
    if (memory.observer.watched) {
      memory.observer.event({
        kind: 'restarted',
        actor: id,
        cause: failed.id,
        group: (failed.type.supervisors[0] as Supervisor).name,
        at: memory.now.world,
      })
    }
    const message: Message & { cause: ActorId } = { type: 'restarted', cause: failed.id }
    offer(memory, failed.shard, memory.envelope(id, message))
  }
}

/** A new life: nothing of the old one waits for anything. */
function reset(memory: Memory, activation: Activation, at: Instant, cause: Envelope, born: Transition): void {
  const { shard } = activation
  const ordinal = activation.ordinal as Ordinal
  for (const id of shard.calls.get(ordinal)?.keys() ?? [])
    memory.out.push({ kind: 'cancel-call', shard: shard.id, ordinal, id })
  for (const table of ['timers', 'asks', 'calls'] as const)
    for (const id of [...(shard[table].get(ordinal)?.keys() ?? [])])
      memory.removeRow(table, shard, ordinal, id)
  activation.state = born.state
  record(memory, activation, at, cause, { note: 'reset' })
  apply(memory, activation, newWaiting(0, cause, memory.now.runtime), born.effects)
}

/** Beyond the root of the tree: the shard is loaded again, here or, when that happened too often, elsewhere. */
export function escalate(memory: Memory, shard: Shard, cause: string): void {
  const { escalationWindowMs, escalationsMax } = memory.bounds
  const recent = [...shard.state.escalations, memory.now.runtime].filter(
    (at) => after(at, escalationWindowMs) > memory.now.runtime,
  )
  memory.setState(shard, { escalations: recent })
  memory.open.whenDurable.push(() =>
    memory.out.push({
      kind: recent.length > escalationsMax ? 'end-node' : 'forget',
      cause: `escalated by ${cause}`,
    }),
  )
}
