/**
 * One incarnation's memory, and the batch that is open: what all parts of a kernel share.
 *
 * The rules are functions over it, a file per concern: turns, failures, mailboxes, care, channels, requests, calls,
 * tenure, due, commits. `kernel.ts` says which input goes to which.
 *
 * Owns:     the state, and the few verbs that change memory and batch together.
 * Does not: decide anything.
 *
 * Invariants:
 *   K1. Memory and batch change together: every change of a shard's picture is a write of the open batch.
 */
import type { ActorId, Instant, Message, Now } from '#actor'
import type {
  CallRow,
  Envelope,
  Key,
  MessageId,
  NodeId,
  Observer,
  Ordinal,
  Outcome,
  Position,
  RequestOrigin,
  RowOrigin,
  ScopeId,
  ShardId,
  TimerRow,
} from '#ports'
import { childTrace } from '#ports'
import { OpenBatch } from './batch.ts'
import type { Bounds } from './bounds.ts'
import type { Waiting } from './mailbox.ts'
import type { OutChannel } from './out-channel.ts'
import type { Output } from './output.ts'
import { Queue } from './queue.ts'
import type { Registry } from './registry.ts'
import { type Activation, deleteRow, rowOf, type Shard, setRow } from './shard.ts'
import { RestartCounts } from './supervisor.ts'
import { TimerHeap } from './timer-heap.ts'

/** Rules that can be broken on purpose, one at a time, to show that the checks would notice. Tests only. */
export type Mutant =
  | 'release-before-durable'
  | 'local-overtakes-outbox'
  | 'local-while-draining'
  | 'sequence-from-rows'
  | 'accept-any-sequence'
  | 'mark-apart'
  | 'acknowledge-accepted'
  | 'forget-unhandled'
  | 'undo-earlier-turns'
  | 'unload-early'
  | 'trust-failed-write'
  | 'stale-load'
  | 'turn-while-draining'
  | 'read-unwritten'
  | 'any-answer'
  | 'any-generation'
  | 'timer-outlives-turn'
  | 'trust-own-clock'

export interface KernelOptions {
  readonly registry: Registry
  readonly bounds: Bounds
  readonly node: NodeId
  readonly scope: ScopeId
  readonly observer: Observer
  /** For jitter. */
  readonly seed: number
  /** A batch of this process was unstorable: what a turn makes is looked at before it is kept. */
  readonly wary?: boolean
  readonly broken?: Mutant
}

/** Something that is due, on one of the clocks. */
export type Due =
  | {
      readonly kind: 'timer'
      readonly shard: Shard
      readonly ordinal: Ordinal
      readonly id: string
      readonly generation: number
    }
  | {
      readonly kind: 'ask'
      readonly shard: Shard
      readonly ordinal: Ordinal
      readonly id: string
      readonly deadline: Instant
    }
  | {
      readonly kind: 'call-deadline'
      readonly shard: Shard
      readonly ordinal: Ordinal
      readonly id: string
      readonly deadline: Instant
    }
  | {
      readonly kind: 'call-retry'
      readonly shard: Shard
      readonly ordinal: Ordinal
      readonly id: string
      readonly row: CallRow
      readonly attempt: number
    }
  | { readonly kind: 'backoff'; readonly activation: Activation }
  | { readonly kind: 'care'; readonly shard: Shard }
  | { readonly kind: 'resend'; readonly shard: Shard; readonly channel: OutChannel }
  | { readonly kind: 'remembered'; readonly shard: Shard }
  | { readonly kind: 'retention'; readonly shard: Shard }
  | { readonly kind: 'tombstones'; readonly shard: Shard }
  | { readonly kind: 'dead-letters'; readonly shard: Shard }
  | { readonly kind: 'tidy' }
  | { readonly kind: 'sweep'; readonly at: Instant }

/** Something submitted: a batch, or a proof of ownership for outputs that write nothing. */
export interface InFlight {
  readonly kind: 'append' | 'verify'
  readonly batch: OpenBatch
  answered: boolean
}

export class Memory {
  readonly registry: Registry
  readonly bounds: Bounds
  readonly node: NodeId
  readonly scope: ScopeId
  readonly observer: Observer
  readonly seed: number
  readonly wary: boolean
  readonly broken: Mutant | undefined

  readonly shards = new Map<ShardId, Shard>()
  /** Actors with a message to handle: those whose first message came from outside, and the others. */
  readonly atTheDoor = new Queue<Activation>()
  readonly runnable = new Queue<Activation>()
  readonly due = { world: new TimerHeap<Due>(), runtime: new TimerHeap<Due>() }
  readonly wakeAt: { world: Instant | undefined; runtime: Instant | undefined } = {
    world: undefined,
    runtime: undefined,
  }
  readonly restarts = new RestartCounts()
  open: OpenBatch
  readonly inFlight: InFlight[] = []
  /** Outbox rows that were acknowledged: they go with the next batch (H4). */
  acknowledged: Key[] = []
  /** There is a time set by which they go in any case. */
  tidying = false
  /** Accepted since the last batch closed: rows of the open batch unless handled by then. */
  fresh: (readonly [Shard, Waiting])[] = []
  /** Position of the last durable batch. */
  durable = 0 as Position
  /** Messages made here so far. */
  messages = 0
  now: Now = { world: 0 as Instant, runtime: 0 as Instant }
  /** What this step has to say. */
  out: Output[] = []
  /** When idle actors are looked for next, and how many came since they were last. */
  sweepAt: Instant | undefined
  arrived = 0
  /** Actors being loaded. */
  loading = 0
  /** Scopes that no shard named and of which nothing was left, at the last look: since when it is seen. */
  unused: ReadonlyMap<ScopeId, Instant> = new Map()
  /** The open batch was held back once for what is being loaded. */
  postponed = false

