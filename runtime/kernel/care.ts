/**
 * Care with messages that may kill the process.
 *
 * After an end that nobody asked for, a shard runs one turn at a time, and each message is on trial: a row says so
 * on disk before its turn, and goes with it. Only what was on trial at a death is suspect; owning a shard at a death
 * counts for nothing.
 *
 * Owns:     the trial, the end of care, and what two deaths mean for a message and its shard.
 * Does not: know why a process ended.
 */
import type { ActorId } from '#actor'
import { after } from '#actor'
import type { Outcome } from '#ports'
import type { Waiting } from './mailbox.ts'
import { bury, schedule } from './mailboxes.ts'
import type { Memory } from './memory.ts'
import type { Activation, Care, Shard } from './shard.ts'

/** Deaths of a node in a message's turn that make it a dead letter. */
export const deathsMax = 2

/** Puts the next message of a careful shard on trial, if none is. Its turn runs once the trial row is durable. */
export function nextTrial(memory: Memory, shard: Shard): void {
  const { care } = shard
  // In quarantine nothing runs, and what does not run is not suspect.
  if (care === undefined || care.trial !== undefined || shard.state.quarantined) return
  if (care.inherited.size === 0 && memory.now.runtime >= care.until) {
    endCare(memory, shard, care)
    return
  }
  for (;;) {
    const activation = care.queue.shift()
    if (activation === undefined) return
    activation.queued = false
    const waiting = activation.mailbox.first
    if (waiting === undefined || activation.status === 'stopped') continue
    care.trial = waiting
    if (waiting.deaths >= deathsMax) {
      // Its turn does not run: it is buried.
      waiting.trial = 'granted'
      schedule(memory, activation)
      return
    }
    waiting.trial = 'asked'
    memory.writeRow(shard, waiting)
    memory.open.whenDurable.push(() => {
      if (!memory.isOurs(shard) || shard.draining) return
      waiting.trial = 'granted'
      if (activation.status === 'stopped') withdraw(memory, activation, waiting)
      else schedule(memory, activation)
    })
    return
  }
}

/** A stopped actor does not run: what waits for it keeps nobody else waiting. */
export function excuse(memory: Memory, activation: Activation): void {
  const { shard } = activation
  if (shard.care === undefined || activation.status !== 'stopped') return
  for (const n of activation.mailbox.numbers()) shard.care.inherited.delete(n)
  nextTrial(memory, shard)
}

/** The message on trial does not run after all. */
export function withdraw(memory: Memory, activation: Activation, waiting: Waiting): void {
  const { shard } = activation
  waiting.trial = 'none'
  memory.writeRow(shard, waiting)
  excuse(memory, activation)
  leaveTrial(memory, shard, waiting)
}

export function leaveTrial(memory: Memory, shard: Shard, waiting: Waiting): void {
  const { care } = shard
  if (care === undefined) return
  if (waiting.handled) care.inherited.delete(waiting.n)
  if (care.trial === waiting) care.trial = undefined
  nextTrial(memory, shard)
}

function endCare(memory: Memory, shard: Shard, care: Care): void {
  shard.care = undefined
  memory.observer.time('recovery', (memory.now.runtime - shard.grantedAt) / 1_000)
  for (const activation of care.queue) {
    activation.queued = false
    schedule(memory, activation)
  }
}

/** Two nodes died in this message's turn. Two such messages, and the shard waits for a person. */
export function poison(memory: Memory, activation: Activation, waiting: Waiting): void {
  const { shard } = activation
  const recent = [...shard.state.poisons, memory.now.runtime].filter(
    (at) => after(at, memory.bounds.poisonWindowMs) > memory.now.runtime,
  )
  const quarantined = recent.length >= 2
  memory.setState(shard, { poisons: recent, quarantined })
  if (quarantined && memory.observer.watched)
    memory.observer.event({ kind: 'quarantined', shard: shard.id, at: memory.now.world })
  bury(memory, activation, waiting, 'poison', `its turn ended ${waiting.deaths} nodes`)
}

/** A person has seen to what ended nodes: the others may run again. */
export function endQuarantine(memory: Memory, shard: Shard): void {
  memory.setState(shard, { quarantined: false })
  for (const activation of shard.activations.values()) schedule(memory, activation)
  nextTrial(memory, shard)
}

/** What became of a request under this key, if its turn ended nodes. It is not run again. */
export function poisonedBefore(shard: Shard, actor: ActorId, key: string): Outcome | undefined {
  if (shard.state.poisons.length === 0) return undefined
  for (const { envelope, dead } of shard.deadLetters.values()) {
    if (dead?.reason === 'poison' && envelope.to === actor && envelope.request?.key === key)
      return { kind: 'failed', error: dead.detail }
  }
  return undefined
}
