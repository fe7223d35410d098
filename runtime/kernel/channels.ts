/**
 * Messages between shards: out through the outbox, in past the inbox mark.
 *
 * Owns:     when a message may go directly, what is sent, accepted, acknowledged and sent again.
 * Does not: know which node owns the other shard (cluster).
 *
 * Invariants:
 *   H1. A message is delivered locally only if the receiver's shard is ours, is not being handed over, and nothing
 *       of the same channel waits in the outbox.
 *   H2. Only `mark + 1` is taken; anything else is answered with the durable mark.
 *   H3. The mark that is acknowledged is durable, and was written together with what was accepted.
 *   H4. Nobody waits until the row of an acknowledged message is removed, and one that stays costs a duplicate. So
 *       removals make no batch of their own, unless nothing else is written for a while.
 */
import { after, draw } from '#actor'
import type { Envelope, ShardId, WireItem } from '#ports'
import { deadLetter, offer } from './mailboxes.ts'
import { type Memory, newWaiting } from './memory.ts'
import { OutChannel } from './out-channel.ts'
import type { Shard } from './shard.ts'

/** Rows of acknowledged messages stay at most so long while nothing else is written. */
const tidyMs = 2_000

/** Delivers at once what stays here and overtakes nothing; everything else goes through the outbox. */
export function post(memory: Memory, shard: Shard, envelope: Envelope): void {
  const to = memory.registry.shardOf(envelope.to)
  const here = memory.shards.get(to)
  let channel = shard.out.get(to)
  const behind = channel !== undefined && !channel.empty && memory.broken !== 'local-overtakes-outbox'
  if (here !== undefined && (!here.draining || memory.broken === 'local-while-draining') && !behind) {
    memory.observer.count('messagesLocal')
    offer(memory, here, envelope)
    return
  }
  if (channel === undefined) {
    channel = new OutChannel(shard.id, to, 0, [])
    shard.out.set(to, channel)
  }
  if (memory.broken === 'sequence-from-rows' && channel.empty) {
    channel = new OutChannel(shard.id, to, 0, [])
    shard.out.set(to, channel)
  }
  const sequence = channel.push(envelope)
  memory.open.putOnce('outbox', [shard.id, to, sequence], envelope)
  memory.open.sends.set(channel, sequence)
}

export function received(memory: Memory, item: Extract<WireItem, { kind: 'message' }>): void {
  const shard = memory.shards.get(item.to)
  if (shard === undefined || shard.draining) return
  let inbox = shard.inbox.get(item.from)
  if (inbox === undefined) {
    inbox = { from: item.from, mark: 0, durable: 0 }
    shard.inbox.set(item.from, inbox)
  }
  const next =
    memory.broken === 'accept-any-sequence' ? item.sequence > inbox.mark : item.sequence === inbox.mark + 1
  if (!next) {
    memory.observer.count('duplicates')
    const mark = memory.broken === 'acknowledge-accepted' ? inbox.mark : inbox.durable
    memory.out.push({
      kind: 'send',
      shard: item.from,
      item: { kind: 'mark', from: item.from, to: item.to, mark },
    })
    return
  }
  memory.observer.count('messagesReceived')
  inbox.mark = item.sequence
  memory.open.marks.set(inbox, [shard.id, item.sequence])
  if (memory.broken === 'mark-apart') {
    // The mark goes with this batch, the message with a later one.
    const { envelope } = item
    memory.open.whenDurable.push(() => memory.isOurs(shard) && offer(memory, shard, envelope))
    return
  }
  const problem = memory.registry.problemOf(item.envelope)
  if (problem === undefined) offer(memory, shard, item.envelope)
  else {
    const waiting = newWaiting(shard.nextRow, item.envelope, memory.now.runtime)
    shard.nextRow += 1
    deadLetter(memory, shard, waiting, 'invalid', problem)
  }
}

export function acknowledged(memory: Memory, item: Extract<WireItem, { kind: 'mark' }>): void {
  const shard = memory.shards.get(item.from)
  const channel = shard?.out.get(item.to)
  if (shard === undefined || channel === undefined) return
  for (const sequence of channel.acknowledge(item.mark))
    memory.acknowledged.push([shard.id, item.to, sequence])
  if (memory.acknowledged.length > 0 && !memory.tidying) {
    memory.tidying = true
    memory.due.runtime.add(after(memory.now.runtime, tidyMs), { kind: 'tidy' })
  }
  pump(memory, shard, channel)
}

/** Removes the rows of what was acknowledged, in the open batch. */
export function tidy(memory: Memory): void {
  for (const key of memory.acknowledged) memory.open.removeOnce('outbox', key)
  memory.acknowledged = []
}

export function pump(memory: Memory, shard: Shard, channel: OutChannel): void {
  for (const [sequence, envelope] of channel.take(memory.bounds.channelWindow)) {
    memory.observer.count('messagesSent')
    memory.out.push({
      kind: 'send',
      shard: channel.to,
      item: { kind: 'message', from: channel.from, to: channel.to, sequence, envelope },
    })
  }
  if (channel.unacknowledged && channel.resendAt === undefined) armResend(memory, shard, channel)
}

export function armResend(memory: Memory, shard: Shard, channel: OutChannel): void {
  const { resendMinMs, resendMaxMs } = memory.bounds
  channel.progressed = false
  const base = Math.min(resendMaxMs, resendMinMs * 2 ** Math.min(channel.resends, 16))
  channel.resendAt = after(
    memory.now.runtime,
    base * (1 + 0.2 * draw(memory.seed, channel.to, channel.resends)),
  )
  memory.due.runtime.add(channel.resendAt, { kind: 'resend', shard, channel })
}

/** The other shard has another owner, who may know nothing of what was sent. */
export function rerouted(memory: Memory, to: ShardId): void {
  for (const shard of memory.shards.values()) {
    const channel = shard.out.get(to)
    if (channel === undefined) continue
    channel.reroute()
    pump(memory, shard, channel)
  }
}
