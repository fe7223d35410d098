/**
 * Runs a machine by a table: what a transition leaves, does and enters, and in which order, is worked out when it
 * is first taken from a state, and looked up from then on.
 *
 * XState stays the author and the oracle: the table is made of its parsed machine, and differential tests walk both
 * side by side. It works out all of that again in every turn, and makes a snapshot for every assignment; that was
 * two thirds of a turn. Given up: machines with parallel states, history, outputs or enqueued actions are not put in
 * a table, and run by XState itself.
 *
 * Owns:     which machines a table can run, and XState's algorithm for those: selection, guards, microsteps, raised
 *           and done events.
 * Does not: make effects of actions (`machine.ts`), or give birth: XState does.
 *
 * Invariants:
 *   E1. From the same states, context and event: the same states, context and actions as XState, in its order.
 */
import type {
  AnyActorScope,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
  StateValue,
} from 'xstate'
import type { Message } from '#actor'

export type Context = Readonly<Record<string, unknown>>
export type Action = Parameters<AnyActorScope['actionExecutor']>[0]

/** What changes while a turn runs. */
interface Running {
  context: Context
  /** The message; later the event that was raised last. */
  event: Message
  readonly raised: Message[]
  /** There was an assignment since the last microstep began. */
  assigned: boolean
}

type Step = (running: Running) => void
type Guard = (running: Running, place: Place) => boolean

interface Candidate {
  readonly transition: AnyTransitionDefinition
  readonly guard: Guard | undefined
  /** Worked out when it is first taken. */
  plan: Plan | undefined
}

interface Plan {
  readonly steps: readonly Step[]
  readonly next: Place
}

/** A set of active states. Without parallel states that is one innermost state and all around it. */
export class Place {
  /** From the root inwards. */
  readonly nodes: readonly AnyStateNode[]
  readonly value: StateValue
  /** The machine ends here. */
  readonly done: boolean
  readonly candidates = new Map<string, readonly Candidate[]>()
  always: readonly Candidate[] | undefined
  #snapshot: AnyMachineSnapshot | undefined

  constructor(leaf: AnyStateNode) {
    this.nodes = [leaf, ...ancestorsOf(leaf)].reverse()
    const keys = this.nodes.slice(1).map(({ key }) => key)
    this.value = keys.reduceRight<StateValue>(
      (inner, key, depth) => (depth === keys.length - 1 ? key : { [key]: inner }),
      {},
    )
    this.done = leaf.type === 'final' && leaf.parent?.parent === undefined
  }

  /** For guards that ask which states are active. Its context is empty: guards are given theirs. */
  get snapshot(): AnyMachineSnapshot {
    const [root] = this.nodes as [AnyStateNode]
    this.#snapshot ??= root.machine.resolveState({ value: this.value, context: {} })
    return this.#snapshot
  }
}

export class MachineTable {
  readonly #machine: AnyStateMachine
  readonly #places = new Map<AnyStateNode, Place>()
  readonly #steps: ReadonlyMap<unknown, Step>
  readonly #guards: ReadonlyMap<AnyTransitionDefinition, Guard>

  /** Undefined when there is something in the machine that only XState itself can run. */
  static of(machine: AnyStateMachine, scope: AnyActorScope): MachineTable | undefined {
    const nodes = nodesOf(machine.root)
    const transitions = nodes.flatMap((node) => [...node.transitions.values(), node.always ?? []].flat())
    const fits =
      nodes.every(({ type, config }) => type !== 'parallel' && type !== 'history' && !('output' in config)) &&
      transitions.every(({ target }) => (target?.length ?? 0) <= 1)
    if (!fits) return undefined
    const steps = new Map<unknown, Step>()
    for (const action of [
      ...nodes.flatMap((node) => [...node.entry, ...node.exit, ...initialActionsOf(node)]),
      ...transitions.flatMap(({ actions }) => actions),
    ]) {
      const step = stepOf(action, machine, scope)
      if (step === undefined) return undefined
      steps.set(action, step)
    }
    const guards = new Map<AnyTransitionDefinition, Guard>()
    for (const transition of transitions) {
      if (transition.guard === undefined) continue
      const asked = guardOf(transition.guard, machine)
      if (asked === undefined) return undefined
      guards.set(transition, asked)
    }
    return new MachineTable(machine, steps, guards)
  }

