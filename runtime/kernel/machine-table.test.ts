// A table must do what XState does, to the order of the effects. Four proofs: machines made of what is easy to get
// wrong, and machines drawn from a seed, walked at random by both; one evening of the whole restaurant, run by both;
// and what stays with XState.
import { Type } from 'typebox'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type AnyStateMachine,
  and,
  assign,
  createMachine,
  enqueueActions,
  not,
  or,
  raise,
  setup,
  stateIn,
  cancel as xstateCancel,
} from 'xstate'
import {
  type Birth,
  type Delivered,
  defineActor,
  draw,
  drawInteger,
  emit,
  type Instant,
  type Message,
  ref,
} from '#actor'
import { definitions } from '#actors'
import { defineDay, runSimDay } from '#day'
import { drawnMachine } from './generated-machine.test-kit.ts'
import { Machine, type MachineOptions } from './machine.ts'
import { MachineTable } from './machine-table.ts'

const at = 5_000_000 as Instant
const birth: Birth = { id: ref('thing', '7'), key: '7', at }
const types = ['a', 'b', 'c', 'd', 'e', 'deep.one', 'deep.two.three']

function machineOf(machine: AnyStateMachine, options?: MachineOptions): Machine {
  const accepts = Type.Union(types.map((type) => Type.Object({ type: Type.Literal(type) })))
  return new Machine(defineActor({ type: 'thing', accepts, creates: [], machine }), options)
}

interface Counted {
  readonly n: number
  readonly log: readonly string[]
}
const made = setup({
  types: { context: {} as Counted, events: {} as Message & { at: Instant; n: number } },
  guards: {
    odd: ({ event }) => event.n % 2 === 1,
    above: ({ context }, { n }: { n: number }) => context.n > n,
    throws: ({ event }) => {
      if (event.n === 3) throw new Error('three')
      return event.n === 2
    },
  },
  actions: {
    count: assign({ n: ({ context }) => (context.n + 1) % 7 }),
    note: assign((turn, { as }: { as: string }) => ({
      log: [...turn.context.log, `${as} ${turn.event.type} ${turn.context.n}`].slice(-4),
    })),
    tell: emit((turn, params: { as: string }) => ({
      type: `${params.as} ${turn.event.type} ${turn.context.n}`,
    })),
  },
  delays: { soon: 100, later: ({ context }) => 1_000 * (context.n + 1) },
})
const tell = (as: string) => ({ type: 'tell', params: { as } }) as const
const context: Counted = { n: 0, log: [] }

