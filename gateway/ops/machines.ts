/**
 * The chart of an actor's machine: its states, what takes it from one to another, and what it can be sent.
 *
 * Owns:     the chart as JSON, and the same as text in the manner of SCXML, for tools that draw it.
 * Does not: say where anything is drawn (`inspector/chart/`), or show what a guard or an action does: they are code, and only their names are told.
 */
import { type Static, type TSchema, Type } from 'typebox'
import type { ActorDefinition, StateClass } from '#actor'
import { definitions } from '#actors'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'

const Transition = Type.Object(
  {
    event: Type.String({ description: 'Empty: it is taken at once, when its guard holds.' }),
    after: Type.Optional(
      Type.Object(
        {
          delay: Type.String({ description: 'Its name, or its milliseconds.' }),
          ms: Type.Optional(Type.Number({ description: 'Absent: it depends on the context.' })),
        },
        exact,
      ),
    ),
    targets: Type.Array(Type.String()),
    reenter: Type.Optional(Type.Literal(true)),
    guard: Type.Optional(Type.String()),
    actions: Type.Array(Type.String()),
  },
  exact,
)
const State = Type.Object(
  {
    id: Type.String({ description: 'Its path: `paying.charging`. The machine itself has the empty one.' }),
    type: Type.Enum(['atomic', 'compound', 'parallel', 'final', 'history']),
    initial: Type.Optional(Type.String()),
    class: Type.Optional(
      Type.Enum(['working', 'waiting', 'rest'], { description: 'Of a state without others inside.' }),
    ),
    undone: Type.Optional(Type.Literal(true, { description: 'Work is taken back here.' })),
    entry: Type.Array(Type.String()),
    exit: Type.Array(Type.String()),
    transitions: Type.Array(Transition),
  },
  exact,
)
export const MachineChart = Type.Object(
  {
    type: Type.String(),
    version: Type.String(),
    glyph: Type.Enum(['docket', 'square', 'diamond', 'disc']),
    accepts: Type.Array(Type.String()),
    creates: Type.Array(Type.String()),
    queries: Type.Array(Type.String()),
    messages: Type.Array(
      Type.Object({ type: Type.String(), schema: Type.Unknown({ description: 'JSON Schema.' }) }, exact),
    ),
    states: Type.Array(State),
    scxml: Type.String(),
  },
  exact,
)
export type MachineChart = Static<typeof MachineChart>
type State = Static<typeof State>

const ActorLook = Type.Object(
  {
    type: Type.String(),
    glyph: MachineChart.properties.glyph,
    states: Type.Record(Type.String(), Type.Enum(['working', 'waiting', 'rest']), {
      description: 'The class of each state without others inside, by its path.',
    }),
    undone: Type.Array(Type.String(), { description: 'Paths of states in which work is taken back.' }),
  },
  exact,
)
export type ActorLook = Static<typeof ActorLook>

/** Of XState's state node, what is read here. */
interface ChartNode {
  readonly path: readonly string[]
  readonly type: State['type']
  readonly tags: readonly string[]
  readonly initial?: { readonly target?: readonly ChartNode[] }
  readonly entry: readonly unknown[]
  readonly exit: readonly unknown[]
  readonly states: Readonly<Record<string, ChartNode>>
  readonly transitions: ReadonlyMap<string, readonly ChartTransition[]>
  readonly always?: readonly ChartTransition[]
  readonly after: readonly { readonly eventType: string; readonly delay: string | number }[]
  readonly machine: { readonly implementations: { readonly delays?: Readonly<Record<string, unknown>> } }
}
interface ChartTransition {
  readonly source: ChartNode
  readonly reenter: boolean
  readonly target?: readonly ChartNode[]
  readonly guard?: unknown
  readonly actions: readonly unknown[]
}

export function machineRoutes(app: Server): void {
  app.get(
    '/ops/v1/machines',
    {
      schema: {
        summary: 'The types of actors there are, and how each is drawn where there are many',
        tags: ['machines'],
        response: {
          200: Type.Object({ items: Type.Array(Type.String()), looks: Type.Array(ActorLook) }, exact),
        },
      },
    },
    () => ({ items: definitions.map(({ type }) => type), looks: definitions.map(actorLook) }),
  )
  app.get(
    '/ops/v1/machines/:type',
    {
      schema: {
        summary: 'The chart of the machine of one type',
        tags: ['machines'],
        params: Type.Object({ type: Type.String({ maxLength: 64 }) }),
        response: { 200: MachineChart, ...problems('validation', 'not-found') },
      },
    },
    ({ params: { type } }) => {
      const definition = definitions.find((one) => one.type === type)
      if (definition === undefined) throw new Problem('not-found', `There is no type of actor '${type}'.`)
      return machineChart(definition)
    },
  )
}

