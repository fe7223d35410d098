/**
 * A stage on which a few actors play together in virtual time. For tests.
 *
 * Messages between two actors arrive in order, each after a drawn delay, and may be repeated as a retry would
 * repeat them. After each turn the state goes through JSON, as storage would put it. Both clocks are one.
 *
 * Owns:     one queue of events, and the order in it.
 * Does not: persist, supervise or place: it is no cluster, and no proof that one works.
 */
import { Compile } from 'typebox/compile'
import type { AnyActorScope, AnyMachineSnapshot } from 'xstate'
import type { ActorDefinition, ActorId, ActorState, Birth, Effect, Instant, Message } from '#actor'
import { after, draw, keyOf, typeOf } from '#actor'

export interface RehearsalOptions {
  readonly actors: readonly ActorDefinition[]
  readonly seed?: number
  /** Milliseconds that a message is under way, at most. */
  readonly delayMs?: number
  /** Share of messages between actors that come twice. */
  readonly repeats?: number
  /** Where to note what is reached, when several rehearsals count together. */
  readonly reached?: Set<string>
}

export interface Letter {
  readonly from: ActorId | undefined
  readonly to: ActorId
  readonly message: Message
}

interface Player {
  readonly definition: ActorDefinition
  snapshot: AnyMachineSnapshot
  version: number
  /** Timer id to the number of the event that fires it. */
  readonly timers: Map<string, number>
}

type Due =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'timer'; readonly actor: ActorId; readonly id: string; readonly message: Message }

interface Entry {
  readonly at: Instant
  readonly n: number
  readonly due: Due
}

export class Rehearsal {
  now = 0 as Instant
  /** Messages to types that are not on the stage. */
  readonly sent: Letter[] = []
  /** What nobody could take, with the reason. */
  readonly deadLetters: (Letter & { readonly reason: string })[] = []
  readonly events: Message[] = []
  readonly archived = new Map<ActorId, unknown>()
  /** Every state that was reached, as `type:value`, and every message handled, as `type<message`. */
  readonly reached: Set<string>
  turns = 0
  readonly #options: Required<RehearsalOptions>
  readonly #definitions: ReadonlyMap<string, ActorDefinition>
  readonly #contracts: ReadonlyMap<string, ReturnType<typeof Compile>>
  // XState's own `transition` builds a throw-away actor for each call; with one inert scope a day takes a second.
  readonly #scope: AnyActorScope
  #actions: Described[] = []
  readonly #players = new Map<ActorId, Player>()
  readonly #lastArrival = new Map<string, Instant>()
  #lost: (to: ActorId, message: Message) => boolean = () => false
  #queue: Entry[] = []
  #n = 0