const machines: Readonly<Record<string, AnyStateMachine>> = {
  'inner and outer, entered anew and not': made.createMachine({
    context,
    id: 'm',
    initial: 'one',
    entry: tell('root in'),
    exit: tell('root out'),
    on: {
      a: { target: '.two', reenter: true, actions: tell('root a') },
      'deep.*': { actions: tell('deep') },
    },
    states: {
      one: {
        entry: tell('one in'),
        exit: tell('one out'),
        initial: 'x',
        on: {
          b: { target: 'one', actions: tell('b') },
          c: { target: 'one', reenter: true },
          d: { target: '.y', actions: 'count' },
          e: { target: '.y', reenter: true },
          '*': { actions: tell('any') },
        },
        states: {
          x: {
            entry: [tell('x in'), 'count'],
            exit: tell('x out'),
            on: { b: { guard: 'odd', target: 'y' } },
          },
          y: {
            entry: tell('y in'),
            exit: tell('y out'),
            on: { e: '#m.two.p.q', 'deep.two.*': { target: 'x' } },
          },
        },
      },
      two: {
        initial: 'p',
        entry: tell('two in'),
        exit: tell('two out'),
        on: { b: 'one', c: { target: '.p' }, d: { target: 'two' } },
        states: {
          p: {
            initial: 'q',
            on: { e: '#m.one' },
            states: { q: { on: { a: undefined, b: { target: 'r' } } }, r: { on: { b: '#m' } } },
          },
        },
      },
    },
  }),
  'guards, raised events, always and the end': made.createMachine({
    context,
    initial: 'idle',
    states: {
      idle: {
        on: {
          a: [
            {
              guard: and(['odd', not({ type: 'above', params: { n: 3 } })]),
              target: 'busy',
              actions: 'count',
            },
            {
              guard: or(['odd', { type: 'above', params: { n: 1 } }]),
              actions: [raise({ type: 'b', n: 1, at }), 'count'],
            },
            { actions: ['count', { type: 'note', params: { as: 'else' } }] },
          ],
          b: { guard: 'throws', target: 'busy.second' },
          c: { guard: stateIn('idle'), actions: tell('idle') },
        },
        always: { guard: { type: 'above', params: { n: 4 } }, target: 'busy', actions: assign({ n: 0 }) },
      },
      busy: {
        initial: 'first',
        entry: raise(({ event }) => ({ type: 'd', n: event.n, at })),
        onDone: { target: 'idle', actions: tell('done') },
        on: { d: { actions: ['count', tell('raised')] } },
        states: {
          first: { always: [{ guard: 'odd', target: 'second' }], on: { a: 'second', b: 'third' } },
          second: { entry: 'count', on: { b: 'third', e: '#(machine).over' } },
          third: { type: 'final', entry: tell('third') },
        },
      },
      over: { type: 'final', entry: tell('over'), exit: tell('over out') },
    },
    exit: tell('root out'),
  }),
  'always that changes nothing, that counts, and initial actions': made.createMachine({
    context,
    initial: { target: 'still', actions: tell('root first') },
    on: {
      'deep.*': { actions: tell('deep') },
      'deep.two.*': { actions: tell('deep two') },
      '*': { actions: 'count' },
    },
    states: {
      still: {
        always: { guard: 'odd', actions: tell('still') },
        on: {
          a: { actions: [raise({ type: 'c', n: 1, at }), raise({ type: 'd', n: 3, at })] },
          b: 'counting',
        },
      },
      counting: {
        initial: { target: 'up', actions: ['count', tell('counting first')] },
        always: { guard: { type: 'above', params: { n: 3 } }, actions: ['count', tell('again')] },
        on: { a: { target: 'counting', reenter: true }, b: 'still' },
        states: { up: { on: { c: { actions: ['count', 'count'] } } } },
      },
    },
  }),
  timers: made.createMachine({
    context,
    initial: 'on',
    after: { 5000: { actions: tell('whole') } },
    states: {
      on: {
        after: {
          soon: { target: 'off', actions: 'count' },
          later: [{ guard: 'odd', target: 'off' }, { target: 'on' }],
        },
        on: { a: 'off', b: { target: 'on', reenter: true }, c: { actions: xstateCancel('mine') } },
      },
      off: {
        entry: raise({ type: 'e', n: 0, at }, { id: 'mine', delay: ({ context }) => context.n * 10 }),
        after: { 200: 'on' },
        on: { a: 'on', e: { actions: [tell('e'), xstateCancel(({ context }) => `mine-${context.n}`)] } },
      },
    },
  }),
  'no states at all': made.createMachine({ context, on: { a: { actions: ['count', tell('a')] } } }),
}

function accepted(turn: ReturnType<Machine['turn']>): Exclude<typeof turn, string> {
  if (turn === 'not-accepted') throw new Error('It was accepted a moment ago.')
  return turn
}

/** What a turn did, in words that do not depend on what ran it. */
function told(run: () => ReturnType<Machine['turn']>): unknown {
  try {
    const turn = run()
    if (turn === 'not-accepted') return turn
    const { value, context, done } = turn.state
    return { value, context, done, effects: turn.effects }
  } catch (error) {
    const { message } = error as Error
    // Of a circle each has words of its own.
    return message.startsWith('Infinite loop detected') ? 'a circle' : message
  }
}

