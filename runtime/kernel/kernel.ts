/**
 * What one node does with messages: a synchronous, deterministic step function.
 *
 * A kernel is one incarnation's memory. It is never repaired: when its scope is lost, or a write failed,
 * the host drops it whole and makes another, which loads what is durable.
 *
 * Owns:     turns, and everything that they read and write: mailboxes, channels, timers, asks, calls,
 *           requests, supervision; what a batch holds; when what it caused may leave the process.
 * Does not: know which node owns what (cluster), do I/O or read a clock (host), or know XState (machine.ts).
 *
 * Invariants:
 *   K1. Picture and batch change together: every change of a shard's memory is a write of the open batch.
 *   K2. Nothing leaves before what it depends on is durable (batch.ts, B2).
 *   K3. A failed turn leaves no trace but its attempt: the effects of a turn are applied after it succeeded.
 *   K4. A message in the mailbox when a batch closes is a row of that batch or of an earlier one, or stands for one.
 *   K5. At most one activation of an actor, and one turn at a time.
 */
import type { ActorId, Delivered, Effect, Instant, Message, Now } from '#actor'
import { after, assert, backoffMs, draw, hash32, keyOf } from '#actor'
import type {
  AppendOutcome,
  DeadReason,
  Envelope,
  MailboxRow,
  MessageId,
  NodeId,
  Observer,
  Ordinal,
  Outcome,
  Position,
  Request,
  ScopeId,
  ShardId,
  SnapshotRow,
  WireItem,
} from '#ports'
import { OpenBatch } from './batch.ts'
import type { Bounds } from './bounds.ts'
import type { Input } from './input.ts'
import type { Transition } from './machine.ts'
import type { Waiting } from './mailbox.ts'
import { OutChannel } from './out-channel.ts'
import type { Output } from './output.ts'
import type { ActorType, Registry } from './registry.ts'
import { Activation, type Care, deleteRow, rowOf, Shard, setRow } from './shard.ts'
import { RestartCounts, restartsWith } from './supervisor.ts'
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

export interface KernelOptions {
  readonly registry: Registry
  readonly bounds: Bounds
  readonly node: NodeId
  readonly scope: ScopeId
  readonly observer: Observer
  /** For jitter. */
  readonly seed: number
  readonly broken?: Mutant
}

type Due =
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
      readonly attempt: number
    }
  | { readonly kind: 'backoff'; readonly activation: Activation }
  | { readonly kind: 'care'; readonly shard: Shard }
  | { readonly kind: 'resend'; readonly shard: Shard; readonly channel: OutChannel }
  | { readonly kind: 'sweep' }

/** Something submitted: a batch, or a proof of ownership for outputs that write nothing. */
interface InFlight {
  readonly kind: 'append' | 'verify'
  readonly batch: OpenBatch
  answered: boolean
}

const deadLetterReplaysMax = 3

export class Kernel {
  readonly #registry: Registry
  readonly #bounds: Bounds
  readonly #node: NodeId
  readonly #scope: ScopeId
  readonly #observer: Observer
  readonly #seed: number
  readonly #broken: Mutant | undefined

