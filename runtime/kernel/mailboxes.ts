/**
 * Messages on their way into an actor's mailbox, to its turn, and out again.
 *
 * Owns:     which activation may run next, and what becomes a dead letter.
 * Does not: run turns (`turns.ts`), or hold back what may kill the process (`care.ts`).
 *
 * Invariants:
 *   K4. A message in the mailbox when a batch closes is a row of that batch or of an earlier one, or stands for one;
 *       but for a request from outside, which is nobody's promise until it is handled.
 *   K5. At most one activation of an actor, and one turn at a time.
 */
import type { ActorId, Instant } from '#actor'
import { after, assert } from '#actor'
import type { DeadReason, Envelope, MailboxRow } from '#ports'
import { leaveTrial, nextTrial } from './care.ts'
import type { Waiting } from './mailbox.ts'
import { type Memory, newWaiting } from './memory.ts'
import { refuse } from './requests.ts'
import { Activation, type Shard } from './shard.ts'
import { consume } from './turns.ts'
import { begin, witnessed } from './witnessed.ts'

/** Takes a message into its actor's mailbox. What it came with (mark, cause) is in the same batch. */
export function offer(memory: Memory, shard: Shard, envelope: Envelope, replays = 0): void {
  const activation = activate(memory, shard, envelope.to)
  const waiting = newWaiting(shard.nextRow, envelope, memory.now.runtime)
  shard.nextRow += 1
  waiting.replays = replays
  // A timer, a result or a timeout stands for a row that is stored already: there is no message to bury.
  if (envelope.row === undefined && activation.depth >= memory.bounds.mailboxDepthMax) {
    deadLetter(
      memory,
      shard,
      waiting,
      'mailbox-limit',
      `more than ${memory.bounds.mailboxDepthMax} messages wait`,
    )
    return
  }
  shard.waiting += 1
  if (activation.mailbox.offer(waiting, memory.bounds.mailboxWindow) === 'named')
    memory.writeRow(shard, waiting)
  else if (envelope.row === undefined) memory.fresh.push([shard, waiting])
  schedule(memory, activation)
}

export function activate(memory: Memory, shard: Shard, id: ActorId): Activation {
  let activation = shard.activations.get(id)
  if (activation === undefined) {
    activation = new Activation(id, memory.registry.typeOf(id), shard)
    shard.activations.set(id, activation)
    memory.observer.count('activations')
    memory.arrived += 1
    if (memory.arrived > memory.bounds.activationsMax / 4) memory.sweepBy(memory.now.runtime)
    memory.loading += 1
    memory.out.push({ kind: 'load', shard: shard.id, epoch: shard.epoch, actor: id })
  }
  activation.usedAt = memory.now.runtime
  return activation
}

export function schedule(memory: Memory, activation: Activation): void {
  const { shard, status } = activation
  if (activation.queued || activation.depth === 0 || status === 'loading' || status === 'stopped') return
  const waiting = activation.mailbox.first
  if (waiting === undefined) {
    readBehindWindow(memory, activation)
    return
  }
  if (shard.draining || shard.state.quarantined || activation.notBefore > memory.now.runtime) return
  if (shard.care !== undefined && waiting.trial !== 'granted') {
    if (waiting.trial === 'asked') return
    activation.queued = true
    shard.care.queue.push(activation)
    nextTrial(memory, shard)
    return
  }
  activation.queued = true
  if (waiting.envelope.request === undefined) memory.runnable.add(activation)
  else memory.atTheDoor.add(activation)
}

/** Has the next messages read, once their rows are there to be read: some may be in the open batch. */
function readBehindWindow(memory: Memory, activation: Activation): void {
  const { mailbox, shard, id } = activation
  if (mailbox.reading) return
  mailbox.reading = true
  const numbers = mailbox.missing(memory.bounds.mailboxWindow)
  const read = (): void => {
    if (memory.isOurs(shard))
      memory.out.push({ kind: 'read-mailbox', shard: shard.id, epoch: shard.epoch, actor: id, numbers })
  }
  if (memory.broken === 'read-unwritten') read()
  else memory.open.whenDurable.push(read)
}

