/**
 * A floor to try actors on: messages, timers and outbound calls, in memory, in any legal order.
 *
 * It steps machines with XState's own pure functions, so it says what they mean, not what a kernel does.
 *
 * Owns:     delivery in order per sender and receiver, and in whatever order `choose` picks between them; one
 *           clock for both of an actor's clocks; and what was reached.
 * Does not: store, crash or retry: the simulator does that, with the real kernel.
 */
import { Value } from 'typebox/value'
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate'
import { initialTransition, transition } from 'xstate'
import type {
  ActorDefinition,
  ActorId,
  ActorRef,
  AnyMessage,
  CallDone,
  CallEffect,
  CallFailed,
  Effect,
  Instant,
  Message,
} from '#actor'
import { keyOf, typeOf } from '#actor'

/** One actor, stepped by hand. */
export class Stage {
  readonly definition: ActorDefinition
  readonly id: ActorId
  snapshot: AnyMachineSnapshot
  version = 0

  constructor(definition: ActorDefinition, key: string, at = 0) {
    this.definition = definition
    this.id = definition.ref(key)
    const birth = frozen({ id: this.id, key, at })
    const [snapshot, actions] = initialTransition(definition.machine, birth)
    this.snapshot = snapshot
    if (effectsOf(actions).length > 0) throw new Error(`${this.id} acts before its first message`)
  }

  /** The effects of the message; undefined when the state has nothing for it. */
  send(message: AnyMessage, at = 0): readonly Effect[] | undefined {
    const event = frozen({ ...message, at })
    const enabled = this.definition.machine.getTransitionData(this.snapshot, event)
    if (this.isDone || enabled === undefined || enabled.length === 0) return undefined
    const [snapshot, actions] = transition(this.definition.machine, this.snapshot, event)
    if (snapshot.status === 'error') throw snapshot.error
    frozen(snapshot.context)
    this.snapshot = snapshot
    this.version += 1
    return effectsOf(actions)
  }

  get context(): Readonly<Record<string, unknown>> {
    return this.snapshot.context
  }

  /** The inner-most states, as paths: `paying.charging`. */
  get state(): string {
    return this.snapshot._nodes
      .filter((node) => node.type === 'atomic' || node.type === 'final')
      .map((node) => node.path.join('.'))
      .join(' ')
  }

  get isDone(): boolean {
    return this.snapshot.status === 'done'
  }

  query<T>(name: string, args?: unknown): T {
    const query = this.definition.queries?.[name]
    if (query === undefined) throw new Error(`${this.definition.type} has no query '${name}'`)
    const { value, context } = this.snapshot
    return query({ id: this.id, value, context, version: this.version }, args, 0 as Instant) as T
  }
}

/** What the outside says to one try of a call. */
export interface Answer {
  readonly outcome: { readonly kind: 'done'; readonly result: unknown } | Failure | 'never'
  readonly delayMs: number
}
interface Failure {
  readonly kind: 'refused' | 'unknown'
  readonly detail: string
}

/** A timer's row. It fires if it is still there when its message is delivered. */
interface Due {
  readonly actor: ActorId
  readonly id: string
  readonly at: number
  readonly message: Message
  fired: boolean
}

interface Letter {
  readonly message: Message
  readonly row?: Due
}

export interface FloorOptions {
  readonly actors: readonly ActorDefinition[]
  readonly outside?: (call: CallEffect, key: string) => Answer
  /** A whole number in [0, bound): which channel goes next. Default: the oldest. */
  readonly choose?: (bound: number) => number
}

export class Floor {
  readonly stages = new Map<ActorId, Stage>()
  /** Domain events in order. */
  readonly events: Message[] = []
  /** Replies to messages that came from outside. */
  readonly replies: Message[] = []
  /** Messages that found no actor, a finished one, or no handler; ignored ones are not here. */
  readonly unhandled: { readonly to: ActorId; readonly state: string; readonly message: Message }[] = []
  /** `type:state` and `type>message`. */
  readonly reached = new Set<string>()
  now = 0
  readonly #definitions: ReadonlyMap<string, ActorDefinition>
  readonly #options: FloorOptions
  readonly #channels = new Map<string, { readonly to: ActorId; readonly letters: Letter[] }>()
  #timers: Due[] = []

