/**
 * Runs an actor's XState machine as a function: a state and a message in, a state and effects out.
 *
 * Owns:     how a machine's actions become effects, what of its state is stored and how that is read back, and what a
 *           machine must not contain.
 * Does not: step a machine: a table does where it can (`machine-table.ts`), XState elsewhere. Nor check contracts
 *           (`registry.ts`), or carry out effects (`turns.ts`).
 *
 * Invariants:
 *   A1. A turn is pure: the same state and event give the same state and effects, also after `load(store(state))`.
 *       So the active states of an actor at rest are kept in document order, whatever way led there; XState's own
 *       order depends on the way.
 *   A2. Whatever an action or a guard throws leaves the turn as it is, and no part of the turn is kept.
 *   A3. What a machine cannot do here (spawn, send, log) is refused in words that say what to use instead, when
 *       the actor is defined if that can be seen, else in the turn.
 *   A4. A snapshot of another version, or with other context keys, is migrated or refused, never guessed.
 */

import type {
  AnyActorScope,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
  StateValue,
} from 'xstate'
import { and, __unsafe_getAllOwnEventDescriptors as ownEventDescriptors } from 'xstate'
import type { ActorDefinition, Birth, Delivered, Effect, Instant, Message } from '#actor'
import { ClusterError, hash32, ref } from '#actor'
import {
  type Action,
  type Context,
  MachineTable,
  matches,
  nameIn,
  nodesOf,
  type Place,
} from './machine-table.ts'

/** An actor's state between two turns. Pass it back as it is: it carries more than it shows. */
export interface LiveState {
  /** XState's state value: a string, or nested objects for compound and parallel states. */
  readonly value: unknown
  readonly context: unknown
  /** In a final state: it accepts nothing more. */
  readonly done: boolean
}

export interface Transition {
  readonly state: LiveState
  /** In the order in which the machine's actions described them. */
  readonly effects: readonly Effect[]
}

export interface MachineOptions {
  /** Deep-freezes births, events and contexts, so that an author's mutation throws. For development and tests. */
  readonly freeze?: boolean
  /** By a table where the machine allows it (the default), or by XState itself in any case. To compare the two. */
  readonly executor?: 'table' | 'xstate'
}

type History = AnyMachineSnapshot['historyValue']

/** A guard that asks others, as XState makes it. */
type Composed = NonNullable<AnyTransitionDefinition['guard']> & {
  check(snapshot: AnyMachineSnapshot, args: object, guard: Composed): boolean
}

/** A set of active states, shared by all actors that are in it: a snapshot without context and history. */
interface Configuration {
  readonly snapshot: AnyMachineSnapshot
  readonly done: boolean
  readonly accepts: readonly string[]
  /** Where it is in the table, if there is one. */
  readonly place: Place | undefined
}

class Live implements LiveState {
  readonly configuration: Configuration
  readonly context: Context
  readonly history: History

  constructor(configuration: Configuration, context: Context, history: History) {
    this.configuration = configuration
    this.context = context
    this.history = history
  }

  get value(): unknown {
    return this.configuration.snapshot.value
  }

  get done(): boolean {
    return this.configuration.done
  }
}

/** More microsteps than this in one turn are an endless loop of `always` or `raise`. */
const microstepsMax = 1_000

const noHistory: History = {}
const noEffects: readonly Effect[] = []

/** Ids of timers, asks and calls are part of storage keys. */
const effectIdLengthMax = 200

/** Version, state value and history come before the context's fields. */
const fieldsAt = 3

export class Machine {
  readonly version: string
  readonly #type: string
  readonly #definition: ActorDefinition
  readonly #machine: AnyStateMachine
  readonly #freeze: boolean
  /** The context's keys in declared order. */
  readonly #keys: readonly string[]
  /** What a stored state of this version begins with. */
  readonly #stamp: string
  readonly #nodes = new Map<string, AnyStateNode>()
  readonly #configurations = new Map<string, Configuration>()
  readonly #scope: AnyActorScope
  readonly #table: MachineTable | undefined
  readonly #configurationOf = new Map<Place, Configuration>()
  #effects: Effect[] = []
  #enabled = false
  /** What a guard threw in this turn, if one did; XState throws words about it instead. */
  readonly #thrown: unknown[] = []

