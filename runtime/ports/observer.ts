/**
 * What happened, for people and their tools. Never read back by the runtime.
 *
 * Counters are always exact and cost a few nanoseconds; details are built only while someone watches.
 */
import type { ActorId, Directive, Instant } from '#actor'
import type { Envelope } from './envelope.ts'
import type { Epoch, MessageId, NodeId, ScopeId, ShardId } from './ids.ts'
import type { DeadReason } from './rows.ts'

/** How a message came: told, asked, or answered by an actor; from a timer; as what a call has found; or from outside. */
export const vias = ['tell', 'ask', 'reply', 'timer', 'call', 'request'] as const
export type Via = (typeof vias)[number]

export const viaOf = ({ row, answers, ask, request }: Envelope): Via => {
  if (row !== undefined) return row.kind === 'call' ? 'call' : 'timer'
  if (answers !== undefined) return 'reply'
  if (request !== undefined) return 'request'
  return ask === undefined ? 'tell' : 'ask'
}

/** A group that left the decision to the one outside it: its decider said so, its restarts were used up, or the actor cannot begin anew. */
export interface PassedOn {
  readonly group: string
  readonly because: 'decider' | 'budget' | 'birth'
}

/** So many restarts of a group in one shard count now against what the group allows. */
export interface UsedBudget {
  readonly group: string
  readonly shard: ShardId
  readonly restarts: number
}

export type InspectionEvent =
  | {
      readonly kind: 'turn'
      readonly actor: ActorId
      readonly id: MessageId
      readonly message: string
      readonly via: Via
      readonly from?: ActorId
      readonly cause?: MessageId
      readonly state: unknown
      readonly changed: boolean
      readonly at: Instant
    }
  | {
      readonly kind: 'failure'
      readonly actor: ActorId
      readonly id: MessageId
      readonly message: string
      readonly error: string
      readonly directive: Directive
      /** The group that decided. Absent: nobody was asked, since its snapshot cannot be loaded. */
      readonly group?: string
      /** Those that were asked before it, the innermost first. With `escalate` the root, too, has passed it on. */
      readonly passed?: readonly PassedOn[]
      readonly attempt: number
      readonly at: Instant
    }
  /** Because another actor of its group failed. */
  | {
      readonly kind: 'restarted'
      readonly actor: ActorId
      readonly cause: ActorId
      readonly group: string
      readonly at: Instant
    }
  | {
      /** `dead-letter-dropped`: one that made room for a newer one, and is nowhere any more. */
      readonly kind: 'dead-letter' | 'dead-letter-dropped'
      readonly actor: ActorId
      readonly id: MessageId
      readonly message: string
      readonly reason: DeadReason
      readonly at: Instant
    }
  | {
      readonly kind: 'acquired'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly clean: boolean
      readonly actors: number
      readonly at: Instant
    }
  | { readonly kind: 'released'; readonly shard: ShardId; readonly heir?: NodeId; readonly at: Instant }
  | { readonly kind: 'forgot'; readonly scope: ScopeId; readonly cause: string; readonly at: Instant }
  /** The shard is left to a node of a newer build; `error` says which. */
  | { readonly kind: 'refused'; readonly shard: ShardId; readonly error: string; readonly at: Instant }
  | { readonly kind: 'quarantined'; readonly shard: ShardId; readonly at: Instant }
  | { readonly kind: 'members'; readonly up: readonly NodeId[]; readonly at: Instant }

/** Names of the counters; each grows for the life of a process. */
export const counterNames = [
  'turns',
  'turnsFailed',
  'messagesLocal',
  'messagesSent',
  'messagesReceived',
  'duplicates',
  'resent',
  'batches',
  'batchTurns',
  'writes',
  'requests',
  'requestsRefused',
  'queries',
  'timersFired',
  'callsStarted',
  'deadLetters',
  'deadLettersDropped',
  'restarts',
  'activations',
  'passivations',
  'unhandled',
  'framesDropped',
  'appendsRefused',
  'batchesTrimmed',
  'archivesFailed',
  'tombstonesForgotten',
] as const

export type CounterName = (typeof counterNames)[number]

/**
 * What became of a message, or of one try of it.
 *
 * - `handled`: its turn is done
 * - `refused`: its actor takes no such thing, or not now; `detail` says why
 * - `retried`: its turn failed, and is tried again after a while
 * - `failed`: its turn failed, and it waits: for who starts the actor again, or for the shard to be loaded again
 * - `dead-letter`: it will not be handled unless a person says so
 * - `void`: it stood for something that nobody waits for any more
 */
export const messageOutcomes = ['handled', 'refused', 'retried', 'failed', 'dead-letter', 'void'] as const
export type MessageOutcome = (typeof messageOutcomes)[number]

export interface SeenMessage {
  readonly envelope: Envelope
  readonly outcome: MessageOutcome
  /** Why, when it was not handled. */
  readonly detail?: string
  /** World time of the turn, as its journal has it. */
  readonly at: Instant
  /** Turns of it so far, with this one; 0: it had none. */
  readonly attempt: number
  /** Microseconds of the runtime clock since this node put it into the mailbox; of one that was only on the disk, since it was read. */
  readonly waitedUs: number
  /** Of the journal record that a handled one has. */
  readonly sequence?: number
  /** What `begin` gave. */
  readonly begun: number
}

/** Told of messages one by one, of every one that it wants. */
export interface MessageWatcher {
  /** Just before the turn. Undefined: nobody wants to know what becomes of it. What it gives is kept for `ended`, and not read. */
  begin(envelope: Envelope): number | undefined
  ended(seen: SeenMessage): void
}

export interface Observer {
  /** Adds to a counter. */
  count(name: CounterName, by?: number): void
  /** A latency in milliseconds: `commit` from close to durable, `request` from arrival to response, `recovery` from grant to handled. */
  time(name: 'commit' | 'request' | 'recovery', ms: number): void
  /** Whether anybody wants events. `if (observer.watched) observer.event({...})`. */
  readonly watched: boolean
  event(event: InspectionEvent): void
  /** There only while somebody taps messages. */
  readonly messages?: MessageWatcher | undefined
}

/** Sees nothing. */
export const blindObserver: Observer = { count: () => {}, time: () => {}, watched: false, event: () => {} }