export function machineChart(definition: ActorDefinition): MachineChart {
  const { type, machine, glyph = 'square', accepts } = definition
  const states = statesOf(machine.root as unknown as ChartNode, { class: 'rest' })
  return {
    type,
    version: machine.version ?? '',
    glyph,
    accepts: [...definition.messageTypes],
    creates: [...definition.creates],
    queries: Object.keys(definition.queries ?? {}),
    messages: messagesOf(accepts),
    states,
    scxml: scxmlOf(type, states),
  }
}

function actorLook({ type, machine, glyph = 'square' }: ActorDefinition): ActorLook {
  const states = statesOf(machine.root as unknown as ChartNode, { class: 'rest' })
  return {
    type,
    glyph,
    states: Object.fromEntries(states.flatMap((state) => (state.class ? [[state.id, state.class]] : []))),
    undone: states.filter(({ undone }) => undone).map(({ id }) => id),
  }
}

function messagesOf(accepts: TSchema): MachineChart['messages'] {
  const { anyOf = [accepts] } = accepts as { anyOf?: readonly TSchema[] }
  return anyOf.map((schema) => ({
    type: (schema as unknown as { properties: { type: { const: string } } }).properties.type.const,
    schema,
  }))
}

interface Look {
  readonly class: StateClass
  readonly undone?: true
}

/** What its tags say, or those of the states round it. */
function lookOf({ tags }: ChartNode, outer: Look): Look {
  const own = (['working', 'waiting', 'rest'] as const).find((each) => tags.includes(each))
  return { ...outer, ...(own && { class: own }), ...(tags.includes('undone') && { undone: true as const }) }
}

/** Every state, each before those inside it. */
function statesOf(node: ChartNode, outer: Look): State[] {
  const look = lookOf(node, outer)
  const isLeaf = Object.keys(node.states).length === 0
  const events = [...node.transitions].flatMap(([event, transitions]) =>
    transitions.map((transition) => transitionOf(event, transition)),
  )
  const always = (node.always ?? []).map((transition) => transitionOf('', transition))
  const initial = node.type === 'compound' ? node.initial?.target?.[0] : undefined
  return [
    {
      id: node.path.join('.'),
      type: node.type,
      ...(initial && { initial: initial.path.join('.') }),
      ...(isLeaf && { class: look.class }),
      ...(look.undone && { undone: true as const }),
      entry: node.entry.map(nameOf),
      exit: node.exit.map(nameOf),
      transitions: [...events, ...always],
    },
    ...Object.values(node.states).flatMap((state) => statesOf(state, look)),
  ]
}

const transitionOf = (event: string, transition: ChartTransition): State['transitions'][number] => {
  const { target, guard, actions, reenter } = transition
  const after = afterOf(event, transition.source)
  return {
    event,
    ...(after && { after }),
    targets: (target ?? []).map(({ path }) => path.join('.')),
    ...(reenter && { reenter: true as const }),
    ...(guard !== undefined && { guard: nameOf(guard) }),
    actions: actions.map(nameOf),
  }
}

function afterOf(event: string, { after, machine }: ChartNode) {
  const timer = after.find(({ eventType }) => eventType === event)
  if (timer === undefined) return undefined
  const { delay } = timer
  const ms = typeof delay === 'number' ? delay : machine.implementations.delays?.[delay]
  return { delay: String(delay), ...(typeof ms === 'number' && { ms }) }
}

/** What stands in the machine without a name is `inline`. */
function nameOf(thing: unknown): string {
  if (typeof thing === 'string') return thing
  const { type } = thing as { readonly type?: unknown }
  return typeof type === 'string' ? type.replace(/^xstate\./, '') : 'inline'
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' }
const attribute = (name: string, text: string | undefined): string =>
  text === undefined || text === ''
    ? ''
    : ` ${name}="${text.replace(/[&<"]/g, (mark) => escapes[mark] ?? '')}"`

function scxmlOf(type: string, states: readonly State[]): string {
  const inside = (id: string): readonly State[] =>
    states.filter((state) => state.id !== '' && parentOf(state.id) === id)
  const lines = (state: State, indent: string): string[] => {
    const tag = state.type === 'final' ? 'final' : state.type === 'parallel' ? 'parallel' : 'state'
    return [
      `${indent}<${tag}${attribute('id', state.id)}${attribute('initial', state.initial)}>`,
      ...state.transitions.map(
        ({ event, guard, targets }) =>
          `${indent}  <transition${attribute('event', event)}${attribute('cond', guard)}${attribute('target', targets.join(' '))}/>`,
      ),
      ...inside(state.id).flatMap((child) => lines(child, `${indent}  `)),
      `${indent}</${tag}>`,
    ]
  }
  const [root] = states
  if (root === undefined) return ''
  const [, ...body] = lines(root, '')
  const head = `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"${attribute('name', type)}${attribute('initial', root.initial)}>`
  return [head, ...body.slice(0, -1), '</scxml>'].join('\n')
}

const parentOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('.')))