  /** @throws ClusterError `ACTOR_DEFINITION_INVALID` when the machine cannot run here. */
  constructor(definition: ActorDefinition, options: MachineOptions = {}) {
    this.#type = definition.type
    this.#definition = definition
    this.#freeze = options.freeze ?? false
    // A copy of our own: the author's machine may be inspected or run elsewhere.
    this.#machine = definition.machine.provide({})
    this.#machine.options = {
      ...this.#machine.options,
      maxIterations: Math.min(this.#machine.options.maxIterations ?? microstepsMax, microstepsMax),
    }
    for (const node of nodesOf(this.#machine.root)) this.#nodes.set(node.id, node)
    this.#scope = this.#inertScope()
    const problem = problemOf(definition, this.#machine, [...this.#nodes.values()])
    if (problem !== undefined)
      throw new ClusterError('ACTOR_DEFINITION_INVALID', { type: this.#type, ...problem })
    if (options.executor !== 'xstate') this.#table = MachineTable.of(this.#machine, this.#scope)
    this.#rememberWhatGuardsThrow()
    this.version = this.#machine.version ?? '1'
    this.#keys = Object.keys(this.#probe())
    this.#stamp = stampOf(this.version, this.#keys)
  }

  /** Whether it can go on from what that version of it has stored. */
  reads(version: string): boolean {
    const passed = new Set<string>()
    for (let at = version; at !== this.version; ) {
      const migration = this.#definition.migrations?.[at]
      if (migration === undefined || passed.has(at)) return false
      passed.add(at)
      at = migration.to
    }
    return true
  }

  /** What runs its turns. Births are XState's in any case. */
  get executor(): 'table' | 'xstate' {
    return this.#table === undefined ? 'xstate' : 'table'
  }

  /** The initial state, with its entry effects and timers. */
  birth(birth: Birth): Transition {
    if (this.#freeze) deepFreeze(birth)
    this.#effects = []
    return this.#unwrapped(() => {
      const snapshot = this.#machine.getInitialSnapshot(this.#scope, birth)
      // XState turns what the first actions throw into a state.
      if (snapshot.status === 'error') throw snapshot.error
      return this.#transition(snapshot)
    })
  }

  /**
   * Handles one message, or says that the machine has nothing for it in this state: no handler, no guard that
   * holds, or a final state. A handler without target and actions accepts.
   */
  turn(state: LiveState, event: Delivered<Message>): Transition | 'not-accepted' {
    const { configuration, context, history } = state as Live
    if (configuration.done) return 'not-accepted'
    if (this.#freeze) deepFreeze(event)
    this.#effects = []
    if (this.#table !== undefined && configuration.place !== undefined) {
      const ran = this.#table.run(configuration.place, context, event)
      return ran === undefined ? 'not-accepted' : this.#arrived(ran.place, ran.context)
    }
    this.#enabled = false
    const before = { ...configuration.snapshot, context, historyValue: history }
    const after = this.#unwrapped(() => this.#machine.transition(before, event, this.#scope))
    return this.#enabled ? this.#transition(after) : 'not-accepted'
  }

  /** The messages of the contract that the state has a handler for, whatever its guards would say; in contract order. */
  accepts(state: LiveState): readonly string[] {
    return (state as Live).configuration.accepts
  }

  /** `[stamp, value, history or null, ...context in declared order]`, and an object of further keys if there are any. */
  store(state: LiveState): readonly unknown[] {
    const { configuration, context, history } = state as Live
    const stored: unknown[] = new Array(fieldsAt + this.#keys.length)
    stored[0] = this.#stamp
    stored[1] = configuration.snapshot.value
    stored[2] = idsOf(history)
    let at = fieldsAt
    let known = 0
    for (const key of this.#keys) {
      stored[at] = context[key]
      at += 1
      if (key in context) known += 1
    }
    const keys = Object.keys(context)
    if (keys.length > known) {
      const declared = new Set(this.#keys)
      stored.push(Object.fromEntries(Object.entries(context).filter(([key]) => !declared.has(key))))
    }
    return stored
  }

  /**
   * Reads what `store` wrote, in this version or in one that migrations lead on from.
   *
   * @throws ClusterError `SNAPSHOT_VERSION_UNKNOWN`.
   */
  load(stored: readonly unknown[]): { readonly state: LiveState; readonly migrated: boolean } {
    if (stored[0] === this.#stamp) {
      return { state: this.#revive(stored, stored[1], contextOf(this.#keys, stored)), migrated: false }
    }
    const { value, context } = this.#migrate(stored)
    return { state: this.#revive(stored, value, context as Context), migrated: true }
  }

  #transition(snapshot: AnyMachineSnapshot): Transition {
    return this.#result(this.#configuration(snapshot.value), snapshot.context, snapshot.historyValue)
  }

  /** Of the table, whose machines have no history. */
  #arrived(place: Place, context: Context): Transition {
    let configuration = this.#configurationOf.get(place)
    if (configuration === undefined) {
      configuration = this.#configuration(place.value)
      this.#configurationOf.set(place, configuration)
    }
    return this.#result(configuration, context, noHistory)
  }

  #result(configuration: Configuration, context: Context, history: History): Transition {
    if (this.#freeze) deepFreeze(context)
    const effects = this.#effects.length === 0 ? noEffects : this.#effects
    return { state: new Live(configuration, context, history), effects }
  }

  /** @throws when the machine has no such states. */
  #configuration(value: StateValue): Configuration {
    const key = typeof value === 'string' ? value : JSON.stringify(value)
    return this.#configurations.get(key) ?? this.#learn(key, value)
  }

  #learn(key: string, value: StateValue): Configuration {
    const ordered = inDocumentOrder(this.#machine.root, value)
    const snapshot = this.#machine.resolveState({ value: ordered, context: {} })
    snapshot._nodes.sort((a, b) => a.order - b.order)
    // Every actor in this state shows the same value.
    deepFreeze(snapshot.value)
    const done = snapshot.status === 'done'
    const descriptors = done ? [] : ownEventDescriptors(snapshot)
    const accepts = [...this.#definition.messageTypes].filter((type) =>
      descriptors.some((descriptor) => matches(descriptor, type)),
    )
    const place = this.#table?.placeOf(snapshot._nodes)
    const configuration = { snapshot, done, accepts, place }
    this.#configurations.set(key, configuration)
    return configuration
  }

  #rememberWhatGuardsThrow(): void {
    for (const node of this.#nodes.values()) {
      for (const transition of [...node.transitions.values(), node.always ?? []].flat()) {
        if (transition.guard === undefined) continue
        // Of one guard it is that guard, and knows like XState how to ask one of any kind.
        const guard = and([transition.guard as never]) as unknown as Composed
        const { check } = guard
        guard.check = (...asked) => {
          try {
            return check(...asked)
          } catch (error) {
            this.#thrown.push(error)
            throw error
          }
        }
        transition.guard = guard
      }
    }
  }

  /** A decider is given what the author threw. */
  #unwrapped<T>(run: () => T): T {
    this.#thrown.length = 0
    try {
      return run()
    } catch (error) {
      throw this.#thrown.length === 0 ? error : this.#thrown[0]
    }
  }

  /** The scope in which XState runs the machine: it collects what actions describe, and does nothing. */
  #inertScope(): AnyActorScope {
    const refuse = (what: string, remedy: string) => (): never => {
      throw new Error(`${what} does nothing in an actor. ${remedy}`)
    }
    const spawn = refuse('`spawn`', 'A child would not be durable: `tell` an actor of another type instead.')
    const self = {
      id: this.#type,
      sessionId: this.#type,
      // The first thing that a child looks for.
      get system() {
        return spawn()
      },
      send: refuse('`self.send`', 'Use `raise` for a message to the same turn, or `tell`.'),
    }
    const system = {
      _sendInspectionEvent: (inspected: { readonly _transitions?: readonly unknown[] }) => {
        if (inspected._transitions !== undefined && inspected._transitions.length > 0) this.#enabled = true
      },
    }
    return {
      self,
      id: this.#type,
      sessionId: this.#type,
      logger: () => {},
      defer: spawn,
      emit: () => {},
      stopChild: () => {},
      system,
      actionExecutor: (action: Action) => this.#collect(action),
    } as unknown as AnyActorScope
  }

  #collect(action: Action): void {
    const { type, params, exec } = action
    if (type === 'xstate.raise') {
      const { event, id, delay } = params as { event: Message; id?: string; delay?: number }
      if (typeof delay === 'number')
        this.#describe({ kind: 'schedule', id: id ?? '', delayMs: delay, message: event, clock: 'world' })
    } else if (type === 'xstate.cancel') {
      this.#describe({ kind: 'cancel', id: (params as { sendId: string }).sendId })
    } else if (type in refusedActions) {
      throw new Error(`Actor '${this.#type}' uses ${nameOf(type)}. ${refusedActions[type]}`)
    } else if (exec === undefined) {
      throw new Error(`Actor '${this.#type}' has no action '${type}'. Give it to \`setup({ actions })\`.`)
    } else {
      if (this.#freeze) deepFreeze(action.info.context)
      this.#returned(type, exec(action.info, params))
    }
  }

  #returned(action: string, result: unknown): void {
    if (result === undefined) return
    for (const effect of Array.isArray(result) ? result : [result]) {
      if (!isEffect(effect)) throw new Error(notAnEffect(this.#type, action, effect))
      this.#describe(effect)
    }
  }

  #describe(effect: Effect): void {
    if (effect.kind === 'schedule') {
      if (!Number.isFinite(effect.delayMs)) {
        throw new Error(
          `Timer '${effect.id}' of '${this.#type}' has the delay ${effect.delayMs}. Give it milliseconds.`,
        )
      }
      if (effect.id === '') throw new Error(noTimerId(this.#type))
    }
    if ('id' in effect && (effect.id.length > effectIdLengthMax || effect.id.includes('\0')))
      throw new Error(wrongEffectId(this.#type, effect))
    this.#effects.push(effect)
  }

  /** The context of a birth that never happens: it shows the declared keys, and that the context can be built. */
  #probe(): Context {
    const context = this.#machine.config.context as Context | undefined | ((of: object) => Context)
    if (typeof context !== 'function') return context ?? {}
    const input: Birth = { id: ref(this.#type, 'probe'), key: 'probe', at: 0 as Instant }
    try {
      return context({ input, self: this.#scope.self, spawn: this.#scope.defer })
    } catch (error) {
      throw new ClusterError('ACTOR_DEFINITION_INVALID', {
        type: this.#type,
        problem: `its first context cannot be built (${error instanceof Error ? error.message : String(error)})`,
        remedy: 'Build it from `input` alone, for any key.',
      })
    }
  }

  #revive(stored: readonly unknown[], value: unknown, context: Context): LiveState {
    if (this.#freeze) deepFreeze(context)
    let configuration: Configuration
    try {
      configuration = this.#configuration(value as StateValue)
    } catch {
      throw this.#unknown(`${versionOf(stored)}, in the state ${JSON.stringify(value)},`)
    }
    return new Live(configuration, context, this.#history(stored[2]))
  }

  /** A history that names a state which is gone is forgotten: XState then takes the history's default. */
  #history(stored: unknown): History {
    if (stored === null || stored === undefined) return noHistory
    const history: Record<string, AnyStateNode[]> = {}
    for (const [id, ids] of Object.entries(stored as Record<string, readonly string[]>)) {
      const nodes = ids.map((one) => this.#nodes.get(one))
      if (nodes.every((node) => node !== undefined)) history[id] = nodes
    }
    return history
  }

  #migrate(stored: readonly unknown[]): { value: unknown; context: unknown } {
    const { migrations = {} } = this.#definition
    const first = versionOf(stored)
    const passed = new Set<string>()
    let state: { value: unknown; context: unknown } | undefined
    for (let version = first; state === undefined || version !== this.version; ) {
      const migration = migrations[version]
      if (migration === undefined || passed.has(version)) throw this.#unknown(first)
      if (state === undefined && stampOf(version, migration.keys) !== stored[0]) {
        throw this.#unknown(`${first} with other context keys than its migration names,`)
      }
      state = migration.migrate(state ?? { value: stored[1], context: contextOf(migration.keys, stored) })
      passed.add(version)
      version = migration.to
    }
    return state
  }

  #unknown(stored: string): ClusterError {
    return new ClusterError('SNAPSHOT_VERSION_UNKNOWN', { actor: this.#type, stored, machine: this.version })
  }
}

/**
 * What a stored state begins with. The hash of the keys tells a changed context from an unchanged one when the
 * author forgot to give it a new version: fields are stored by position.
 */
function stampOf(version: string, keys: readonly string[]): string {
  return `${version}+${hash32(keys.join()).toString(36)}`
}

function versionOf(stored: readonly unknown[]): string {
  const stamp = String(stored[0])
  return stamp.slice(0, stamp.lastIndexOf('+'))
}

function contextOf(keys: readonly string[], stored: readonly unknown[]): Context {
  const context: Record<string, unknown> = {}
  for (let n = 0; n < keys.length; n += 1) {
    const value = stored[fieldsAt + n]
    if (value !== undefined) context[keys[n] as string] = value
  }
  return Object.assign(context, stored[fieldsAt + keys.length])
}

function idsOf(history: History): Readonly<Record<string, readonly string[]>> | null {
  if (history === noHistory) return null
  const entries = Object.entries(history)
  if (entries.length === 0) return null
  return Object.fromEntries(entries.map(([id, nodes]) => [id, nodes.map((node) => node.id)]))
}

function inDocumentOrder(node: AnyStateNode, value: StateValue): StateValue {
  if (typeof value === 'string') return value
  const unknown = Object.keys(value).find((key) => !(key in node.states))
  if (unknown !== undefined) throw new Error(`State '${unknown}' does not exist on '${node.id}'.`)
  const ordered: Record<string, StateValue> = {}
  for (const [key, child] of Object.entries(node.states)) {
    const inner = value[key]
    if (inner !== undefined) ordered[key] = inDocumentOrder(child, inner)
  }
  return ordered
}

const effectKinds: Readonly<Record<Effect['kind'], true>> = {
  tell: true,
  reply: true,
  ask: true,
  schedule: true,
  cancel: true,
  emit: true,
  call: true,
}

function isEffect(value: unknown): value is Effect {
  return typeof value === 'object' && value !== null && 'kind' in value && String(value.kind) in effectKinds
}

function notAnEffect(type: string, action: string, value: unknown): string {
  const what =
    value === null ? 'null' : typeof value === 'object' && 'then' in value ? 'a promise' : `a ${typeof value}`
  return (
    `Action '${action}' of '${type}' returned ${what}. An action returns an effect, a list of effects ` +
    '(`tell`, `reply`, `ask`, `schedule`, `cancel`, `emit`, `call`, `effects`), or nothing.'
  )
}

function wrongEffectId(type: string, { kind, id }: Extract<Effect, { id: string }>): string {
  return `The id of a ${kind} of '${type}' is longer than ${effectIdLengthMax} characters or holds NUL: '${id.slice(0, 50)}'. Give it a short one.`
}

function noTimerId(type: string): string {
  return `A delayed \`raise\` of '${type}' has no id. Write raise(event, { delay, id }): a timer is stored under its id.`
}

/** XState's actions that would reach outside the turn, and what to use instead. */
const refusedActions: Readonly<Record<string, string>> = {
  'xstate.emit': 'Use `emit` of #actor: it journals a domain event.',
  'xstate.log': 'Use `emit` for what must be kept; what happens in a turn is shown by the observer.',
  'xstate.sendTo': 'Use `tell` with the address of an actor.',
  'xstate.spawnChild': 'A child would not be durable: `tell` an actor of another type instead.',
  'xstate.stopChild': 'An actor has no children: `tell` the other actor to end.',
}

function nameOf(type: string): string {
  return `\`${type.slice('xstate.'.length)}\` of xstate`
}

interface Problem {
  readonly problem: string
  readonly remedy: string
}

/** What can be seen of a machine before it runs. `defineActor` has already looked for `invoke`. */
function problemOf(
  definition: ActorDefinition,
  machine: AnyStateMachine,
  nodes: readonly AnyStateNode[],
): Problem | undefined {
  if (machine.version !== undefined && typeof machine.version !== 'string') {
    return { problem: 'the version of its machine is not a string', remedy: "Write it as '1', '2', ..." }
  }
  const reserved = [...definition.messageTypes].find((type) => type.startsWith('xstate.'))
  if (reserved !== undefined)
    return { problem: `'${reserved}' is a name of xstate's own`, remedy: 'Choose another.' }
  const { actions, guards } = machine.implementations
  const transitions = nodes.flatMap((node) => [...node.transitions.values(), node.always ?? []].flat())
  const used = [
    ...nodes.flatMap((node) => [...node.entry, ...node.exit]),
    ...nodes.flatMap((node) => (node.type === 'compound' ? node.initial.actions : [])),
    ...transitions.flatMap((transition) => transition.actions),
    ...Object.values(actions ?? {}),
  ]
  for (const action of used) {
    const problem = problemOfAction(action, machine)
    if (problem !== undefined) return problem
  }
  for (const { guard } of transitions) {
    const name = nameIn(guard)
    if (name !== undefined && guards?.[name] === undefined) {
      return { problem: `its guard '${name}' is not implemented`, remedy: 'Give it to `setup({ guards })`.' }
    }
  }
  return undefined
}

function problemOfAction(action: unknown, machine: AnyStateMachine): Problem | undefined {
  const name = nameIn(action)
  if (name !== undefined) {
    if (machine.implementations.actions?.[name] !== undefined) return undefined
    return { problem: `its action '${name}' is not implemented`, remedy: 'Give it to `setup({ actions })`.' }
  }
  const { type, delay, id } = action as { type?: string; delay?: unknown; id?: unknown }
  if (type === undefined) return undefined
  const remedy = refusedActions[type]
  if (remedy !== undefined) return { problem: `its machine uses ${nameOf(type)}`, remedy }
  if (type !== 'xstate.raise' || delay === undefined) return undefined
  // XState raises at once what waits for a delay that it does not know.
  if (typeof delay === 'string' && machine.implementations.delays?.[delay] === undefined) {
    return { problem: `its delay '${delay}' is not implemented`, remedy: 'Give it to `setup({ delays })`.' }
  }
  if (id === undefined) {
    return {
      problem: 'a delayed `raise` has no id',
      remedy: 'Write raise(event, { delay, id }): a timer is stored under its id.',
    }
  }
  return undefined
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
}