  constructor(options: RehearsalOptions) {
    this.#options = { seed: 1, delayMs: 0, repeats: 0, reached: new Set(), ...options }
    this.reached = this.#options.reached
    this.#definitions = new Map(options.actors.map((definition) => [definition.type, definition]))
    this.#contracts = new Map(options.actors.map(({ type, accepts }) => [type, Compile(accepts)]))
    this.#scope = {
      self: {},
      id: 'rehearsal',
      sessionId: 'rehearsal',
      logger: () => {},
      defer: () => {},
      emit: () => {},
      stopChild: () => {},
      system: { _sendInspectionEvent: () => {} },
      actionExecutor: (action: Described) => this.#actions.push(action),
    } as unknown as AnyActorScope
  }

  /** From outside, at once. */
  tell(to: ActorId, message: Message): void {
    this.#deliver({ from: undefined, to, message })
  }

  /** From outside, after a while. */
  later(delayMs: number, to: ActorId, message: Message): void {
    this.#push(after(this.now, delayMs), { kind: 'letter', letter: { from: undefined, to, message } })
  }

  /** A message that the runtime sends, which is in no contract. */
  system(to: ActorId, message: Message): void {
    this.#turn(to, message, undefined)
  }

  /** From now on, what actors say to each other is lost where this holds. */
  lose(lost: (to: ActorId, message: Message) => boolean): void {
    this.#lost = lost
  }

  /** Runs what is due until then, and stands at that instant. */
  run(forMs: number): void {
    const end = after(this.now, forMs)
    for (let next = this.#queue[0]; next !== undefined && next.at <= end; next = this.#queue[0]) this.#step()
    this.now = end
  }

  /** Runs until `when` holds or nothing is left to do; true when it holds. */
  runUntil(when: () => boolean, atMostMs = 86_400_000): boolean {
    const end = after(this.now, atMostMs)
    while (!when()) {
      const next = this.#queue[0]
      if (next === undefined || next.at > end) return false
      this.#step()
    }
    return true
  }

  get living(): readonly ActorId[] {
    return [...this.#players.keys()]
  }

  value(id: ActorId): unknown {
    return this.archived.get(id) ?? this.#players.get(id)?.snapshot.value
  }

  context<C>(id: ActorId): C {
    return this.#player(id).snapshot.context as C
  }

  timers(id: ActorId): readonly string[] {
    return [...(this.#players.get(id)?.timers.keys() ?? [])]
  }

  query<T>(id: ActorId, name: string, args: unknown = undefined): T {
    const player = this.#player(id)
    const state: ActorState = {
      id,
      value: player.snapshot.value,
      context: player.snapshot.context,
      version: player.version,
    }
    return player.definition.queries?.[name]?.(state, args, this.now) as T
  }

  /** Messages sent off the stage, of one type, newest last. */
  sentOf(type: string): readonly Message[] {
    return this.sent.flatMap(({ message }) => (message.type === type ? [message] : []))
  }

  #player(id: ActorId): Player {
    const player = this.#players.get(id)
    if (player === undefined) throw new Error(`${id} is not on the stage.`)
    return player
  }

  #step(): void {
    const entry = pop(this.#queue)
    if (entry === undefined) return
    this.now = entry.at
    if (entry.due.kind === 'letter') return void this.#deliver(entry.due.letter)
    const { actor, id, message } = entry.due
    const timers = this.#players.get(actor)?.timers
    if (timers?.get(id) !== entry.n) return
    timers.delete(id)
    this.#turn(actor, message, undefined)
  }

  #deliver(letter: Letter): void {
    const { to, message, from } = letter
    const definition = this.#definitions.get(typeOf(to))
    if (definition === undefined) throw new Error(`${to} is not on the stage.`)
    const contract = this.#contracts.get(definition.type)
    if (contract?.Check(message) !== true) {
      const [first] = contract?.Errors(message) ?? []
      throw new Error(`${to} was sent ${JSON.stringify(message)}: ${JSON.stringify(first)}`)
    }
    if (this.archived.has(to)) {
      if (!definition.ignores?.includes(message.type))
        this.deadLetters.push({ ...letter, reason: 'archived' })
      return
    }
    if (!this.#players.has(to)) {
      if (!definition.creates.includes(message.type)) {
        this.deadLetters.push({ ...letter, reason: 'unknown' })
        return
      }
      this.#birth(to, definition)
    }
    this.#turn(to, message, from)
  }

  #birth(id: ActorId, definition: ActorDefinition): void {
    const birth: Birth = { id, key: keyOf(id), at: this.now }
    this.#actions = []
    const snapshot = definition.machine.getInitialSnapshot(this.#scope, birth)
    if (snapshot.status === 'error') throw snapshot.error
    this.#players.set(id, { definition, snapshot, version: 0, timers: new Map() })
    this.#carryOut(id, this.#actions.flatMap(described))
  }

  #turn(id: ActorId, message: Message, from: ActorId | undefined): void {
    const player = this.#player(id)
    const { machine } = player.definition
    const event = { ...message, at: this.now, ...(from === undefined ? {} : { from }) }
    deepFreeze(event)
    deepFreeze(player.snapshot.context)
    this.turns += 1
    this.reached.add(
      `${player.definition.type}<${message.type.replace(/^xstate\.after\.(\w+).*/, 'after $1')}`,
    )
    if (machine.getTransitionData(player.snapshot, event).length === 0) {
      const reason = `not accepted in ${JSON.stringify(player.snapshot.value)}`
      this.deadLetters.push({ from, to: id, message, reason })
      return
    }
    this.#actions = []
    const next = machine.transition(player.snapshot, event, this.#scope)
    player.version += 1
    this.reached.add(`${player.definition.type}:${JSON.stringify(next.value).replaceAll('"', '')}`)
    const effects = this.#actions.flatMap(described)
    if (next.status === 'done') {
      this.#players.delete(id)
      this.archived.set(id, next.value)
    } else {
      const context = JSON.parse(JSON.stringify(next.context)) as Record<string, unknown>
      player.snapshot = { ...next, context }
    }
    this.#carryOut(id, effects)
  }

  #carryOut(id: ActorId, effects: readonly Effect[]): void {
    const timers = this.#players.get(id)?.timers
    for (const effect of effects) {
      if (effect.kind === 'tell') this.#post({ from: id, to: effect.to, message: effect.message })
      else if (effect.kind === 'emit') this.events.push(effect.event)
      else if (effect.kind === 'cancel') timers?.delete(effect.id)
      else if (effect.kind === 'schedule') {
        const { message } = effect
        const n = this.#push(after(this.now, effect.delayMs), {
          kind: 'timer',
          actor: id,
          id: effect.id,
          message,
        })
        timers?.set(effect.id, n)
      } else throw new Error(`The stage has no ${effect.kind}.`)
    }
  }

  #post(letter: Letter): void {
    if (!this.#definitions.has(typeOf(letter.to))) {
      this.sent.push(letter)
      return
    }
    const { seed, delayMs, repeats } = this.#options
    if (this.#lost(letter.to, letter.message)) return
    const copies = draw(seed, 'repeat', this.#n) < repeats ? 2 : 1
    const pair = `${letter.from}>${letter.to}`
    for (let copy = 0; copy < copies; copy += 1) {
      const arrives = after(this.now, delayMs * draw(seed, pair, this.#n))
      const at = Math.max(arrives, this.#lastArrival.get(pair) ?? 0) as Instant
      this.#lastArrival.set(pair, at)
      this.#push(at, { kind: 'letter', letter })
    }
  }

  #push(at: Instant, due: Due): number {
    this.#n += 1
    push(this.#queue, { at, n: this.#n, due })
    return this.#n
  }
}

interface Described {
  readonly type: string
  readonly params?: unknown
  readonly info?: unknown
  readonly exec?: unknown
}

function described(action: Described): readonly Effect[] {
  if (action.type === 'xstate.raise') {
    const { event, id, delay } = action.params as { event: Message; id: string; delay?: number }
    return delay === undefined
      ? []
      : [{ kind: 'schedule', id, delayMs: delay, message: event, clock: 'world' }]
  }
  if (action.type === 'xstate.cancel') {
    return [{ kind: 'cancel', id: (action.params as { sendId: string }).sendId }]
  }
  const run = action.exec as (info: unknown, params: unknown) => Effect | readonly Effect[] | undefined
  const result = run(action.info, action.params)
  return result === undefined ? [] : Array.isArray(result) ? (result as Effect[]) : [result as Effect]
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.n < b.n)

function push(heap: Entry[], entry: Entry): void {
  let n = heap.length
  heap.push(entry)
  while (n > 0) {
    const parent = (n - 1) >> 1
    const above = heap[parent]
    if (above === undefined || !before(entry, above)) break
    heap[n] = above
    n = parent
  }
  heap[n] = entry
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let n = 0
  for (;;) {
    let child = 2 * n + 1
    const left = heap[child]
    const right = heap[child + 1]
    if (left === undefined) break
    let smaller = left
    if (right !== undefined && before(right, left)) {
      child += 1
      smaller = right
    }
    if (!before(smaller, last)) break
    heap[n] = smaller
    n = child
  }
  heap[n] = last
  return top
}