  constructor(options: FloorOptions) {
    this.#options = options
    this.#definitions = new Map(options.actors.map((definition) => [definition.type, definition]))
  }

  /** From outside. */
  tell<M extends Message>(to: ActorRef<M>, message: M): void {
    this.#post('outside', to as ActorId, message)
  }

  stage(id: ActorId): Stage {
    const stage = this.stages.get(id)
    if (stage === undefined) throw new Error(`there is no ${id}`)
    return stage
  }

  all(type: string): Stage[] {
    return [...this.stages.values()].filter(({ definition }) => definition.type === type)
  }

  /** Delivers one message. */
  step(): boolean {
    const ready = [...this.#channels.entries()]
    const pick = ready[this.#options.choose?.(ready.length) ?? 0]
    if (pick === undefined) return false
    const [name, { to, letters }] = pick
    const letter = letters.shift()
    // A channel goes to the end of the line, and an empty one is gone.
    this.#channels.delete(name)
    if (letters.length > 0) this.#channels.set(name, { to, letters })
    if (letter !== undefined) this.#deliver(to, letter)
    return true
  }

  /** Delivers until nothing is on its way. Time stands still. */
  settle(): void {
    for (let steps = 0; this.step(); steps += 1) if (steps > 100_000) throw new Error('it never settles')
  }

  /** Lets time pass, timer by timer, with nothing left on its way. */
  elapse(ms: number): void {
    const end = this.now + ms
    this.settle()
    while (this.skip(end)) this.settle()
    this.now = end
  }

  /** Jumps to the next timer that is due by then, and leaves on its way what is on its way. */
  skip(by: number): boolean {
    const [due] = this.#timers.filter(({ at, fired }) => at <= by && !fired).sort((a, b) => a.at - b.at)
    if (due === undefined) return false
    this.now = Math.max(this.now, due.at)
    due.fired = true
    this.#post(`timer ${due.id}`, due.actor, due.message, due)
    return true
  }

  get timers(): readonly string[] {
    return this.#timers.map(({ actor, id }) => `${actor} ${id}`)
  }

  #post(from: string, to: ActorId, message: Message, row?: Due): void {
    const name = `${from}→${to}`
    const channel = this.#channels.get(name) ?? { to, letters: [] }
    const copy = frozen(structuredClone(message))
    channel.letters.push(row === undefined ? { message: copy } : { message: copy, row })
    this.#channels.set(name, channel)
  }

  #deliver(to: ActorId, { message, row }: Letter): void {
    if (row !== undefined && !this.#timers.includes(row)) return
    this.#timers = this.#timers.filter((timer) => timer !== row)
    const definition = this.#definitions.get(typeOf(to))
    if (definition === undefined) throw new Error(`no actor type for ${to}`)
    let stage = this.stages.get(to)
    if (stage === undefined && definition.creates.includes(message.type)) {
      stage = new Stage(definition, keyOf(to), this.now)
    }
    const effects = stage?.send(message, this.now * 1_000)
    if (stage === undefined || effects === undefined) {
      if (stage?.isDone && definition.ignores?.includes(message.type)) return
      this.unhandled.push({ to, state: stage?.state ?? 'absent', message })
      return
    }
    this.stages.set(to, stage)
    this.reached.add(`${definition.type}:${stage.state}`)
    this.reached.add(`${definition.type}>${message.type}`)
    for (const effect of effects) this.#carryOut(to, effect)
    if (stage.isDone) this.#timers = this.#timers.filter(({ actor }) => actor !== to)
  }

  #carryOut(actor: ActorId, effect: Effect): void {
    switch (effect.kind) {
      case 'tell':
        this.#check(effect.to as ActorId, effect.message)
        this.#post(actor, effect.to as ActorId, effect.message)
        return
      case 'schedule':
        this.#timers = this.#timers.filter((timer) => timer.actor !== actor || timer.id !== effect.id)
        this.#timers.push({
          actor,
          id: effect.id,
          at: this.now + effect.delayMs,
          message: effect.message,
          fired: false,
        })
        return
      case 'cancel':
        this.#timers = this.#timers.filter((timer) => timer.actor !== actor || timer.id !== effect.id)
        return
      case 'emit':
        this.events.push(effect.event)
        return
      case 'reply':
        this.replies.push(effect.message)
        return
      case 'call':
        this.#call(actor, effect)
        return
      case 'ask':
        throw new Error('no actor asks here')
    }
  }

  #check(to: ActorId, message: Message): void {
    const schema = this.#definitions.get(typeOf(to))?.accepts
    if (schema !== undefined && Value.Check(schema, message)) return
    throw new Error(`${to} does not accept ${JSON.stringify(message)}`)
  }

  // Every try happens now; what it answers comes later, as a timer of its own.
  #call(actor: ActorId, call: CallEffect): void {
    const key = `${actor}#${call.id}`
    let waited = 0
    for (let attempt = 1; attempt <= call.attemptsMax; attempt += 1) {
      const { outcome, delayMs } = this.#options.outside?.(call, key) ?? {
        outcome: { kind: 'refused', detail: 'nobody there' } as const,
        delayMs: 0,
      }
      waited += outcome === 'never' ? call.deadlineMs : delayMs
      if (outcome === 'never' || waited >= call.deadlineMs) break
      if (outcome.kind === 'done') {
        this.#answer(actor, call, waited, { type: 'call.done', call: call.id, result: outcome.result })
        return
      }
      if (outcome.kind === 'refused') {
        const { detail } = outcome
        this.#answer(actor, call, waited, { type: 'call.failed', call: call.id, reason: 'refused', detail })
        return
      }
    }
    this.#answer(actor, call, Math.min(waited, call.deadlineMs), {
      type: 'call.failed',
      call: call.id,
      reason: 'expired',
      detail: 'no answer',
    })
  }

  #answer(actor: ActorId, call: CallEffect, delayMs: number, message: CallDone | CallFailed): void {
    this.#timers.push({ actor, id: `call ${call.id}`, at: this.now + delayMs, message, fired: false })
  }
}

