/**
 * A cluster in memory for the gateway's tests: real machines, no nodes.
 *
 * Owns:     what a kernel promises a request: creation, idempotency keys, replies, refusals, a journal.
 * Does not: deliver what actors tell each other, unless they are `connected`. A test says what the others answered,
 *           with `deliver`, and that a timer fires, with `fire`.
 */
import type { TapBatch, TapOrder } from '#activity'
import type { ActorDefinition, ActorId, Effect, Instant, Message } from '#actor'
import { keyOf, systemMessageTypes, typeOf } from '#actor'
import type {
  JournalRecord,
  MessageId,
  NodeId,
  Outcome,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  TurnSource,
  Turns,
} from '#ports'
import type {
  ActivityWatch,
  ActorListItem,
  ActorRequest,
  ClusterClient,
  ClusterView,
  CommandOutcome,
  DeadLetterItem,
  KnownMember,
  NodeCommand,
  Ownership,
} from '../cluster-client.ts'

interface State {
  readonly value: unknown
  readonly context: unknown
  readonly done: boolean
}

/** What the kernel's `Machine` does, as far as it is needed here. */
export interface FakeMachine {
  birth(birth: { id: ActorId; key: string; at: Instant }): { state: State }
  turn(
    state: State,
    event: Message & { readonly at: Instant },
  ): { state: State; effects: readonly Effect[] } | 'not-accepted'
  accepts(state: State): readonly string[]
}

export interface FakeType {
  readonly definition: ActorDefinition
  readonly machine: FakeMachine
}

interface FakeActor {
  readonly type: FakeType
  readonly records: JournalRecord[]
  readonly replies: Map<string, { readonly fingerprint: string; readonly outcome: Outcome }>
  state: State
}

/** Answers of calls, and timers of the actor's own: a test delivers them as the runtime would. */
const isOfRuntime = ({ type }: Message): boolean => systemMessageTypes.has(type) || type.startsWith('xstate.')

interface Tapping {
  readonly order: TapOrder
  readonly hear: (batch: TapBatch, lost: number) => void
}

const scope = 'fake' as ScopeId
/** 2026-05-01 18:00 UTC. */
const start = Date.UTC(2026, 4, 1, 18) * 1_000

export class FakeCluster implements ClusterClient {
  /** But for those to the audit. */
  readonly requests: ActorRequest[] = []
  /** What was written to the audit. */
  readonly entries: Message[] = []
  /** Whether the audit can be written. */
  isAuditable = true
  readonly commands: NodeCommand[] = []
  /** Types of actors that do not answer: each request is a timeout, at once. */
  readonly silent = new Set<string>()
  /** Who watches what actors do, and how often they have asked for all there is. */
  readonly viewers = new Set<(frame: Uint8Array) => void>()
  wholes = 0
  /** Who taps messages. */
  readonly taps = new Set<Tapping>()
  readonly #types: ReadonlyMap<string, FakeType>
  readonly #actors = new Map<ActorId, FakeActor>()
  readonly #watchers = new Map<ActorId, Set<() => void>>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #records: JournalRecord[] = []
  #gate: Promise<void> | undefined
  #outcomes: Outcome[] = []
  #commandOutcome: CommandOutcome = { kind: 'accepted' }
  isReady = true
  owners: readonly Ownership[] = []
  known: readonly KnownMember[] = []
  view: ClusterView
  letters: readonly DeadLetterItem[] = []
  now = start as Instant

  readonly #connected: boolean

  /** `connected`: what one actor tells another arrives at once, if its type is here. */
  constructor(types: readonly FakeType[], { connected = false }: { readonly connected?: boolean } = {}) {
    this.#connected = connected
    this.#types = new Map(types.map((type) => [type.definition.type, type]))
    this.view = { id: 'fake', world: { now: this.now, speed: 1 }, nodes: [], shards: [] }
  }

  /** The next request is answered so, whatever it is. */
  answerNext(outcome: Outcome): void {
    this.#outcomes.push(outcome)
  }

  answerCommands(outcome: CommandOutcome): void {
    this.#commandOutcome = outcome
  }

  /** Commands wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => {}
    this.#gate = new Promise((resolve) => {
      release = () => {
        this.#gate = undefined
        resolve()
      }
    })
    return release
  }

  /** How many listen to this actor now. */
  watchers(actor: ActorId): number {
    return this.#watchers.get(actor)?.size ?? 0
  }

