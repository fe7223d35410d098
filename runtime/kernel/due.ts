/**
 * What is due on either clock.
 *
 * Owns:     what each kind of entry does when its time has come, and when to be woken.
 * Does not: read a clock. Whether an entry still counts is decided by the row that it stands for.
 */
import type { Message } from '#actor'
import { startCall } from './calls.ts'
import { nextTrial } from './care.ts'
import { armResend, pump, tidy } from './channels.ts'
import { dropDeadLetters, lookAtDeadLetters, offer, schedule } from './mailboxes.ts'
import type { Due, Memory } from './memory.ts'
import { readRemembered } from './remembered.ts'
import { readExpired, readTombstones } from './retention.ts'
import { rowOf } from './shard.ts'
import { sweep } from './tenure.ts'

export function wake(memory: Memory): void {
  memory.wakeAt.world = undefined
  memory.wakeAt.runtime = undefined
  for (;;) {
    const due = memory.due.world.takeDue(memory.now.world) ?? memory.due.runtime.takeDue(memory.now.runtime)
    if (due === undefined) return
    if (due.kind === 'tidy') {
      memory.tidying = false
      tidy(memory)
    } else if (due.kind === 'sweep') {
      if (due.at === memory.sweepAt) sweep(memory)
    } else if (due.kind === 'backoff') {
      if (memory.isOurs(due.activation.shard)) schedule(memory, due.activation)
    } else if (memory.isOurs(due.shard)) fire(memory, due)
  }
}

export function fire(memory: Memory, due: Exclude<Due, { kind: 'sweep' | 'tidy' | 'backoff' }>): void {
  const { shard } = due
  switch (due.kind) {
    case 'timer': {
      const row = rowOf(shard.timers, due.ordinal, due.id)
      if (row?.generation !== due.generation) return
      memory.observer.count('timersFired')
      const origin = { kind: 'timer', id: due.id, generation: due.generation } as const
      offer(memory, shard, memory.standIn(row.actor, row.message, origin))
      return
    }
    case 'ask': {
      const row = rowOf(shard.asks, due.ordinal, due.id)
      if (row?.deadline !== due.deadline) return
      const message: Message & { ask: string } = { type: 'ask.timeout', ask: due.id }
      const origin = { kind: 'ask', id: due.id, question: row.question } as const
      offer(memory, shard, memory.standIn(row.actor, message, origin))
      return
    }
    case 'call-deadline': {
      const pending = rowOf(shard.calls, due.ordinal, due.id)
      if (pending === undefined || pending.answered || pending.row.deadline !== due.deadline) return
      memory.out.push({ kind: 'cancel-call', shard: shard.id, ordinal: due.ordinal, id: due.id })
      pending.answered = true
      const message = {
        type: 'call.failed',
        call: due.id,
        reason: 'expired',
        detail: 'no answer before the deadline',
      }
      const origin = { kind: 'call', id: due.id, generation: pending.row.generation } as const
      offer(memory, shard, memory.standIn(pending.row.actor, message, origin))
      return
    }
    case 'call-retry': {
      const pending = rowOf(shard.calls, due.ordinal, due.id)
      if (pending?.row === due.row && pending.attempt === due.attempt)
        startCall(memory, shard, due.ordinal, due.id)
      return
    }
    case 'care':
      nextTrial(memory, shard)
      return
    case 'remembered':
      readRemembered(memory, shard)
      return
    case 'retention':
      readExpired(memory, shard)
      return
    case 'dead-letters':
      dropDeadLetters(memory, shard)
      lookAtDeadLetters(memory, shard)
      return
    case 'tombstones':
      readTombstones(memory, shard)
      return
    case 'resend': {
      const { channel } = due
      channel.resendAt = undefined
      if (!channel.unacknowledged) return
      if (channel.progressed) {
        armResend(memory, shard, channel)
        return
      }
      memory.observer.count('resent')
      memory.out.push({ kind: 'unanswered' })
      channel.rewind()
      pump(memory, shard, channel)
      return
    }
  }
}

export function askForWakes(memory: Memory): void {
  for (const clock of ['world', 'runtime'] as const) {
    const at = memory.due[clock].earliest
    if (at === undefined || at === memory.wakeAt[clock]) continue
    memory.wakeAt[clock] = at
    memory.out.push({ kind: 'wake-at', clock, at })
  }
}