  readonly #shards = new Map<ShardId, Shard>()
  /** Actors with a message to handle: those whose first message came from outside, and the others. */
  readonly #atTheDoor = new Queue<Activation>()
  readonly #runnable = new Queue<Activation>()
  readonly #due = { world: new TimerHeap<Due>(), runtime: new TimerHeap<Due>() }
  readonly #wakeAt: { world: Instant | undefined; runtime: Instant | undefined } = {
    world: undefined,
    runtime: undefined,
  }
  readonly #restarts = new RestartCounts()
  #open: OpenBatch
  readonly #inFlight: InFlight[] = []
  /** Accepted since the last batch closed: rows of the open batch unless handled by then. */
  #fresh: (readonly [Shard, Waiting])[] = []
  #durable = 0 as Position
  #messages = 0
  #now: Now = { world: 0 as Instant, runtime: 0 as Instant }
  #out: Output[] = []
  #sweeping = false
  /** Actors being loaded. */
  #loading = 0
  #postponed = false

  constructor(options: KernelOptions) {
    this.#registry = options.registry
    this.#bounds = options.bounds
    this.#node = options.node
    this.#scope = options.scope
    this.#observer = options.observer
    this.#seed = options.seed
    this.#broken = options.broken
    this.#open = new OpenBatch(options.scope, 1 as Position)
  }

  /** The shards that are ours, for the host and for people. */
  get shards(): ReadonlyMap<ShardId, Shard> {
    return this.#shards
  }

  /** Whether anything is submitted, held or waiting to run. */
  get idle(): boolean {
    return this.#inFlight.length === 0 && this.#open.empty && this.#runnable.empty && this.#atTheDoor.empty
  }

  step(input: Input, now: Now): readonly Output[] {
    this.#now = now
    this.#out = []
    switch (input.kind) {
      case 'granted':
        this.#granted(input)
        break
      case 'release':
        this.#release(input.shard, input.heir)
        break
      case 'loaded':
        this.#loaded(input)
        break
      case 'received':
        if (input.item.kind === 'message') this.#received(input.item)
        else this.#acknowledged(input.item)
        break
      case 'request':
        this.#requested(input.request)
        break
      case 'appended':
        this.#appended(input.outcome)
        break
      case 'verified':
        this.#answered('verify')
        break
      case 'called':
        this.#called(input)
        break
      case 'wake':
        this.#wake()
        break
      case 'routed':
        for (const shard of this.#shards.values()) {
          const channel = shard.out.get(input.shard)
          if (channel === undefined) continue
          channel.reroute()
          this.#pump(shard, channel)
        }
        break
      case 'flush':
        this.#flush()
        break
    }
    return this.#out
  }

  // ── turns ──────────────────────────────────────────────────────────────────────────────────────────────

  #flush(): void {
    for (;;) {
      while (this.#open.turns < this.#bounds.batchTurnsMax) {
        const activation = this.#atTheDoor.take() ?? this.#runnable.take()
        if (activation === undefined) break
        activation.queued = false
        if (this.#isOurs(activation.shard)) this.#turn(activation)
      }
      const full = this.#open.turns >= this.#bounds.batchTurnsMax
      if (!this.#closeIfPossible() || !full) break
    }
    this.#askForWakes()
  }

  #turn(activation: Activation): void {
    const { shard } = activation
    const waiting = activation.mailbox.first
    if (waiting === undefined || activation.status === 'loading') return
    if (activation.status === 'stopped' || activation.notBefore > this.#now.runtime) {
      // Whoever starts it, or the end of the backoff, schedules it again; meanwhile others may be tried.
      if (waiting.trial !== 'none') {
        waiting.trial = 'none'
        this.#writeRow(shard, waiting)
      }
      shard.care?.inherited.delete(waiting)
      this.#leaveTrial(shard, waiting)
      return
    }
    if (shard.care !== undefined && waiting.trial !== 'granted') {
      this.#schedule(activation)
      return
    }
    this.#open.turns += 1
    this.#observer.count('turns')
    activation.usedAt = this.#now.runtime
    if (!this.#counts(activation, waiting.envelope)) this.#handled(activation, waiting)
    else if (activation.status === 'archived') this.#turnArchived(activation, waiting)
    else if (activation.status === 'absent' && !activation.type.creates.has(waiting.envelope.message.type)) {
      this.#turnUnknown(activation, waiting)
    } else this.#turnLive(activation, waiting)
    this.#schedule(activation)
  }

  /** A fire, a result or an answer counts only while the row is there that it stands for. */
  #counts(activation: Activation, envelope: Envelope): boolean {
    const { shard, ordinal } = activation
    const { row, answers } = envelope
    if (row === undefined && answers === undefined) return true
    if (ordinal === undefined) return false
    if (answers !== undefined) return rowOf(shard.asks, ordinal, answers) !== undefined
    if (row?.kind === 'timer') return rowOf(shard.timers, ordinal, row.id)?.generation === row.generation
    if (row?.kind === 'call') return rowOf(shard.calls, ordinal, row.id) !== undefined
    return row !== undefined && rowOf(shard.asks, ordinal, row.id) !== undefined
  }

  #turnLive(activation: Activation, waiting: Waiting): void {
    const { shard, type } = activation
    const { envelope } = waiting
    const at = Math.max(this.#now.world, shard.now) as Instant
    const event = delivered(envelope, at)
    const effects: Effect[] = []
    let state = activation.state
    let outcome: Transition | 'not-accepted'
    try {
      if (state === undefined) {
        const born = type.machine.birth({ id: activation.id, key: keyOf(activation.id), at })
        state = born.state
        effects.push(...born.effects)
      }
      outcome = type.machine.turn(state, event)
      if (outcome !== 'not-accepted') {
        effects.push(...outcome.effects)
        for (const effect of effects) this.#checkEffect(effect)
      }
    } catch (error) {
      if (this.#broken === 'undo-earlier-turns') activation.state = activation.loaded
      this.#failed(activation, waiting, error)
      return
    }
    if (outcome === 'not-accepted') {
      this.#notAccepted(activation, waiting)
      return
    }
    this.#commit(activation, waiting, { state: outcome.state, effects }, at)
  }

  /** @throws when an effect names an actor type that is not there, or breaks a contract. */
  #checkEffect(effect: Effect): void {
    if (effect.kind !== 'tell' && effect.kind !== 'ask') return
    const problem = this.#registry.typeOf(effect.to).problemOf(effect.message)
    if (problem !== undefined)
      throw new Error(`It tells '${effect.to}' a wrong '${effect.message.type}': ${problem}.`)
  }

  #commit(activation: Activation, waiting: Waiting, transition: Transition, at: Instant): void {
    const { shard } = activation
    const { envelope } = waiting
    if (activation.status === 'absent') this.#create(activation)
    this.#consume(activation, envelope)
    activation.state = transition.state
    shard.now = at
    const emitted = transition.effects.flatMap((effect: Effect) =>
      effect.kind === 'emit' ? [effect.event] : [],
    )
    this.#record(activation, at, { id: envelope.id, message: envelope.message }, envelope, emitted)
    if (this.#observer.watched) {
      this.#observer.event({
        kind: 'turn',
        actor: activation.id,
        id: envelope.id,
        message: envelope.message.type,
        ...(envelope.from === undefined ? {} : { from: envelope.from }),
        ...(envelope.cause === undefined ? {} : { cause: envelope.cause }),
        state: transition.state.value,
        changed: true,
        at,
      })
    }
    const reply = this.#apply(activation, waiting, transition.effects)
    if (envelope.request !== undefined) {
      this.#answer(activation, envelope, {
        kind: 'done',
        ...(reply === undefined ? {} : { reply }),
        state: transition.state.value,
        version: activation.version,
      })
    }
    this.#handled(activation, waiting)
    if (transition.state.done) this.#archive(activation)
  }

  /** Journals one turn, or one act of the runtime, and marks the snapshot to be written. */
  #record(
    activation: Activation,
    at: Instant,
    what: { id: MessageId; message: Message; note?: 'migrated' | 'stopped' | 'started' | 'reset' },
    envelope?: Envelope,
    events: readonly Message[] = [],
  ): void {
    activation.version += 1
    activation.at = at
    activation.last = this.#open.record({
      shard: activation.shard.id,
      actor: activation.id,
      sequence: activation.version,
      at,
      ...what,
      ...(envelope?.from === undefined ? {} : { from: envelope.from }),
      ...(envelope?.cause === undefined ? {} : { cause: envelope.cause }),
      ...(envelope?.trace === undefined ? {} : { trace: envelope.trace }),
      ...(events.length === 0 ? {} : { events }),
      state: activation.state?.value,
      ...(activation.last === undefined ? {} : { previous: activation.last }),
    })
    if (at > this.#open.now) this.#open.now = at
    this.#changed(activation)
  }

  #changed(activation: Activation): void {
    activation.changedAt = this.#open.position
    this.#open.changed.add(activation)
  }

  #create(activation: Activation): void {
    const { shard, type } = activation
    const { state } = shard
    activation.ordinal = state.nextOrdinal as Ordinal
    activation.status = 'live'
    const group = this.#registry.siblingGroup(activation.id)
    const siblings =
      group === undefined
        ? state.siblings
        : { ...state.siblings, [group.instance]: [...(state.siblings[group.instance] ?? []), activation.id] }
    const { version } = type.machine
    const versions =
      state.versions[type.definition.type] === version
        ? state.versions
        : { ...state.versions, [type.definition.type]: version }
    this.#setState(shard, { nextOrdinal: state.nextOrdinal + 1, siblings, versions })
    this.#open.put('actors', [activation.id], { shard: shard.id, ordinal: activation.ordinal })
  }

  #setState(shard: Shard, change: Partial<Shard['state']>): void {
    shard.state = { ...shard.state, ...change }
    this.#open.put('meta', ['shard', shard.id], shard.state)
  }

  /** The row that a message stands for goes with the turn that handles it. */
  #consume(activation: Activation, envelope: Envelope): void {
    const { shard, ordinal } = activation
    if (ordinal === undefined) return
    const { row, answers } = envelope
    if (answers !== undefined) this.#removeRow('asks', shard, ordinal, answers)
    if (row?.kind === 'timer') this.#removeRow('timers', shard, ordinal, row.id)
    if (row?.kind === 'call') this.#removeRow('calls', shard, ordinal, row.id)
    if (row?.kind === 'ask') this.#removeRow('asks', shard, ordinal, row.id)
  }

  #removeRow(table: 'asks' | 'timers' | 'calls', shard: Shard, ordinal: Ordinal, id: string): void {
    if (deleteRow<unknown>(shard[table], ordinal, id)) this.#open.remove(table, [shard.id, ordinal, id])
  }

  /** Applies what a turn described. Returns the reply, if it made one. */
  #apply(activation: Activation, waiting: Waiting, effects: readonly Effect[]): Message | undefined {
    const { shard } = activation
    const { envelope } = waiting
    const ordinal = activation.ordinal as Ordinal
    let reply: Message | undefined
    for (const effect of effects) {
      switch (effect.kind) {
        case 'tell':
          this.#post(shard, this.#envelope(effect.to, effect.message, activation.id, envelope))
          break
        case 'reply':
          reply = effect.message
          if (envelope.ask !== undefined && envelope.from !== undefined) {
            this.#post(shard, {
              ...this.#envelope(envelope.from, effect.message, activation.id, envelope),
              answers: envelope.ask,
            })
          }
          break
        case 'ask': {
          const deadline = after(this.#now.runtime, effect.timeoutMs)
          const row = { actor: activation.id, deadline }
          setRow(shard.asks, ordinal, effect.id, row)
          this.#open.put('asks', [shard.id, ordinal, effect.id], row)
          this.#due.runtime.add(deadline, { kind: 'ask', shard, ordinal, id: effect.id, deadline })
          this.#post(shard, {
            ...this.#envelope(effect.to, effect.message, activation.id, envelope),
            ask: effect.id,
          })
          break
        }
        case 'schedule': {
          activation.generation += 1
          const start = effect.clock === 'world' ? shard.now : this.#now.runtime
          const row = {
            actor: activation.id,
            generation: activation.generation,
            clock: effect.clock,
            at: after(start, effect.delayMs),
            message: effect.message,
          }
          setRow(shard.timers, ordinal, effect.id, row)
          this.#open.put('timers', [shard.id, ordinal, effect.id], row)
          this.#due[effect.clock].add(row.at, {
            kind: 'timer',
            shard,
            ordinal,
            id: effect.id,
            generation: row.generation,
          })
          break
        }
        case 'cancel':
          this.#removeRow('timers', shard, ordinal, effect.id)
          break
        case 'call': {
          const row = {
            actor: activation.id,
            handler: effect.handler,
            args: effect.args,
            key: `${activation.id}:${effect.id}`,
            deadline: after(this.#now.runtime, effect.deadlineMs),
            attemptsMax: effect.attemptsMax,
            ...(envelope.trace === undefined ? {} : { trace: envelope.trace }),
          }
          const pending = { row, attempt: 0, answered: false }
          setRow(shard.calls, ordinal, effect.id, pending)
          this.#open.put('calls', [shard.id, ordinal, effect.id], row)
          this.#open.whenDurable.push(() => this.#startCall(shard, ordinal, effect.id))
          break
        }
        case 'emit':
          break
      }
    }
    return reply
  }

  #envelope(to: ActorId, message: Message, from: ActorId | undefined, cause?: Envelope): Envelope {
    this.#messages += 1
    const id = `${this.#scope}:${this.#messages}` as MessageId
    const trace = cause?.trace === undefined ? undefined : childTrace(cause.trace, id)
    return {
      id,
      to,
      message,
      ...(from === undefined ? {} : { from }),
      ...(cause === undefined ? {} : { cause: cause.id }),
      ...(trace === undefined ? {} : { trace }),
    }
  }

  #notAccepted(activation: Activation, waiting: Waiting): void {
    const { envelope } = waiting
    this.#observer.count('unhandled')
    const state = activation.state
    if (envelope.request !== undefined) {
      this.#refuse(
        activation,
        envelope,
        this.#createdBefore(activation, envelope) ?? {
          kind: 'not-accepted',
          state: state?.value,
          accepts: state === undefined ? [] : activation.type.machine.accepts(state),
          version: activation.version,
        },
      )
    }
    this.#consume(activation, envelope)
    this.#handled(activation, waiting)
    // Its last call may have been answered to a machine that had finished.
    if (state?.done === true) this.#archive(activation)
  }

  /** The key created this actor, and the row that remembered the answer is gone. */
  #createdBefore(activation: Activation, envelope: Envelope): Outcome | undefined {
    const again =
      envelope.request?.key !== undefined &&
      activation.version > 0 &&
      activation.type.creates.has(envelope.message.type)
    return again ? { kind: 'key-expired' } : undefined
  }

  #turnUnknown(activation: Activation, waiting: Waiting): void {
    if (waiting.envelope.request === undefined)
      this.#bury(activation, waiting, 'unknown-actor', 'there is no such actor')
    else {
      this.#refuse(activation, waiting.envelope, { kind: 'unknown' })
      this.#handled(activation, waiting)
    }
  }

  #turnArchived(activation: Activation, waiting: Waiting): void {
    const { envelope } = waiting
    if (envelope.request !== undefined) {
      this.#refuse(
        activation,
        envelope,
        this.#createdBefore(activation, envelope) ?? { kind: 'archived', state: activation.state?.value },
      )
      this.#handled(activation, waiting)
    } else if (activation.type.ignores.has(envelope.message.type) || envelope.message.type === 'restarted') {
      this.#handled(activation, waiting)
    } else this.#bury(activation, waiting, 'archived', 'the actor has finished')
  }

  /** A finished actor leaves a tombstone, once no call of its is pending. */
  #archive(activation: Activation): void {
    const { shard } = activation
    const ordinal = activation.ordinal as Ordinal
    if (activation.status === 'archived' || shard.calls.has(ordinal)) return
    activation.status = 'archived'
    for (const id of [...(shard.timers.get(ordinal)?.keys() ?? [])])
      this.#removeRow('timers', shard, ordinal, id)
    for (const id of [...(shard.asks.get(ordinal)?.keys() ?? [])]) this.#removeRow('asks', shard, ordinal, id)
    this.#changed(activation)
    for (const waiting of activation.mailbox.list()) this.#turnArchived(activation, waiting)
  }

  /** A message is done with: it leaves the mailbox, and its row goes. */
  #handled(activation: Activation, waiting: Waiting): void {
    const { shard } = activation
    assert(activation.mailbox.first === waiting, 'M1')
    activation.mailbox.takeFirst()
    waiting.handled = true
    shard.waiting -= 1
    if (waiting.rowed) this.#open.remove('mailbox', [shard.id, waiting.n])
    this.#leaveTrial(shard, waiting)
  }

  // ── failure ────────────────────────────────────────────────────────────────────────────────────────────

  #failed(activation: Activation, waiting: Waiting, error: unknown): void {
    const { shard, type } = activation
    const detail = error instanceof Error ? error.message : String(error)
    const { directive, supervisor } = this.#restarts.decide(
      type.supervisors,
      shard.id,
      error,
      this.#now.runtime,
    )
    waiting.attempts += 1
    this.#observer.count('turnsFailed')
    if (this.#observer.watched) {
      this.#observer.event({
        kind: 'failure',
        actor: activation.id,
        id: waiting.envelope.id,
        message: waiting.envelope.message.type,
        error: detail,
        directive,
        attempt: waiting.attempts,
        at: this.#now.world,
      })
    }
    const at = Math.max(this.#now.world, shard.now) as Instant
    switch (directive) {
      case 'restart':
        this.#observer.count('restarts')
        this.#restartSiblings(activation)
        if (waiting.attempts >= this.#bounds.attemptsMax) {
          this.#bury(activation, waiting, 'failed', detail)
          break
        }
        this.#putBack(
          activation,
          waiting,
          backoffMs(
            supervisor.backoff,
            waiting.attempts,
            draw(this.#seed, waiting.envelope.id, waiting.attempts),
          ),
        )
        break
      case 'resume':
        this.#bury(activation, waiting, 'failed', detail)
        break
      case 'stop':
        if (activation.status === 'absent') this.#bury(activation, waiting, 'failed', detail)
        else {
          this.#putBack(activation, waiting, 0)
          activation.status = 'stopped'
          this.#record(activation, at, {
            id: waiting.envelope.id,
            message: waiting.envelope.message,
            note: 'stopped',
          })
        }
        break
      case 'reset':
        if (activation.status === 'live') this.#reset(activation, at, waiting.envelope)
        this.#bury(activation, waiting, 'failed', detail)
        break
      case 'escalate':
        this.#putBack(activation, waiting, backoffMs(supervisor.backoff, waiting.attempts, 0.5))
        this.#escalate(shard, `${activation.id}: ${detail}`)
        break
    }
  }

  /** The same message again, after a while; until then it holds its actor's mailbox and nothing else. */
  #putBack(activation: Activation, waiting: Waiting, delayMs: number): void {
    const { shard } = activation
    waiting.notBefore = delayMs === 0 ? (0 as Instant) : after(this.#now.runtime, delayMs)
    activation.notBefore = waiting.notBefore
    waiting.trial = 'none'
    this.#writeRow(shard, waiting)
    if (delayMs > 0) this.#due.runtime.add(waiting.notBefore, { kind: 'backoff', activation })
    this.#leaveTrial(shard, waiting)
  }

  #restartSiblings(failed: Activation): void {
    const group = this.#registry.siblingGroup(failed.id)
    if (group === undefined) return
    const types = restartsWith(group.supervisor, failed.type.definition.type)
    for (const id of failed.shard.state.siblings[group.instance] ?? []) {
      if (id === failed.id || !types.has(this.#registry.typeOf(id).definition.type)) continue
      this.#observer.count('restarts')
      if (this.#observer.watched)
        this.#observer.event({ kind: 'restarted', actor: id, cause: failed.id, at: this.#now.world })
      const message: Message & { cause: ActorId } = { type: 'restarted', cause: failed.id }
      this.#offer(failed.shard, this.#envelope(id, message, undefined))
    }
  }

  #reset(activation: Activation, at: Instant, cause: Envelope): void {
    const { shard } = activation
    const ordinal = activation.ordinal as Ordinal
    for (const id of [...(shard.timers.get(ordinal)?.keys() ?? [])])
      this.#removeRow('timers', shard, ordinal, id)
    const born = activation.type.machine.birth({ id: activation.id, key: keyOf(activation.id), at })
    activation.state = born.state
    this.#record(activation, at, { id: cause.id, message: cause.message, note: 'reset' })
    this.#apply(activation, newWaiting(0, cause), born.effects)
  }

  /** Beyond the root of the tree: the shard is loaded again, here or, when that happened too often, elsewhere. */
  #escalate(shard: Shard, cause: string): void {
    const { escalationWindowMs, escalationsMax } = this.#bounds
    const recent = [...shard.state.escalations, this.#now.runtime].filter(
      (at) => after(at, escalationWindowMs) > this.#now.runtime,
    )
    this.#setState(shard, { escalations: recent })
    this.#open.whenDurable.push(() =>
      this.#out.push({
        kind: recent.length > escalationsMax ? 'end-node' : 'forget',
        cause: `escalated by ${cause}`,
      }),
    )
  }

  /** Makes a message that waits first, or never will, a dead letter. */
  #bury(activation: Activation, waiting: Waiting, reason: DeadReason, detail: string): void {
    const { shard } = activation
    this.#consume(activation, waiting.envelope)
    if (waiting.envelope.request !== undefined) {
      this.#refuse(activation, waiting.envelope, { kind: 'failed', error: detail })
    }
    this.#handled(activation, waiting)
    this.#deadLetter(shard, waiting, reason, detail)
  }

  #deadLetter(shard: Shard, waiting: Waiting, reason: DeadReason, detail: string, replays = 0): void {
    const { envelope } = waiting
    const row: MailboxRow = {
      envelope,
      attempts: waiting.attempts,
      notBefore: 0 as Instant,
      dead: { reason, detail, at: this.#now.world, replays },
    }
    shard.deadLetters.set(waiting.n, row)
    this.#open.put('mailbox', [shard.id, waiting.n], row)
    this.#observer.count('deadLetters')
    if (this.#observer.watched) {
      this.#observer.event({
        kind: 'dead-letter',
        actor: envelope.to,
        id: envelope.id,
        message: envelope.message.type,
        reason,
        at: this.#now.world,
      })
    }
  }

  // ── care: messages that may kill the process ───────────────────────────────────────────────────────────

  /** Puts the next message of a careful shard on trial, if none is. Its turn runs once the trial row is durable. */
  #nextTrial(shard: Shard): void {
    const { care } = shard
    if (care === undefined || care.trial !== undefined) return
    if (care.inherited.size === 0 && this.#now.runtime >= care.until) {
      this.#endCare(shard, care)
      return
    }
    for (;;) {
      const activation = care.queue.shift()
      if (activation === undefined) return
      activation.queued = false
      const waiting = activation.mailbox.first
      if (waiting === undefined) continue
      if (activation.notBefore > this.#now.runtime || activation.status === 'stopped') {
        care.inherited.delete(waiting)
        continue
      }
      care.trial = waiting
      waiting.trial = 'asked'
      this.#writeRow(shard, waiting)
      this.#open.whenDurable.push(() => {
        waiting.trial = 'granted'
        this.#schedule(activation)
      })
      return
    }
  }

  #leaveTrial(shard: Shard, waiting: Waiting): void {
    const { care } = shard
    if (care === undefined) return
    if (waiting.handled) care.inherited.delete(waiting)
    if (care.trial === waiting) care.trial = undefined
    this.#nextTrial(shard)
  }

  #endCare(shard: Shard, care: Care): void {
    shard.care = undefined
    this.#observer.time('recovery', (this.#now.runtime - shard.grantedAt) / 1_000)
    for (const activation of care.queue) {
      activation.queued = false
      this.#schedule(activation)
    }
  }

  // ── accepting ──────────────────────────────────────────────────────────────────────────────────────────

  /** Takes a message into its actor's mailbox. What it came with (mark, cause) is in the same batch. */
  #offer(shard: Shard, envelope: Envelope, attempts = 0): void {
    const activation = this.#activate(shard, envelope.to)
    const waiting = newWaiting(shard.nextRow, envelope)
    shard.nextRow += 1
    waiting.attempts = attempts
    if (activation.depth >= this.#bounds.mailboxDepthMax) {
      this.#deadLetter(
        shard,
        waiting,
        'mailbox-limit',
        `more than ${this.#bounds.mailboxDepthMax} messages wait`,
      )
      return
    }
    activation.mailbox.offer(waiting)
    shard.waiting += 1
    // A timer, a result or a timeout stands for a row that is stored already.
    if (envelope.row === undefined) this.#fresh.push([shard, waiting])
    this.#schedule(activation)
  }

  #activate(shard: Shard, id: ActorId): Activation {
    let activation = shard.activations.get(id)
    if (activation === undefined) {
      activation = new Activation(id, this.#registry.typeOf(id), shard)
      shard.activations.set(id, activation)
      this.#observer.count('activations')
      this.#loading += 1
      this.#out.push({ kind: 'load', shard: shard.id, epoch: shard.epoch, actor: id })
    }
    activation.usedAt = this.#now.runtime
    return activation
  }

  #schedule(activation: Activation): void {
    const { shard, status } = activation
    const waiting = activation.mailbox.first
    if (activation.queued || waiting === undefined || status === 'loading' || status === 'stopped') return
    if (shard.draining || shard.state.quarantined || activation.notBefore > this.#now.runtime) return
    if (shard.care !== undefined && waiting.trial !== 'granted') {
      if (waiting.trial === 'asked') return
      activation.queued = true
      shard.care.queue.push(activation)
      this.#nextTrial(shard)
      return
    }
    activation.queued = true
    if (waiting.envelope.request === undefined) this.#runnable.add(activation)
    else this.#atTheDoor.add(activation)
  }

  #received(item: Extract<WireItem, { kind: 'message' }>): void {
    const shard = this.#shards.get(item.to)
    if (shard === undefined || shard.draining) return
    let inbox = shard.inbox.get(item.from)
    if (inbox === undefined) {
      inbox = { from: item.from, mark: 0, durable: 0 }
      shard.inbox.set(item.from, inbox)
    }
    const next =
      this.#broken === 'accept-any-sequence' ? item.sequence > inbox.mark : item.sequence === inbox.mark + 1
    if (!next) {
      this.#observer.count('duplicates')
      const mark = this.#broken === 'acknowledge-accepted' ? inbox.mark : inbox.durable
      this.#out.push({
        kind: 'send',
        shard: item.from,
        item: { kind: 'mark', from: item.from, to: item.to, mark },
      })
      return
    }
    this.#observer.count('messagesReceived')
    inbox.mark = item.sequence
    this.#open.put('inbox', [shard.id, item.from], item.sequence)
    this.#open.marks.set(inbox, [shard.id, item.sequence])
    if (this.#broken === 'mark-apart') {
      // The mark goes with this batch, the message with a later one.
      const { envelope } = item
      this.#open.whenDurable.push(() => this.#isOurs(shard) && this.#offer(shard, envelope))
      return
    }
    const problem =
      this.#registry.find(item.envelope.to)?.problemOf(item.envelope.message) ??
      this.#unknownType(item.envelope.to)
    if (problem === undefined) this.#offer(shard, item.envelope)
    else {
      const waiting = newWaiting(shard.nextRow, item.envelope)
      shard.nextRow += 1
      this.#deadLetter(shard, waiting, 'invalid', problem)
    }
  }

  #unknownType(id: ActorId): string | undefined {
    return this.#registry.find(id) === undefined ? `no actor type of '${id}'` : undefined
  }

  #acknowledged(item: Extract<WireItem, { kind: 'mark' }>): void {
    const shard = this.#shards.get(item.from)
    const channel = shard?.out.get(item.to)
    if (shard === undefined || channel === undefined) return
    for (const sequence of channel.acknowledge(item.mark))
      this.#open.remove('outbox', [shard.id, item.to, sequence])
    this.#pump(shard, channel)
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────

  /** Delivers at once what stays here and overtakes nothing; everything else goes through the outbox. */
  #post(shard: Shard, envelope: Envelope): void {
    const to = this.#registry.shardOf(envelope.to)
    const here = this.#shards.get(to)
    let channel = shard.out.get(to)
    const behind = channel !== undefined && !channel.empty && this.#broken !== 'local-overtakes-outbox'
    if (here !== undefined && (!here.draining || this.#broken === 'local-while-draining') && !behind) {
      this.#observer.count('messagesLocal')
      this.#offer(here, envelope)
      return
    }
    if (channel === undefined) {
      channel = new OutChannel(shard.id, to, 0, [])
      shard.out.set(to, channel)
    }
    if (this.#broken === 'sequence-from-rows' && channel.empty) {
      channel = new OutChannel(shard.id, to, 0, [])
      shard.out.set(to, channel)
    }
    const sequence = channel.push(envelope)
    this.#open.put('outbox', [shard.id, to, sequence], envelope)
    this.#open.put('channels', [shard.id, to], sequence)
    this.#open.sends.set(channel, sequence)
  }

  #pump(shard: Shard, channel: OutChannel): void {
    for (const [sequence, envelope] of channel.take(this.#bounds.channelWindow)) {
      this.#observer.count('messagesSent')
      this.#out.push({
        kind: 'send',
        shard: channel.to,
        item: { kind: 'message', from: channel.from, to: channel.to, sequence, envelope },
      })
    }
    if (channel.unacknowledged && channel.resendAt === undefined) this.#armResend(shard, channel)
  }

  #armResend(shard: Shard, channel: OutChannel): void {
    const { resendMinMs, resendMaxMs } = this.#bounds
    const base = Math.min(resendMaxMs, resendMinMs * 2 ** Math.min(channel.resends, 16))
    channel.resendAt = after(
      this.#now.runtime,
      base * (1 + 0.2 * draw(this.#seed, channel.to, channel.resends)),
    )
    this.#due.runtime.add(channel.resendAt, { kind: 'resend', shard, channel })
  }

  // ── requests from outside ──────────────────────────────────────────────────────────────────────────────

  #requested(request: Request): void {
    const type = this.#registry.find(request.actor)
    if (type === undefined) {
      this.#respond(request, { kind: 'invalid', problem: `no actor type of '${request.actor}'` })
      return
    }
    const shard = this.#shards.get(this.#registry.shardOf(request.actor))
    if (shard === undefined || shard.draining) {
      this.#respond(request, { kind: 'moved', shard: this.#registry.shardOf(request.actor) })
      return
    }
    const refusal = this.#refusalAtTheDoor(shard, type, request)
    if (refusal !== undefined) {
      this.#observer.count('requestsRefused')
      this.#respond(request, refusal)
      return
    }
    const activation = this.#activate(shard, request.actor)
    if (activation.status !== 'loading') this.#arrive(activation, request)
    else if (activation.arriving === undefined) activation.arriving = [request]
    else activation.arriving.push(request)
  }

  /** Bounds and contracts: they state no fact about an actor, so they are answered at once. */
  #refusalAtTheDoor(shard: Shard, type: ActorType, request: Request): Outcome | undefined {
    if (request.body.kind !== 'command') return undefined
    const problem = type.problemOf(request.body.message)
    if (problem !== undefined) return { kind: 'invalid', problem }
    if (shard.state.quarantined) return { kind: 'stopped' }
    if (shard.backlog > this.#bounds.shardBacklogMax)
      return { kind: 'busy', retryAfterMs: 1_000, reason: 'backlog' }
    return undefined
  }

  #arrive(activation: Activation, request: Request): void {
    switch (request.body.kind) {
      case 'query':
        this.#observer.count('queries')
        this.#hold(request, this.#query(activation, request.body.name, request.body.args))
        break
      case 'operate':
        this.#hold(request, this.#operate(activation, request.body.command))
        break
      case 'command':
        this.#observer.count('requests')
        this.#command(activation, request, request.body.message)
        break
    }
  }

  #command(activation: Activation, request: Request, message: Message): void {
    const { key } = request
    const fingerprint = request.fingerprint ?? ''
    if (key !== undefined) {
      const known = activation.requests?.get(key)
      const running = activation.runningKeys?.get(key)
      if (
        (known !== undefined && known.fingerprint !== fingerprint) ||
        (running !== undefined && running !== fingerprint)
      ) {
        this.#hold(request, { kind: 'key-reused' })
        return
      }
      if (known?.outcome !== undefined) {
        this.#hold(request, { ...(known.outcome as Extract<Outcome, { kind: 'done' }>), replayed: true })
        return
      }
      if (running !== undefined) {
        this.#hold(request, { kind: 'running' })
        return
      }
    }
    if (activation.status === 'stopped') {
      this.#hold(request, { kind: 'stopped' })
      return
    }
    if (key !== undefined) {
      activation.runningKeys ??= new Map()
      activation.runningKeys.set(key, fingerprint)
    }
    const envelope = this.#envelope(activation.id, message, undefined)
    this.#offer(activation.shard, {
      ...envelope,
      ...(request.trace === undefined ? {} : { trace: request.trace }),
      request: { id: request.id, node: request.node, ...(key === undefined ? {} : { key, fingerprint }) },
    })
  }

  #query(activation: Activation, name: string, args: unknown): Outcome {
    if (activation.state === undefined) return { kind: 'unknown' }
    const query = activation.type.definition.queries?.[name]
    if (query === undefined)
      return { kind: 'invalid', problem: `no query '${name}' on ${activation.type.definition.type}` }
    const { id, version, state } = activation
    const at = Math.max(this.#now.world, activation.shard.now) as Instant
    try {
      const value = query({ id, value: state.value, context: state.context, version }, args, at)
      return { kind: 'answer', value, state: state.value, version }
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error) }
    }
  }

  #operate(
    activation: Activation,
    command: Extract<Request['body'], { kind: 'operate' }>['command'],
  ): Outcome {
    const { shard, state } = activation
    if (command.kind === 'replay') return this.#replay(shard, command.row)
    if (state === undefined) return { kind: 'unknown' }
    const at = Math.max(this.#now.world, shard.now) as Instant
    const { id, message } = this.#envelope(activation.id, { type: `operator.${command.kind}` }, undefined)
    switch (command.kind) {
      case 'inspect':
        return {
          kind: 'answer',
          value: this.#inspection(activation),
          state: state.value,
          version: activation.version,
        }
      case 'restart':
        activation.state = activation.type.machine.load(activation.type.machine.store(state)).state
        activation.notBefore = 0 as Instant
        this.#observer.count('restarts')
        this.#schedule(activation)
        break
      case 'stop':
        if (activation.status !== 'live') break
        activation.status = 'stopped'
        this.#record(activation, at, { id, message, note: 'stopped' })
        break
      case 'start':
        if (activation.status !== 'stopped') break
        activation.status = 'live'
        this.#record(activation, at, { id, message, note: 'started' })
        this.#schedule(activation)
        break
    }
    return { kind: 'done', state: state.value, version: activation.version }
  }

  #inspection(activation: Activation): unknown {
    const { shard, state, ordinal } = activation
    const rows = <T>(table: Map<Ordinal, Map<string, T>>): [string, T][] => [
      ...(table.get(ordinal as Ordinal) ?? []),
    ]
    return {
      id: activation.id,
      shard: shard.id,
      node: this.#node,
      status: activation.status,
      value: state?.value,
      context: state?.context,
      version: activation.version,
      at: activation.at,
      accepts: state === undefined ? [] : activation.type.machine.accepts(state),
      mailbox: activation.mailbox
        .list()
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
      calls: rows(shard.calls).map(([id, call]) => ({
        id,
        handler: call.row.handler,
        attempt: call.attempt,
        deadline: call.row.deadline,
      })),
    }
  }

  #replay(shard: Shard, n: number): Outcome {
    const row = shard.deadLetters.get(n)
    if (row?.dead === undefined) return { kind: 'unknown' }
    if (row.dead.replays >= deadLetterReplaysMax)
      return { kind: 'invalid', problem: `it was replayed ${row.dead.replays} times` }
    shard.deadLetters.delete(n)
    this.#open.remove('mailbox', [shard.id, n])
    const { request: _gone, row: _row, ...envelope } = row.envelope
    this.#offer(shard, envelope)
    return { kind: 'done', state: null, version: 0 }
  }

  /** A request's message was handled, and the answer is remembered under its key. */
  #answer(activation: Activation, envelope: Envelope, outcome: Extract<Outcome, { kind: 'done' }>): void {
    const { request } = envelope
    if (request === undefined) return
    if (request.key !== undefined) {
      const row = { fingerprint: request.fingerprint ?? '', at: this.#now.runtime, outcome }
      activation.requests ??= new Map()
      activation.requests.set(request.key, row)
      this.#open.put('requests', [activation.shard.id, activation.id, request.key], row)
    }
    this.#refuse(activation, envelope, outcome)
  }

  /** Answers a request with a fact about an actor; nothing is remembered. */
  #refuse(activation: Activation, envelope: Envelope, outcome: Outcome): void {
    const { request } = envelope
    if (request === undefined) return
    if (request.key !== undefined) activation.runningKeys?.delete(request.key)
    this.#hold(request, outcome)
  }

  #hold(request: { readonly id: string; readonly node: NodeId }, outcome: Outcome): void {
    this.#open.held.push({ kind: 'respond', to: request.node, response: { id: request.id, outcome } })
  }

  #respond(request: Request, outcome: Outcome): void {
    this.#out.push({ kind: 'respond', to: request.node, response: { id: request.id, outcome } })
  }

  // ── calls ──────────────────────────────────────────────────────────────────────────────────────────────

  #startCall(shard: Shard, ordinal: Ordinal, id: string): void {
    const pending = rowOf(shard.calls, ordinal, id)
    if (pending === undefined || pending.answered || !this.#isOurs(shard) || shard.draining) return
    if (pending.attempt === 0) {
      this.#due.runtime.add(pending.row.deadline, {
        kind: 'call-deadline',
        shard,
        ordinal,
        id,
        deadline: pending.row.deadline,
      })
    }
    pending.attempt += 1
    this.#observer.count('callsStarted')
    this.#out.push({ kind: 'call', shard: shard.id, ordinal, id, attempt: pending.attempt, row: pending.row })
  }

  #called(input: Extract<Input, { kind: 'called' }>): void {
    const shard = this.#shards.get(input.shard)
    const pending = shard === undefined ? undefined : rowOf(shard.calls, input.ordinal, input.id)
    if (shard === undefined || pending === undefined || pending.answered || pending.attempt !== input.attempt)
      return
    const { outcome, ordinal, id } = input
    const { row } = pending
    if (outcome.kind === 'unknown' && pending.attempt < row.attemptsMax) {
      const delayMs =
        this.#bounds.callBackoffMs *
        2 ** (pending.attempt - 1) *
        (0.8 + 0.4 * draw(this.#seed, row.key, pending.attempt))
      const again = after(this.#now.runtime, delayMs)
      if (again < row.deadline) {
        this.#due.runtime.add(again, { kind: 'call-retry', shard, ordinal, id, attempt: pending.attempt })
        return
      }
    }
    pending.answered = true
    const message =
      outcome.kind === 'done'
        ? { type: 'call.done', call: id, result: outcome.result }
        : {
            type: 'call.failed',
            call: id,
            reason: outcome.kind === 'refused' ? 'refused' : 'expired',
            detail: outcome.detail,
          }
    this.#offer(shard, {
      ...this.#envelope(row.actor, message, undefined),
      ...traceOf(row.trace),
      row: { kind: 'call', id },
    })
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    this.#wakeAt.world = undefined
    this.#wakeAt.runtime = undefined
    for (;;) {
      const due = this.#due.world.takeDue(this.#now.world) ?? this.#due.runtime.takeDue(this.#now.runtime)
      if (due === undefined) return
      if (due.kind === 'sweep') this.#sweep()
      else if (due.kind === 'backoff') {
        if (this.#isOurs(due.activation.shard)) this.#schedule(due.activation)
      } else if (this.#isOurs(due.shard)) this.#fire(due)
    }
  }

  #fire(due: Exclude<Due, { kind: 'sweep' | 'backoff' }>): void {
    const { shard } = due
    switch (due.kind) {
      case 'timer': {
        const row = rowOf(shard.timers, due.ordinal, due.id)
        if (row?.generation !== due.generation) return
        this.#observer.count('timersFired')
        const origin = { kind: 'timer', id: due.id, generation: due.generation } as const
        this.#offer(shard, { ...this.#envelope(row.actor, row.message, undefined), row: origin })
        return
      }
      case 'ask': {
        const row = rowOf(shard.asks, due.ordinal, due.id)
        if (row?.deadline !== due.deadline) return
        const message: Message & { ask: string } = { type: 'ask.timeout', ask: due.id }
        this.#offer(shard, {
          ...this.#envelope(row.actor, message, undefined),
          row: { kind: 'ask', id: due.id },
        })
        return
      }
      case 'call-deadline': {
        const pending = rowOf(shard.calls, due.ordinal, due.id)
        if (pending === undefined || pending.answered || pending.row.deadline !== due.deadline) return
        this.#out.push({ kind: 'cancel-call', shard: shard.id, ordinal: due.ordinal, id: due.id })
        pending.answered = true
        const message = {
          type: 'call.failed',
          call: due.id,
          reason: 'expired',
          detail: 'no answer before the deadline',
        }
        this.#offer(shard, {
          ...this.#envelope(pending.row.actor, message, undefined),
          row: { kind: 'call', id: due.id },
        })
        return
      }
      case 'call-retry':
        if (rowOf(shard.calls, due.ordinal, due.id)?.attempt === due.attempt)
          this.#startCall(shard, due.ordinal, due.id)
        return
      case 'care':
        this.#nextTrial(shard)
        return
      case 'resend': {
        const { channel } = due
        channel.resendAt = undefined
        if (!channel.unacknowledged) return
        this.#observer.count('resent')
        channel.rewind()
        this.#pump(shard, channel)
        return
      }
    }
  }

  #askForWakes(): void {
    for (const clock of ['world', 'runtime'] as const) {
      const at = this.#due[clock].earliest
      if (at === undefined || at === this.#wakeAt[clock]) continue
      this.#wakeAt[clock] = at
      this.#out.push({ kind: 'wake-at', clock, at })
    }
  }

  /** Idle actors leave memory, once what they last wrote is durable and nothing waits for them. */
  #sweep(): void {
    this.#sweeping = false
    for (const shard of this.#shards.values()) {
      for (const [id, activation] of shard.activations) {
        if (activation.depth > 0 || activation.status === 'loading' || activation.arriving !== undefined)
          continue
        if (activation.changedAt > this.#durable && this.#broken !== 'unload-early') continue
        const finished = activation.status === 'archived' || activation.status === 'absent'
        const idleMs = finished
          ? this.#bounds.passivationSweepMs
          : (activation.type.definition.passivateAfter ?? 600_000)
        if (after(activation.usedAt, idleMs) > this.#now.runtime) continue
        shard.activations.delete(id)
        this.#observer.count('passivations')
      }
    }
    this.#armSweep()
  }

  #armSweep(): void {
    if (this.#sweeping || this.#shards.size === 0) return
    this.#sweeping = true
    this.#due.runtime.add(after(this.#now.runtime, this.#bounds.passivationSweepMs), { kind: 'sweep' })
  }

  // ── shards come and go ─────────────────────────────────────────────────────────────────────────────────

  #isOurs(shard: Shard): boolean {
    return this.#shards.get(shard.id) === shard
  }

  #granted(input: Extract<Input, { kind: 'granted' }>): void {
    const { rows } = input
    const shard = new Shard(input.shard, input.epoch, input.worldNow, this.#now.runtime, rows.state)
    this.#shards.set(shard.id, shard)
    for (const [to, last] of rows.channels) {
      const waiting = rows.outbox.flatMap(([destination, , envelope]) =>
        destination === to ? [envelope] : [],
      )
      shard.out.set(
        to,
        new OutChannel(shard.id, to, this.#broken === 'sequence-from-rows' ? waiting.length : last, waiting),
      )
    }
    for (const [from, mark] of rows.inbox) shard.inbox.set(from, { from, mark, durable: mark })
    for (const [ordinal, id, row] of rows.timers) {
      setRow(shard.timers, ordinal, id, row)
      this.#due[row.clock].add(row.at, { kind: 'timer', shard, ordinal, id, generation: row.generation })
    }
    for (const [ordinal, id, row] of rows.asks) {
      setRow(shard.asks, ordinal, id, row)
      this.#due.runtime.add(row.deadline, { kind: 'ask', shard, ordinal, id, deadline: row.deadline })
    }
    for (const [ordinal, id, row] of rows.calls) {
      setRow(shard.calls, ordinal, id, { row, attempt: 0, answered: false })
      this.#startCall(shard, ordinal, id)
    }
    if (!input.clean) {
      const until = after(this.#now.runtime, this.#bounds.carefulMs)
      shard.care = { inherited: new Set(), until, trial: undefined, queue: [] }
      this.#due.runtime.add(until, { kind: 'care', shard })
    }
    this.#inherit(shard, rows.mailbox)
    for (const channel of shard.out.values()) this.#pump(shard, channel)
    this.#armSweep()
    if (this.#observer.watched) {
      this.#observer.event({
        kind: 'acquired',
        shard: shard.id,
        epoch: shard.epoch,
        clean: input.clean,
        actors: shard.state.nextOrdinal - 1,
        at: this.#now.world,
      })
    }
  }

  #inherit(shard: Shard, rows: readonly (readonly [number, MailboxRow])[]): void {
    for (const [n, row] of rows) {
      shard.nextRow = Math.max(shard.nextRow, n + 1)
      if (row.dead !== undefined) {
        shard.deadLetters.set(n, row)
        continue
      }
      const waiting = newWaiting(n, row.envelope)
      waiting.rowed = true
      waiting.attempts = row.attempts
      waiting.notBefore = row.notBefore
      waiting.deaths = (row.deaths ?? 0) + (row.onTrial === true && shard.care !== undefined ? 1 : 0)
      if (waiting.deaths >= 2) {
        this.#poison(shard, waiting)
        continue
      }
      const activation = this.#activate(shard, row.envelope.to)
      activation.mailbox.offer(waiting)
      shard.waiting += 1
      shard.care?.inherited.add(waiting)
      if (activation.mailbox.first === waiting && waiting.notBefore > this.#now.runtime) {
        activation.notBefore = waiting.notBefore
        this.#due.runtime.add(waiting.notBefore, { kind: 'backoff', activation })
      }
      const key = row.envelope.request?.key
      if (key !== undefined) {
        activation.runningKeys ??= new Map()
        activation.runningKeys.set(key, row.envelope.request?.fingerprint ?? '')
      }
    }
  }

  /** Two nodes died in this message's turn. Two such messages, and the shard waits for a person. */
  #poison(shard: Shard, waiting: Waiting): void {
    this.#deadLetter(shard, waiting, 'poison', `its turn ended ${waiting.deaths} nodes`)
    const recent = [...shard.state.poisons, this.#now.runtime].filter(
      (at) => after(at, this.#bounds.poisonWindowMs) > this.#now.runtime,
    )
    const quarantined = recent.length >= 2
    this.#setState(shard, { poisons: recent, quarantined })
    if (quarantined && this.#observer.watched)
      this.#observer.event({ kind: 'quarantined', shard: shard.id, at: this.#now.world })
  }

  #loaded(input: Extract<Input, { kind: 'loaded' }>): void {
    this.#loading -= 1
    const shard = this.#shards.get(input.shard)
    const activation = shard?.activations.get(input.actor)
    if (shard === undefined || activation?.status !== 'loading') return
    if (shard.epoch !== input.epoch && this.#broken !== 'stale-load') return
    const { ordinal, snapshot, requests } = input.rows
    for (const [key, row] of requests) {
      if (after(row.at, this.#bounds.requestTtlMs) < this.#now.runtime) {
        this.#open.remove('requests', [shard.id, activation.id, key])
        continue
      }
      activation.requests ??= new Map()
      activation.requests.set(key, row)
    }
    if (snapshot === undefined || ordinal === undefined) activation.status = 'absent'
    else this.#restore(activation, ordinal, snapshot)
    const arriving = activation.arriving
    activation.arriving = undefined
    for (const request of arriving ?? []) this.#arrive(activation, request)
    this.#schedule(activation)
  }

  #restore(activation: Activation, ordinal: Ordinal, snapshot: SnapshotRow): void {
    activation.ordinal = ordinal
    activation.version = snapshot.version
    activation.generation = snapshot.generation
    activation.at = snapshot.at
    activation.last = snapshot.last
    try {
      const { state, migrated } = activation.type.machine.load(snapshot.state)
      activation.state = state
      activation.loaded = state
      activation.status = snapshot.status
      if (migrated) {
        const { id, message } = this.#envelope(activation.id, { type: 'operator.migrate' }, undefined)
        this.#record(activation, activation.shard.now, { id, message, note: 'migrated' })
      }
    } catch (error) {
      // A build that does not know this snapshot must not touch it: its messages wait for one that does.
      activation.status = 'stopped'
      if (this.#observer.watched) {
        const detail = error instanceof Error ? error.message : String(error)
        this.#observer.event({
          kind: 'failure',
          actor: activation.id,
          id: '' as MessageId,
          message: '',
          error: detail,
          directive: 'stop',
          attempt: 1,
          at: this.#now.world,
        })
      }
    }
  }

  /** Takes part in no more turns; what waits becomes rows; the release is the shard's last write here. */
  #release(id: ShardId, heir: NodeId | undefined): void {
    const shard = this.#shards.get(id)
    if (shard === undefined || shard.draining) return
    shard.draining = true
    for (const activation of shard.activations.values()) {
      for (const request of activation.arriving ?? []) this.#respond(request, { kind: 'moved', shard: id })
      for (const { envelope, rowed } of activation.mailbox.list()) {
        if (envelope.request !== undefined && !rowed)
          this.#hold(envelope.request, { kind: 'moved', shard: id })
      }
    }
    for (const [ordinal, calls] of shard.calls) {
      for (const callId of calls.keys())
        this.#out.push({ kind: 'cancel-call', shard: id, ordinal, id: callId })
    }
    this.#open.put('shards', [id], {
      shard: id,
      epoch: shard.epoch,
      scope: this.#scope,
      node: this.#node,
      released: true,
      ...(heir === undefined ? {} : { heir }),
      now: shard.now,
    })
    this.#open.whenDurable.push(() => {
      this.#out.push({ kind: 'released', shard: id })
      if (this.#observer.watched)
        this.#observer.event({
          kind: 'released',
          shard: id,
          ...(heir === undefined ? {} : { heir }),
          at: this.#now.world,
        })
    })
  }

  // ── batches ────────────────────────────────────────────────────────────────────────────────────────────

  #writeRow(shard: Shard, waiting: Waiting): void {
    waiting.rowed = true
    this.#open.put('mailbox', [shard.id, waiting.n], {
      envelope: waiting.envelope,
      attempts: waiting.attempts,
      notBefore: waiting.notBefore,
      ...(waiting.deaths === 0 ? {} : { deaths: waiting.deaths }),
      ...(waiting.trial === 'asked' ? { onTrial: true } : {}),
    })
  }

  /** Submits the open batch, or asks for a proof of ownership when it only holds outputs. */
  #closeIfPossible(): boolean {
    const open = this.#open
    const unhandled = this.#fresh.filter(
      // A request from outside is nobody's promise yet: if it is lost unhandled, its client asks again.
      ([, waiting]) => !waiting.handled && !waiting.rowed && waiting.envelope.request === undefined,
    )
    if (open.writesNothing && unhandled.length === 0) {
      this.#fresh = []
      if (open.empty) return false
      if (this.#inFlight.some((unit) => unit.kind === 'verify')) return false
      this.#submit('verify', open.position)
      this.#out.push({ kind: 'verify' })
      return true
    }
    if (this.#inFlight.filter((unit) => unit.kind === 'append').length >= this.#bounds.batchesInFlightMax)
      return false
    if (this.#loading > 0 && !this.#postponed && open.turns < this.#bounds.batchTurnsMax) {
      // What is being loaded would be written as waiting, only to be removed at once. Once, it may hold the batch.
      this.#postponed = true
      return false
    }
    this.#postponed = false
    this.#fresh = []
    if (this.#broken !== 'forget-unhandled')
      for (const [shard, waiting] of unhandled) this.#writeRow(shard, waiting)
    for (const activation of open.changed) {
      open.put('snapshots', [activation.shard.id, activation.ordinal as Ordinal], {
        id: activation.id,
        status: activation.status as 'live' | 'stopped' | 'archived',
        state: activation.state === undefined ? [] : activation.type.machine.store(activation.state),
        version: activation.version,
        generation: activation.generation,
        at: activation.at,
        last: activation.last ?? [this.#scope, open.position, 0],
      })
    }
    for (const shard of this.#shards.values()) {
      if (shard.draining && this.#broken !== 'local-while-draining') this.#shards.delete(shard.id)
    }
    this.#observer.count('batches')
    this.#observer.count('batchTurns', open.turns)
    const batch = open.close()
    this.#observer.count('writes', batch.writes.length)
    this.#submit('append', (open.position + 1) as Position)
    this.#out.push({ kind: 'append', expected: (open.position - 1) as Position, batch })
    return true
  }

  #submit(kind: InFlight['kind'], next: Position): void {
    const unit: InFlight = { kind, batch: this.#open, answered: false }
    this.#open = new OpenBatch(this.#scope, next)
    if (this.#broken === 'release-before-durable') this.#letGo(unit.batch)
    this.#inFlight.push(unit)
  }

  #appended(outcome: AppendOutcome): void {
    if (outcome.kind === 'failed' && this.#broken === 'trust-failed-write') {
      this.#answered('append')
      return
    }
    if (outcome.kind !== 'durable') {
      this.#observer.count('appendsRefused')
      this.#out.push({
        kind: 'forget',
        cause: outcome.kind === 'failed' ? `a write failed: ${outcome.cause}` : outcome.kind,
      })
      return
    }
    this.#answered('append', outcome.position)
  }

  #answered(kind: InFlight['kind'], position?: Position): void {
    const unit = this.#inFlight.find((u) => u.kind === kind && !u.answered)
    assert(unit !== undefined, 'B2', `nothing in flight for this ${kind}`)
    assert(position === undefined || position === unit.batch.position, 'J1', `position ${position}`)
    unit.answered = true
    for (;;) {
      const first = this.#inFlight[0]
      if (first === undefined || !first.answered) return
      this.#inFlight.shift()
      if (first.kind === 'append') this.#durable = first.batch.position
      if (this.#broken !== 'release-before-durable') this.#letGo(first.batch)
    }
  }

  #letGo(batch: OpenBatch): void {
    for (const [channel, sequence] of batch.sends) {
      channel.durableTo(sequence)
      const shard = this.#shards.get(channel.from)
      if (shard?.out.get(channel.to) === channel) this.#pump(shard, channel)
    }
    for (const [inbox, [to, mark]] of batch.marks) {
      inbox.durable = mark
      this.#out.push({ kind: 'send', shard: inbox.from, item: { kind: 'mark', from: inbox.from, to, mark } })
    }
    for (const run of batch.whenDurable) run()
    this.#out.push(...batch.held)
  }
}

/** First in, first out. */
class Queue<T> {
  #items: T[] = []
  #head = 0

  get empty(): boolean {
    return this.#head === this.#items.length
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    if (this.empty) return undefined
    const item = this.#items[this.#head]
    this.#head += 1
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}

function newWaiting(n: number, envelope: Envelope): Waiting {
  return {
    n,
    envelope,
    attempts: 0,
    notBefore: 0 as Instant,
    deaths: 0,
    rowed: false,
    handled: false,
    trial: 'none',
  }
}

function delivered(envelope: Envelope, at: Instant): Delivered<Message> {
  const { message, from } = envelope
  return (from === undefined ? { ...message, at } : { ...message, at, from }) as Delivered<Message>
}

function traceOf(trace: string | undefined): { readonly trace?: string } {
  return trace === undefined ? {} : { trace }
}

/** The same trace, with a span id of its own (W3C Trace Context, version 00). */
function childTrace(trace: string, id: MessageId): string {
  const span = hash32(id).toString(16).padStart(8, '0') + hash32(id, 1).toString(16).padStart(8, '0')
  return `${trace.slice(0, 36)}${span}${trace.slice(52)}`
}