/**
 * The states that were not visited and the messages that were not accepted. Passing states, which an actor
 * leaves in the turn in which it enters them, are never seen.
 */
export function unreached(definition: ActorDefinition, reached: ReadonlySet<string>): string[] {
  const { type, machine, messageTypes } = definition
  const states = leaves(machine.root).map((path) => `${type}:${path}`)
  const messages = [...messageTypes].map((message) => `${type}>${message}`)
  return [...states, ...messages].filter((name) => !reached.has(name))
}

function leaves(node: AnyStateNode): string[] {
  const children = Object.values(node.states)
  if (children.length > 0) return children.flatMap(leaves)
  const isPassing = node.always?.some(({ guard }) => guard === undefined) ?? false
  const isBorn = node.parent?.initial.target?.includes(node) === true && node.parent.parent === undefined
  return isPassing || isBorn ? [] : [node.path.join('.')]
}

function effectsOf(actions: readonly unknown[]): Effect[] {
  return (actions as readonly Action[]).flatMap((action) => {
    if (action.type === 'xstate.raise') {
      const { event, id, delay } = action.params as { event: Message; id: string; delay: number }
      return [{ kind: 'schedule', id, delayMs: delay, message: event, clock: 'world' } as const]
    }
    if (action.type === 'xstate.cancel') {
      return [{ kind: 'cancel', id: (action.params as { sendId: string }).sendId } as const]
    }
    return (action.exec(action.info, action.params) as readonly Effect[] | Effect | undefined) ?? []
  })
}

interface Action {
  readonly type: string
  readonly info: unknown
  readonly params: unknown
  readonly exec: (info: unknown, params: unknown) => unknown
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}