  /** A timer of the actor's own. */
  fire(actor: ActorId, message: Message): Outcome {
    return this.#turn(actor, message, true)
  }

  /** The state and the context of every actor, as they would be stored. */
  get snapshots(): readonly unknown[] {
    return [...this.#actors.values()].map(({ state: { value, context } }) => ({ value, context }))
  }

  /** Every record of every actor, and every stored reply. */
  get stored(): readonly unknown[] {
    return [...this.#actors.values()].flatMap(({ records, replies }) => [...records, ...replies])
  }

  /** As if it had never been: time was wound back. */
  forget(actor: ActorId): void {
    this.#actors.delete(actor)
  }

  /** A message from another actor. */
  deliver(actor: ActorId, message: Message): Outcome {
    return this.#turn(actor, message)
  }

  async request(request: ActorRequest): Promise<Outcome> {
    if (typeOf(request.actor) === 'audit') return this.#audit(request)
    this.requests.push(request)
    if (this.silent.has(typeOf(request.actor))) return { kind: 'timeout' }
    const scripted = this.#outcomes.shift()
    if (scripted !== undefined) return scripted
    const { actor, body } = request
    switch (body.kind) {
      case 'query':
        return this.#query(actor, body.name, body.args)
      case 'operate':
        return this.#operate(actor)
      case 'recall':
        return this.#known(request) ?? { kind: 'unknown' }
      case 'command':
        return this.#command(request, body.message)
    }
  }

  async #audit({ actor, body }: ActorRequest): Promise<Outcome> {
    if (!this.isAuditable) return { kind: 'timeout' }
    if (body.kind !== 'command') return { kind: 'unknown' }
    this.entries.push(body.message)
    return this.#types.has('audit')
      ? this.#turn(actor, body.message)
      : { kind: 'done', state: '', version: 1 }
  }

  /** What is known of the request's key. */
  #known({ actor, key = '', fingerprint = '' }: ActorRequest): Outcome | undefined {
    const reply = this.#actors.get(actor)?.replies.get(key)
    if (reply === undefined) return this.#running.has(key) ? { kind: 'running' } : undefined
    if (reply.fingerprint !== fingerprint) return { kind: 'key-reused' }
    return reply.outcome.kind === 'done' ? { ...reply.outcome, replayed: true } : reply.outcome
  }

  async #command(request: ActorRequest, message: Message): Promise<Outcome> {
    const { actor, key, fingerprint = '', ifVersion } = request
    const known = this.#known(request)
    if (known !== undefined) return known
    if (this.#gate !== undefined) {
      if (key !== undefined) this.#running.set(key, this.#gate)
      await this.#gate
      if (key !== undefined) this.#running.delete(key)
    }
    const version = this.#actors.get(actor)?.records.length ?? 0
    if (ifVersion !== undefined && ifVersion !== version)
      return { kind: 'stale', state: this.#actors.get(actor)?.state.value, version }
    const outcome = this.#turn(actor, message)
    if (key !== undefined && outcome.kind === 'done') {
      this.#actors.get(actor)?.replies.set(key, { fingerprint, outcome })
    }
    return outcome
  }

