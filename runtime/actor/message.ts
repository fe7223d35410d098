/**
 * What actors say to each other.
 *
 * Owns:     the shape of a message, the system messages that the runtime itself sends, and what a machine
 *           sees of a message when it is delivered.
 * Does not: check contracts (`define-actor.ts` holds the schema, the kernel applies it) or carry delivery
 *           data: that is the envelope, in the ports.
 */
import type { ActorId } from './actor-ref.ts'
import type { Instant } from './time.ts'

/** Plain, readonly data with a `type`. It must survive JSON: no class, function, Date, Map, undefined in arrays. */
export interface Message {
  readonly type: string
}

/** The answer to an outbound `call` came, and is the only one that counts. */
export interface CallDone {
  readonly type: 'call.done'
  /** The id that the effect named. */
  readonly call: string
  readonly result: unknown
}

/** An outbound `call` has no good answer: refused by the handler, out of attempts, or past its deadline. */
export interface CallFailed {
  readonly type: 'call.failed'
  readonly call: string
  /** `refused`: a definitive no. `expired`: the outcome is **unknown**; ask the other party. */
  readonly reason: 'refused' | 'expired'
  readonly detail: string
}

/** An `ask` was not answered before its deadline on the runtime clock. A later answer is dropped. */
export interface AskTimeout {
  readonly type: 'ask.timeout'
  /** The id that the effect named. */
  readonly ask: string
}

/** A sibling failed, and the group's strategy restarts this actor with it. State and mailbox are kept. */
export interface Restarted {
  readonly type: 'restarted'
  /** The sibling that failed. */
  readonly cause: ActorId
}

/** Sent by the runtime; never part of an actor's own contract. A machine handles those that it cares for. */
export type SystemMessage = CallDone | CallFailed | AskTimeout | Restarted

export const systemMessageTypes: ReadonlySet<string> = new Set<SystemMessage['type']>([
  'call.done',
  'call.failed',
  'ask.timeout',
  'restarted',
])

/**
 * What a machine sees: the message, and when the turn runs, on the world clock. Use it as the machine's
 * `events` type. `from` is the sending actor when there is one.
 */
export type Delivered<M extends Message> = (M | SystemMessage) & {
  readonly at: Instant
  readonly from?: ActorId
}

/** The `input` of a machine: what an actor knows when it is born. */
export interface Birth {
  /** The actor's own id. */
  readonly id: ActorId
  /** The part of the id after the type. */
  readonly key: string
  readonly at: Instant
}
