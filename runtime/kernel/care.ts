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
import { after } from '#actor'
import type { Waiting } from './mailbox.ts'
import { deadLetter, schedule } from './mailboxes.ts'
import type { Memory } from './memory.ts'
import type { Care, Shard } from './shard.ts'

/** Puts the next message of a careful shard on trial, if none is. Its turn runs once the trial row is durable. */
export function nextTrial(memory: Memory, shard: Shard): void {
  const { care } = shard
  if (care === undefined || care.trial !== undefined) return
  if (care.inherited.size === 0 && memory.now.runtime >= care.until) {
    endCare(memory, shard, care)
    return
  }
  for (;;) {
    const activation = care.queue.shift()
    if (activation === undefined) return
    activation.queued = false
    const waiting = activation.mailbox.first
    if (waiting === undefined) continue
    if (activation.notBefore > memory.now.runtime || activation.status === 'stopped') {
      care.inherited.delete(waiting)
      continue
    }
    care.trial = waiting
    waiting.trial = 'asked'
    memory.writeRow(shard, waiting)
    memory.open.whenDurable.push(() => {
      waiting.trial = 'granted'
      schedule(memory, activation)
    })
    return
  }
}

export function leaveTrial(memory: Memory, shard: Shard, waiting: Waiting): void {
  const { care } = shard
  if (care === undefined) return
  if (waiting.handled) care.inherited.delete(waiting)
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
export function poison(memory: Memory, shard: Shard, waiting: Waiting): void {
  deadLetter(memory, shard, waiting, 'poison', `its turn ended ${waiting.deaths} nodes`)
  const recent = [...shard.state.poisons, memory.now.runtime].filter(
    (at) => after(at, memory.bounds.poisonWindowMs) > memory.now.runtime,
  )
  const quarantined = recent.length >= 2
  memory.setState(shard, { poisons: recent, quarantined })
  if (quarantined && memory.observer.watched)
    memory.observer.event({ kind: 'quarantined', shard: shard.id, at: memory.now.world })
}