  private constructor(
    machine: AnyStateMachine,
    steps: ReadonlyMap<unknown, Step>,
    guards: ReadonlyMap<AnyTransitionDefinition, Guard>,
  ) {
    this.#machine = machine
    this.#steps = steps
    this.#guards = guards
  }

  /** `nodes` are the active ones, in any order. */
  placeOf(nodes: readonly AnyStateNode[]): Place {
    const leaf = nodes.reduce((deepest, node) => (node.order > deepest.order ? node : deepest))
    let place = this.#places.get(leaf)
    if (place === undefined) {
      place = new Place(leaf)
      this.#places.set(leaf, place)
    }
    return place
  }

  /** One macrostep; undefined when nothing was enabled. */
  run(from: Place, context: Context, event: Message): { place: Place; context: Context } | undefined {
    const running: Running = { context, event, raised: [], assigned: false }
    let place = from
    let candidate = select(this.#candidates(place, event.type), running, place)
    let enabled = candidate !== undefined
    if (candidate !== undefined) place = this.#take(candidate, running, place)
    // What an eventless transition did not change, it would not change again.
    let eventless = true
    const { maxIterations = Number.POSITIVE_INFINITY } = this.#machine.options
    for (let microstep = 1; !place.done; microstep += 1) {
      if (microstep > maxIterations) throw endless(maxIterations)
      candidate = eventless ? select(this.#always(place), running, place) : undefined
      if (candidate !== undefined) {
        running.assigned = false
        const before = place
        place = this.#take(candidate, running, place)
        eventless = running.assigned || place !== before
      } else {
        const raised = running.raised.shift()
        if (raised === undefined) break
        running.event = raised
        candidate = select(this.#candidates(place, raised.type), running, place)
        if (candidate !== undefined) place = this.#take(candidate, running, place)
        eventless = true
      }
      enabled ||= candidate !== undefined
    }
    return enabled ? { place, context: running.context } : undefined
  }

  #take(candidate: Candidate, running: Running, place: Place): Place {
    candidate.plan ??= this.#plan(candidate.transition, place)
    const { steps, next } = candidate.plan
    for (const step of steps) step(running)
    return next
  }

  // ── what can be taken ──

  /** In the order in which they are tried: from the innermost state outwards. */
  #candidates(place: Place, eventType: string): readonly Candidate[] {
    let candidates = place.candidates.get(eventType)
    if (candidates === undefined) {
      candidates = place.nodes.toReversed().flatMap((node) =>
        transitionsFor(node, eventType).map((transition) => ({
          transition,
          guard: this.#guards.get(transition),
          plan: undefined,
        })),
      )
      place.candidates.set(eventType, candidates)
    }
    return candidates
  }

  #always(place: Place): readonly Candidate[] {
    place.always ??= place.nodes.toReversed().flatMap((node) =>
      (node.always ?? []).map((transition) => ({
        transition,
        guard: this.#guards.get(transition),
        plan: undefined,
      })),
    )
    return place.always
  }

  // ── what taking it means ──