/** A message is done with: it leaves the mailbox, and its row goes. */
export function handled(memory: Memory, activation: Activation, waiting: Waiting): void {
  const { shard } = activation
  assert(activation.mailbox.first === waiting, 'M1')
  activation.mailbox.takeFirst()
  waiting.handled = true
  shard.waiting -= 1
  if (waiting.rowed) memory.open.remove('mailbox', [shard.id, waiting.n])
  leaveTrial(memory, shard, waiting)
}

/** Makes a message that waits first, or never will, a dead letter. */
export function bury(
  memory: Memory,
  activation: Activation,
  waiting: Waiting,
  reason: DeadReason,
  detail: string,
): void {
  const { shard } = activation
  consume(memory, activation, waiting.envelope)
  if (waiting.envelope.request !== undefined) {
    refuse(memory, activation, waiting.envelope, { kind: 'failed', error: detail })
  }
  handled(memory, activation, waiting)
  deadLetter(memory, shard, waiting, reason, detail)
}

export function deadLetter(
  memory: Memory,
  shard: Shard,
  waiting: Waiting,
  reason: DeadReason,
  detail: string,
): void {
  const { envelope } = waiting
  const row: MailboxRow = {
    envelope,
    attempts: waiting.attempts,
    notBefore: 0 as Instant,
    dead: { reason, detail, at: memory.now.world, replays: waiting.replays },
    buriedAt: memory.now.runtime,
  }
  shard.deadLetters.set(waiting.n, row)
  memory.open.put('mailbox', [shard.id, waiting.n], row)
  memory.observer.count('deadLetters')
  tell(memory, 'dead-letter', row)
  if (waiting.begun === undefined) begin(memory, waiting)
  witnessed(memory, waiting, 'dead-letter', {
    at: memory.worldNow(shard),
    attempt: waiting.attempts,
    detail: `${reason}: ${detail}`,
  })
  dropDeadLetters(memory, shard)
  if (shard.deadLetters.size === 1) lookAtDeadLetters(memory, shard)
}

/** When the oldest has been kept long enough. */
export function lookAtDeadLetters(memory: Memory, shard: Shard): void {
  const [oldest] = shard.deadLetters.values()
  if (oldest === undefined) return
  const { deadLettersKeptMs, passivationSweepMs } = memory.bounds
  const at = Math.max(
    after(oldest.buriedAt ?? memory.now.runtime, deadLettersKeptMs),
    after(memory.now.runtime, passivationSweepMs),
  )
  memory.due.runtime.add(at as Instant, { kind: 'dead-letters', shard })
}

/** Those that are too many, or were kept long enough: the oldest first. */
export function dropDeadLetters(memory: Memory, shard: Shard): void {
  const { deadLettersMax, deadLettersKeptMs } = memory.bounds
  for (const [oldest, dropped] of shard.deadLetters) {
    const isKept = after(dropped.buriedAt ?? memory.now.runtime, deadLettersKeptMs) > memory.now.runtime
    if (isKept && shard.deadLetters.size <= deadLettersMax) break
    shard.deadLetters.delete(oldest)
    memory.open.remove('mailbox', [shard.id, oldest])
    memory.observer.count('deadLettersDropped')
    tell(memory, 'dead-letter-dropped', dropped)
  }
}

function tell(memory: Memory, kind: 'dead-letter' | 'dead-letter-dropped', row: MailboxRow): void {
  const { envelope, dead } = row
  if (!memory.observer.watched || dead === undefined) return
  memory.observer.event({
    kind,
    actor: envelope.to,
    id: envelope.id,
    message: envelope.message.type,
    reason: dead.reason,
    at: memory.now.world,
  })
}