  #turn(id: ActorId, message: Message, isTimer = false): Outcome {
    const type = this.#types.get(typeOf(id))
    if (type === undefined) return { kind: 'unknown' }
    if (!isTimer && !type.definition.messageTypes.has(message.type) && !isOfRuntime(message)) {
      return { kind: 'invalid', problem: `no '${message.type}' in its contract` }
    }
    const actor = this.#actors.get(id) ?? this.#birth(id, type, message)
    if (actor === undefined) return { kind: 'unknown' }
    if (actor.state.done) return { kind: 'archived', state: actor.state.value }
    const version = actor.records.length
    const turn = type.machine.turn(actor.state, { ...message, at: this.now })
    if (turn === 'not-accepted') {
      return {
        kind: 'not-accepted',
        state: actor.state.value,
        accepts: type.machine.accepts(actor.state),
        version,
      }
    }
    this.#actors.set(id, actor)
    actor.state = turn.state
    const events = turn.effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))
    const record: JournalRecord = {
      shard: 'orders.0' as ShardId,
      actor: id,
      sequence: version + 1,
      at: this.now,
      id: `${id}.${version + 1}` as MessageId,
      message,
      state: turn.state.value,
      ...(events.length > 0 && { events }),
      ...(version > 0 && { previous: [scope, version as Position, 0] as RecordPlace }),
    }
    actor.records.push(record)
    this.#records.push(record)
    for (const changed of this.#watchers.get(id) ?? []) changed()
    const reply = turn.effects.find((effect) => effect.kind === 'reply')
    if (this.#connected)
      for (const effect of turn.effects) if (effect.kind === 'tell') this.#turn(effect.to, effect.message)
    return {
      kind: 'done',
      state: turn.state.value,
      version: version + 1,
      ...(reply && { reply: reply.message }),
    }
  }

  #birth(id: ActorId, type: FakeType, { type: message }: Message): FakeActor | undefined {
    if (!type.definition.creates.includes(message)) return undefined
    const { state } = type.machine.birth({ id, key: keyOf(id), at: this.now })
    return { type, records: [], replies: new Map(), state }
  }

  #query(id: ActorId, name: string, args: unknown): Outcome {
    const actor = this.#actors.get(id)
    const query = actor?.type.definition.queries?.[name]
    if (actor === undefined || query === undefined) return { kind: 'unknown' }
    const { value, context } = actor.state
    const version = actor.records.length
    return {
      kind: 'answer',
      value: query({ id, value, context, version }, args, this.now),
      state: value,
      version,
    }
  }

  #operate(id: ActorId): Outcome {
    const actor = this.#actors.get(id)
    if (actor === undefined) return { kind: 'unknown' }
    const { value, context, done } = actor.state
    const status = done ? 'archived' : 'live'
    const inside = { id, shard: 'orders.0', status, context, mailbox: [], mailboxDepth: 0 }
    return { kind: 'answer', value: inside, state: value, version: actor.records.length }
  }

  async history(
    actor: ActorId,
    { before, limit }: { readonly before?: RecordPlace; readonly limit: number },
  ): Promise<readonly JournalRecord[]> {
    const records = this.#actors.get(actor)?.records ?? []
    const end = before === undefined ? records.length : before[1]
    return records.slice(Math.max(0, end - limit), end).reverse()
  }

  async turns(...[after, { limit, upTo }]: Parameters<TurnSource['turns']>): Promise<Turns> {
    const from = after?.marks.turns ?? 0
    const end = upTo?.turns ?? this.#records.length
    const turns = Math.min(end, from + limit)
    return { journal: 'fake', marks: { turns }, records: this.#records.slice(from, turns), more: turns < end }
  }

  watch(actor: ActorId, changed: () => void): () => void {
    const watchers = this.#watchers.get(actor) ?? new Set()
    this.#watchers.set(actor, watchers.add(changed))
    return () => watchers.delete(changed)
  }

  watchActivity(see: (frame: Uint8Array) => void): ActivityWatch {
    this.viewers.add(see)
    return {
      again: () => {
        this.wholes += 1
      },
      stop: () => void this.viewers.delete(see),
    }
  }

  tapMessages(order: TapOrder, hear: Tapping['hear']): () => void {
    const tapping = { order, hear }
    this.taps.add(tapping)
    return () => void this.taps.delete(tapping)
  }

  async cluster(): Promise<ClusterView> {
    return this.view
  }

  async actors({ type, fits = () => true, limit, cursor }: Parameters<ClusterClient['actors']>[0]) {
    const items: ActorListItem[] = [...this.#actors]
      .filter(([id]) => (type === undefined || typeOf(id) === type) && id > (cursor ?? ''))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { state, records }]) => ({
        id,
        status: state.done ? 'archived' : 'live',
        state: state.value,
        version: records.length,
        shard: 'orders.0' as ShardId,
        node: 'node-1' as NodeId,
        at: this.now,
      }))
    const page = items.filter(fits).slice(0, limit)
    const last = page.at(-1)
    return items.length > limit && last !== undefined ? { items: page, nextCursor: last.id } : { items: page }
  }

  async deadLetters() {
    return { items: this.letters }
  }

  async command(command: NodeCommand): Promise<CommandOutcome> {
    this.commands.push(command)
    return this.#commandOutcome
  }

  ownership(): readonly Ownership[] {
    return this.owners
  }

  members(): readonly KnownMember[] {
    return this.known
  }

  ready(): boolean {
    return this.isReady
  }

  worldNow(): Instant {
    return this.now
  }

  idempotencyKey(): Uint8Array {
    return new Uint8Array(32).fill(7)
  }
}