  constructor(options: KernelOptions) {
    this.registry = options.registry
    this.bounds = options.bounds
    this.node = options.node
    this.scope = options.scope
    this.observer = options.observer
    this.seed = options.seed
    this.wary = options.wary ?? false
    this.broken = options.broken
    this.open = new OpenBatch(options.scope, 1 as Position)
  }

  /** The actor's snapshot is written when the batch closes. */
  changed(activation: Activation): void {
    if (activation.changedAt === this.open.position) return
    activation.changedAt = this.open.position
    this.open.changed.push(activation)
  }

  setState(shard: Shard, change: Partial<Shard['state']>): void {
    shard.state = { ...shard.state, ...change }
    this.open.put('meta', ['shard', shard.id], shard.state)
  }

  setTimer(shard: Shard, ordinal: Ordinal, id: string, row: TimerRow): void {
    const { clock, at, generation } = row
    const before = setRow(shard.timers, ordinal, id, row)
    this.open.put('timers', [shard.id, ordinal, id], row)
    if (before !== undefined) this.due[before.clock].dropped(this.#counts)
    this.due[clock].add(at, { kind: 'timer', shard, ordinal, id, generation })
  }

  removeRow(table: 'asks' | 'timers' | 'calls', shard: Shard, ordinal: Ordinal, id: string): void {
    const row = deleteRow<object>(shard[table], ordinal, id)
    if (row === undefined) return
    this.open.remove(table, [shard.id, ordinal, id])
    this.due[table === 'timers' ? (row as TimerRow).clock : 'runtime'].dropped(this.#counts)
  }

  /** Whether the row is there that an entry stands for. */
  readonly #counts = (due: Due): boolean => {
    switch (due.kind) {
      case 'timer':
        return rowOf(due.shard.timers, due.ordinal, due.id)?.generation === due.generation
      case 'ask':
        return rowOf(due.shard.asks, due.ordinal, due.id)?.deadline === due.deadline
      case 'call-deadline':
      case 'call-retry':
        return rowOf(due.shard.calls, due.ordinal, due.id) !== undefined
      default:
        return true
    }
  }

  /** Idle actors are looked for then, or earlier. */
  sweepBy(at: Instant): void {
    if (this.sweepAt !== undefined && this.sweepAt <= at) return
    this.sweepAt = at
    this.due.runtime.add(at, { kind: 'sweep', at })
  }

  /** Answers once the open batch, or a proof of ownership, is durable. */
  hold(request: RequestOrigin, outcome: Outcome): void {
    this.open.held.push({ kind: 'respond', to: request.node, response: { id: request.id, outcome } })
  }

  /** World time here: never earlier than a turn of this shard, on whichever node that was. */
  worldNow(shard: Shard): Instant {
    if (this.broken === 'trust-own-clock') return this.now.world
    return this.now.world > shard.now ? this.now.world : shard.now
  }

  /** Whether this very tenure of the shard goes on. */
  isOurs(shard: Shard): boolean {
    return this.shards.get(shard.id) === shard
  }

  writeRow(shard: Shard, waiting: Waiting): void {
    waiting.rowed = true
    this.open.put('mailbox', [shard.id, waiting.n], {
      envelope: waiting.envelope,
      attempts: waiting.attempts,
      notBefore: waiting.notBefore,
      ...(waiting.replays === 0 ? {} : { replays: waiting.replays }),
      ...(waiting.deaths === 0 ? {} : { deaths: waiting.deaths }),
      ...(waiting.trial === 'asked' ? { onTrial: true } : {}),
    })
  }

  /** A message of this incarnation's, in the trace of what caused it. */
  envelope(to: ActorId, message: Message, from?: ActorId, cause?: Envelope): Envelope {
    const id = this.#nextMessage()
    if (from === undefined || cause === undefined) return { id, to, message }
    if (cause.trace === undefined) return { id, to, message, from, cause: cause.id }
    return { id, to, message, from, cause: cause.id, trace: childTrace(cause.trace, id) }
  }

  /** A message that stands for a row. */
  standIn(to: ActorId, message: Message, row: RowOrigin): Envelope {
    return { id: this.#nextMessage(), to, message, row }
  }

  #nextMessage(): MessageId {
    this.messages += 1
    return `${this.scope}:${this.messages}` as MessageId
  }
}

export function newWaiting(n: number, envelope: Envelope, since: Instant): Waiting {
  return {
    n,
    envelope,
    attempts: 0,
    replays: 0,
    notBefore: 0 as Instant,
    deaths: 0,
    rowed: false,
    handled: false,
    since,
    begun: undefined,
    trial: 'none',
  }
}