describe.each(Object.entries(machines))('a table does what XState does: %s', (_, author) => {
  const table = machineOf(author)
  const xstate = machineOf(author, { executor: 'xstate' })
  const after = JSON.stringify(author.definition).match(/xstate\.after[^"]+/g) ?? []
  const names = [...types, ...after]

  test('over four thousand random messages', () => {
    expect(table.executor).toBe('table')
    const rested = new Set<string>()
    for (let seed = 0; seed < 40; seed += 1) {
      let [ours, theirs] = [table.birth(birth).state, xstate.birth(birth).state]
      for (let step = 0; step < 100; step += 1) {
        const type = names[drawInteger(names.length, seed, 'type', step)] as string
        const message: Delivered<Message> & { n: number } = { type, at, n: drawInteger(4, seed, 'n', step) }
        const [a, b] = [told(() => table.turn(ours, message)), told(() => xstate.turn(theirs, message))]
        expect(a).toEqual(b)
        if (typeof a === 'object') {
          ours = accepted(table.turn(ours, message)).state
          theirs = accepted(xstate.turn(theirs, message)).state
        }
        rested.add(JSON.stringify(ours.value))
        if (ours.done || draw(seed, 'reload', step) < 0.1) ours = table.load(table.store(theirs)).state
      }
    }
    // A walk that stays where it began would prove nothing.
    expect(rested.size).toBeGreaterThanOrEqual(Object.keys(author.states).length)
  })
})

// Goal: whatever an author writes, the table does what XState does, or leaves it to XState.
// Method: machines drawn from seeds, each of four kinds; births and forty random messages go through both.
describe('machines that are drawn', () => {
  const steps = 40

  // Fewer of those that XState runs on both sides: that they are left to it is what is tested.
  test.each([
    { parallel: false, history: false, executor: 'table', drawn: 150 },
    { parallel: false, history: true, executor: 'xstate', drawn: 30 },
    { parallel: true, history: false, executor: 'xstate', drawn: 30 },
    { parallel: true, history: true, executor: 'xstate', drawn: 30 },
  ] as const)('parallel $parallel, history $history: the same as by XState', (kind) => {
    const { drawn } = kind
    const seen = { executor: 0, states: 0, accepted: 0, effects: 0, thrown: 0, done: 0 }
    for (let seed = 0; seed < drawn; seed += 1) {
      const author = made.createMachine(drawnMachine(seed, kind) as never) as unknown as AnyStateMachine
      const mixed = machineOf(author)
      const xstate = machineOf(author, { executor: 'xstate' })
      const names = [...types, ...(JSON.stringify(author.definition).match(/xstate\.after[^"]+/g) ?? [])]
      const isBorn = told(() => xstate.birth(birth))
      expect(told(() => mixed.birth(birth))).toEqual(isBorn)
      if (mixed.executor === kind.executor) seen.executor += 1
      if (typeof isBorn === 'string') continue
      let [ours, theirs] = [mixed.birth(birth).state, xstate.birth(birth).state]
      const rested = new Set<string>()
      for (let step = 0; step < steps && !ours.done; step += 1) {
        const type = names[drawInteger(names.length, seed, 'type', step)] as string
        const message: Delivered<Message> & { n: number } = { type, at, n: drawInteger(4, seed, 'n', step) }
        const [a, b] = [told(() => mixed.turn(ours, message)), told(() => xstate.turn(theirs, message))]
        expect(a, `machine ${seed}, message ${step}`).toEqual(b)
        if (typeof a === 'object') {
          const turn = accepted(mixed.turn(ours, message))
          ours = turn.state
          theirs = accepted(xstate.turn(theirs, message)).state
          seen.accepted += 1
          seen.effects += turn.effects.length
        } else if (a !== 'not-accepted') seen.thrown += 1
        rested.add(JSON.stringify(ours.value))
        if (draw(seed, 'reload', step) < 0.1) ours = mixed.load(mixed.store(theirs)).state
      }
      seen.states += rested.size
      if (ours.done) seen.done += 1
    }
    // Not all of a kind have what the kind may have; and walks that stay where they began would prove nothing.
    expect(seen.executor).toBeGreaterThan(drawn * 0.5)
    if (kind.executor === 'table') expect(seen.executor).toBe(drawn)
    expect(seen.states).toBeGreaterThan(drawn * 1.5)
    expect(seen.accepted).toBeGreaterThan(drawn * 5)
    expect(seen.effects).toBeGreaterThan(seen.accepted)
    expect(seen.thrown).toBeGreaterThan(drawn / 20)
    if (kind.executor === 'table') expect(seen.done).toBeGreaterThan(drawn / 20)
  })
})

describe('the restaurant', () => {
  afterEach(() => vi.restoreAllMocks())

  test('runs by tables, every actor of it', () => {
    expect(definitions.filter((definition) => new Machine(definition).executor !== 'table')).toEqual([])
  })

  test('has the same evening by tables and by XState, to the hash of its trace', () => {
    const day = defineDay({
      name: 'evening',
      open: '18:00',
      lastOrder: '18:20',
      close: '18:30',
      guests: {
        arrivals: [
          { at: '18:00', perHour: 60 },
          { at: '18:20', perHour: 60 },
        ],
      },
      faults: [{ kind: 'crash-node', node: 'node-1', at: '18:05' }],
    })
    const byTable = runSimDay(day, { seed: 11 })
    vi.spyOn(MachineTable, 'of').mockReturnValue(undefined)
    expect(new Machine(definitions[0] as (typeof definitions)[number]).executor).toBe('xstate')
    const byXState = runSimDay(day, { seed: 11 })
    expect(byTable.orders.acknowledged).toBeGreaterThan(5)
    expect(byXState).toEqual(byTable)
  })
})

describe('what a table does not know stays with XState', () => {
  test.each<[string, AnyStateMachine]>([
    ['parallel states', createMachine({ type: 'parallel', states: { a: {}, b: {} } })],
    ['history', createMachine({ initial: 'a', states: { a: {}, h: { type: 'history' } } })],
    ['outputs', createMachine({ initial: 'a', output: 1, states: { a: { type: 'final' } } })],
    ['enqueued actions', createMachine({ entry: enqueueActions(() => {}) })],
  ])('%s', (_, machine) => {
    expect(machineOf(machine).executor).toBe('xstate')
  })
})