  #plan(transition: AnyTransitionDefinition, place: Place): Plan {
    const [target] = transition.target ?? []
    if (target === undefined) return { steps: this.#stepsOf(transition.actions), next: place }
    const domain = domainOf(transition, target)
    const exited = place.nodes.filter((node) => isInside(node, domain))
    const { entered, byDefault } = entryOf(transition, target, domain)
    const next = this.placeOf([...place.nodes.filter((node) => !exited.includes(node)), ...entered])
    return {
      next,
      steps: [
        ...exited.toReversed().flatMap((node) => this.#stepsOf(node.exit)),
        ...this.#stepsOf(transition.actions),
        ...entered.flatMap((node) => [
          ...this.#stepsOf(node.entry),
          ...(byDefault.has(node) ? this.#stepsOf(initialActionsOf(node)) : []),
          ...(node.type === 'final' && node.parent !== undefined ? [doneEvent(node.parent)] : []),
        ]),
        ...(next.done ? next.nodes.toReversed().flatMap((node) => this.#stepsOf(node.exit)) : []),
      ],
    }
  }

  #stepsOf(actions: readonly unknown[]): readonly Step[] {
    return actions.map((action) => this.#steps.get(action) as Step)
  }
}

function select(candidates: readonly Candidate[], running: Running, place: Place): Candidate | undefined {
  for (const candidate of candidates) {
    if (candidate.guard === undefined || candidate.guard(running, place)) return candidate
  }
  return undefined
}

// ── actions and guards ──

/** Undefined when only XState can run it. */
function stepOf(action: unknown, machine: AnyStateMachine, scope: AnyActorScope): Step | undefined {
  const resolved = implementationOf(action, machine.implementations.actions)
  if (resolved === undefined) return undefined
  const paramsOf = paramsIn(action)
  const infoOf = ({ context, event }: Running) => ({ context, event, self: scope.self, system: scope.system })
  if (resolved.resolve === undefined) {
    const type = nameIn(action) ?? (resolved.name || '(anonymous)')
    return (running) => {
      const info = infoOf(running)
      scope.actionExecutor({ type, info, params: paramsOf(running), exec: resolved } as Action)
    }
  }
  switch (resolved.type) {
    case 'xstate.assign': {
      const updateOf = assignmentOf(resolved.assignment)
      // XState would start a child; the scope refuses that, and says what to do instead.
      const spawn = (): void => scope.defer(() => {})
      return (running) => {
        const { context, event } = running
        const args = { context, event, self: scope.self, system: scope.system, spawn }
        const update = updateOf(args, paramsOf(running))
        // Not a spread: V8 takes a microsecond for one that sees a few shapes by turns.
        running.context = Object.assign({}, context, update)
        running.assigned = true
      }
    }
    case 'xstate.raise': {
      const { type, event, id, delay } = resolved
      if (typeof event === 'string') return undefined
      const delays = machine.implementations.delays as Readonly<Record<string, unknown>>
      const named = typeof delay === 'string' ? delays[delay] : delay
      return (running) => {
        const [info, params] = [infoOf(running), paramsOf(running)]
        const raised = { event: given(event, info, params) as Message, id, delay: given(named, info, params) }
        if (typeof raised.delay !== 'number') running.raised.push(raised.event)
        scope.actionExecutor({ type, info, params: raised, exec: undefined } as unknown as Action)
      }
    }
    case 'xstate.cancel': {
      const { type, sendId } = resolved
      return (running) => {
        const info = infoOf(running)
        const params = { sendId: given(sendId, info, paramsOf(running)) }
        scope.actionExecutor({ type, info, params, exec: undefined } as unknown as Action)
      }
    }
    default:
      return undefined
  }
}

/** An author's function, or what XState's creators of actions and guards return: functions with fields. */
interface Implementation {
  (...args: readonly unknown[]): unknown
  readonly name: string
  readonly type?: string
  readonly resolve?: unknown
  readonly assignment?: unknown
  readonly event?: unknown
  readonly id?: string
  readonly delay?: unknown
  readonly sendId?: unknown
  check?(snapshot: AnyMachineSnapshot, args: object, guard: unknown): boolean
}

function assignmentOf(assignment: unknown): (args: object, params: unknown) => object {
  if (typeof assignment === 'function') return assignment as (args: object, params: unknown) => object
  const fields = Object.entries(assignment as object)
  return (args, params) => {
    const update: Record<string, unknown> = {}
    for (const [key, value] of fields) update[key] = given(value, args, params)
    return update
  }
}

/** A value, or what a function says. */
function given(value: unknown, args: object, params: unknown): unknown {
  return typeof value === 'function' ? value(args, params) : value
}

/** Undefined when there is none, or one that is not a function. */
function implementationOf(reference: unknown, named: object): Implementation | undefined {
  const found =
    typeof reference === 'function' ? reference : (named as Record<string, unknown>)[nameIn(reference) ?? '']
  return typeof found === 'function' ? (found as Implementation) : undefined
}

function paramsIn(reference: unknown): (running: Running) => unknown {
  const params = typeof reference === 'object' ? (reference as { params?: unknown }).params : undefined
  return typeof params === 'function' ? ({ context, event }) => params({ context, event }) : () => params
}

function guardOf(guard: unknown, machine: AnyStateMachine): Guard | undefined {
  const resolved = implementationOf(guard, machine.implementations.guards)
  if (resolved === undefined) return undefined
  if (resolved.check !== undefined) {
    return ({ context, event }, place) =>
      resolved.check?.(place.snapshot, { context, event }, resolved) === true
  }
  const paramsOf = paramsIn(guard)
  return (running) => {
    const { context, event } = running
    return Boolean(resolved({ context, event }, paramsOf(running)))
  }
}

function doneEvent(parent: AnyStateNode): Step {
  const event = { type: `xstate.done.state.${parent.id}`, output: undefined }
  return ({ raised }) => void raised.push(event)
}

function endless(microsteps: number): Error {
  return new Error(
    `Infinite loop detected: the machine took more than ${microsteps} microsteps without coming to rest. ` +
      'Its `always` transitions or raised events go in a circle.',
  )
}

/** The name in `'name'` or `{ type: 'name', params }`; undefined for a function. */
export function nameIn(reference: unknown): string | undefined {
  if (typeof reference === 'string') return reference
  return typeof reference === 'object' && reference !== null
    ? (reference as { type: string }).type
    : undefined
}

// ── the tree of states ──

export function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)]
}

/** From the parent outwards. */
function ancestorsOf(node: AnyStateNode): AnyStateNode[] {
  return node.parent === undefined ? [] : [node.parent, ...ancestorsOf(node.parent)]
}

/** Of no domain at all: every state is, also the root. */
function isInside(node: AnyStateNode, domain: AnyStateNode | undefined): boolean {
  return domain === undefined || ancestorsOf(node).includes(domain)
}

function initialActionsOf(node: AnyStateNode): readonly unknown[] {
  return node.type === 'compound' ? node.initial.actions : []
}

/** The state that a transition stays in; undefined when it leaves the root too. */
function domainOf(
  { source, reenter }: AnyTransitionDefinition,
  target: AnyStateNode,
): AnyStateNode | undefined {
  if (!reenter && (target === source || isInside(target, source))) return source
  const common = ancestorsOf(target).find((ancestor) => isInside(source, ancestor))
  return common ?? (reenter ? undefined : source.machine.root)
}

/** What is entered, from the outside in; and of which of these nobody said which of their states to enter. */
function entryOf(
  { source, reenter }: AnyTransitionDefinition,
  target: AnyStateNode,
  domain: AnyStateNode | undefined,
): { entered: readonly AnyStateNode[]; byDefault: ReadonlySet<AnyStateNode> } {
  const ancestors = ancestorsOf(target).filter((node) => isInside(node, domain))
  const byDefault = new Set<AnyStateNode>()
  if (source !== target || source !== domain || reenter) byDefault.add(target)
  for (let node = target; node.type === 'compound'; ) {
    const [initial] = node.initial.target as [AnyStateNode]
    byDefault.add(initial)
    node = initial
  }
  return { entered: [...ancestors.reverse(), ...byDefault], byDefault }
}

function transitionsFor(node: AnyStateNode, eventType: string): readonly AnyTransitionDefinition[] {
  const descriptors = [...node.transitions.keys()]
    .filter((descriptor) => descriptor !== eventType && matches(descriptor, eventType))
    .sort((a, b) => b.length - a.length)
  return [eventType, ...descriptors].flatMap((descriptor) => node.transitions.get(descriptor) ?? [])
}

/** XState's descriptors: a type, `*`, or `a.*`, which matches `a` too. */
export function matches(descriptor: string, type: string): boolean {
  if (descriptor === '*' || descriptor === type) return true
  return descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1))
}
