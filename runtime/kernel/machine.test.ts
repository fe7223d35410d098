import { pack, unpack } from 'msgpackr'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import type { AnyStateMachine, EventFromLogic } from 'xstate'
import {
  assign,
  createMachine,
  enqueueActions,
  initialTransition,
  log,
  not,
  raise,
  sendTo,
  setup,
  spawnChild,
  transition,
  cancel as xstateCancel,
  emit as xstateEmit,
} from 'xstate'
import type { ActorId, Birth, Delivered, Effect, Instant, Message } from '#actor'
import {
  ClusterError,
  call,
  cancel,
  defineActor,
  draw,
  drawInteger,
  effects,
  emit,
  minutes,
  ref,
  reply,
  schedule,
  seconds,
  tell,
} from '#actor'
import type { LiveState, MachineOptions, Transition } from './machine.ts'
import { Machine } from './machine.ts'

const at = 5_000_000 as Instant
const birth: Birth = { id: ref('thing', '7'), key: '7', at }

/** A machine of an actor that accepts these types, with whatever fields. */
function machineOf(machine: AnyStateMachine, types = 'go stop tick', options?: MachineOptions): Machine {
  return new Machine(definitionOf(machine, types), options)
}

function definitionOf(machine: AnyStateMachine, types: string) {
  const accepts = Type.Union(types.split(' ').map((type) => Type.Object({ type: Type.Literal(type) })))
  return defineActor({ type: 'thing', accepts, creates: [], machine })
}

function event(type: string, fields: object = {}): Delivered<Message> {
  return { type, at, ...fields }
}

function accepted(outcome: Transition | 'not-accepted'): Transition {
  if (outcome === 'not-accepted') throw new Error('The message was not accepted.')
  return outcome
}

/** Born, then sent these messages, each of which it must accept. */
function reach(machine: Machine, ...types: string[]): LiveState {
  return types.reduce(
    (state, type) => accepted(machine.turn(state, event(type))).state,
    machine.birth(birth).state,
  )
}

function effectsOf(machine: Machine, state: LiveState, of: string | Delivered<Message>): readonly Effect[] {
  return accepted(machine.turn(state, typeof of === 'string' ? event(of) : of)).effects
}

function reloaded(machine: Machine, state: LiveState): LiveState {
  const { state: loaded, migrated } = machine.load(unpack(pack(machine.store(state))))
  expect(migrated).toBe(false)
  return loaded
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ClusterError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'nothing thrown'
}

describe('effects', () => {
  const told = (to: string) => ({ kind: 'tell', to, message: { type: 'hello' } })
  const hello = (key: string) => tell(ref('bin', key), { type: 'hello' })

  test('come in the order of the actions: exit, transition, entry, raised', () => {
    const machine = machineOf(
      createMachine({
        initial: 'a',
        entry: hello('root-entry'),
        states: {
          a: {
            initial: 'inner',
            entry: hello('a-entry'),
            exit: hello('a-exit'),
            states: { inner: { entry: hello('inner-entry'), exit: hello('inner-exit') } },
            on: { go: { target: 'b', actions: [raise({ type: 'tick' }), hello('go')] } },
          },
          b: { entry: hello('b-entry'), on: { tick: { actions: hello('tick') } } },
        },
      }),
    )
    const born = machine.birth(birth)
    expect(born.effects).toEqual(['root-entry', 'a-entry', 'inner-entry'].map((key) => told(`bin/${key}`)))
    expect(effectsOf(machine, born.state, 'go')).toEqual(
      ['inner-exit', 'a-exit', 'go', 'b-entry', 'tick'].map((key) => told(`bin/${key}`)),
    )
  })

  test('see the context as it is at their place in the list', () => {
    const count = emit(({ context }: { context: { n: number } }) => ({ type: 'counted', n: context.n }))
    const machine = machineOf(
      setup({ types: { context: {} as { n: number } } }).createMachine({
        context: { n: 1 },
        on: { go: { actions: [count, assign({ n: ({ context }) => context.n + 1 }), count] } },
      }),
    )
    expect(effectsOf(machine, reach(machine), 'go')).toMatchObject([{ event: { n: 1 } }, { event: { n: 2 } }])
  })

  test('named actions get their params, fixed and computed', () => {
    const machine = machineOf(
      setup({
        types: { events: {} as Delivered<{ type: 'go'; grams: number }> },
        actions: {
          take: tell(
            (_, params: { item: string; grams: number }) => ref('bin', params.item),
            (_, { grams }: { item: string; grams: number }) => ({ type: 'bin.take', grams }),
          ),
        },
      }).createMachine({
        entry: { type: 'take', params: { item: 'salt', grams: 1 } },
        on: {
          go: { actions: { type: 'take', params: ({ event }) => ({ item: 'flour', grams: event.grams }) } },
        },
      }),
    )
    const born = machine.birth(birth)
    expect(born.effects).toEqual([{ kind: 'tell', to: 'bin/salt', message: { type: 'bin.take', grams: 1 } }])
    expect(effectsOf(machine, born.state, event('go', { grams: 30 }))).toEqual([
      { kind: 'tell', to: 'bin/flour', message: { type: 'bin.take', grams: 30 } },
    ])
  })

  test('may be enqueued, and listed by one action', () => {
    const machine = machineOf(
      createMachine({
        on: {
          go: {
            actions: enqueueActions(({ enqueue }) => {
              enqueue(hello('first'))
              enqueue(effects(() => [hello('second'), { kind: 'cancel', id: 'x' }]))
              enqueue(effects(() => []))
              enqueue(() => undefined)
              enqueue.raise({ type: 'tick' }, { delay: 5, id: 'later' })
              enqueue.cancel('later')
            }),
          },
        },
      }),
    )
    expect(effectsOf(machine, reach(machine), 'go')).toEqual([
      told('bin/first'),
      told('bin/second'),
      { kind: 'cancel', id: 'x' },
      { kind: 'schedule', id: 'later', delayMs: 5, message: { type: 'tick' }, clock: 'world' },
      { kind: 'cancel', id: 'later' },
    ])
  })

  test.each([
    ['a number', () => 3],
    ['a promise', async () => {}],
    ['a string in a list', () => ['tell']],
    ['an effect of another kind', () => ({ kind: 'shout' })],
    ['an action that was not run', () => reply({ type: 'x' })],
  ])('%s is refused with what to return instead', (_, action) => {
    const machine = machineOf(createMachine({ on: { go: { actions: action as () => void } } }))
    expect(() => machine.turn(reach(machine), event('go'))).toThrow(/returned .* returns an effect/)
  })
})

describe('timers', () => {
  test('of `after` are set on entry, taken back on exit, and set again on re-entry under the same id', () => {
    const machine = machineOf(
      createMachine({
        id: 'm',
        initial: 'waiting',
        states: {
          waiting: {
            after: { [minutes(5)]: 'late' },
            on: { tick: { target: 'waiting', reenter: true }, stop: 'late' },
          },
          late: {},
        },
      }),
    )
    const id = 'xstate.after.300000.m.waiting'
    const set = { kind: 'schedule', id, delayMs: 300_000, message: { type: id }, clock: 'world' }
    const born = machine.birth(birth)
    expect(born.effects).toEqual([set])
    expect(effectsOf(machine, born.state, 'tick')).toEqual([{ kind: 'cancel', id }, set])
    expect(effectsOf(machine, born.state, 'stop')).toEqual([{ kind: 'cancel', id }])
    const late = accepted(machine.turn(born.state, event(id)))
    expect(late.state.value).toBe('late')
    expect(late.effects).toEqual([{ kind: 'cancel', id }])
    expect(machine.turn(late.state, event(id))).toBe('not-accepted')
  })

  test('take their delay from the context when it is named', () => {
    const machine = machineOf(
      setup({
        types: { context: {} as { patience: number } },
        delays: { patience: ({ context }) => context.patience },
      }).createMachine({
        context: { patience: 90 },
        initial: 'a',
        states: { a: { after: { patience: 'b' } }, b: {} },
      }),
    )
    expect(machine.birth(birth).effects).toMatchObject([{ kind: 'schedule', delayMs: 90 }])
  })

  test('of `schedule` and of a delayed `raise` keep their id and clock; `cancel` of either library takes them back', () => {
    const machine = machineOf(
      createMachine({
        on: {
          go: {
            actions: [
              schedule('backoff', seconds(2), { type: 'tick' }, { clock: 'runtime' }),
              raise({ type: 'tick' }, { delay: seconds(3), id: 'egg' }),
            ],
          },
          stop: { actions: [cancel('backoff'), xstateCancel('egg')] },
        },
      }),
    )
    expect(effectsOf(machine, reach(machine), 'go')).toEqual([
      { kind: 'schedule', id: 'backoff', delayMs: 2_000, message: { type: 'tick' }, clock: 'runtime' },
      { kind: 'schedule', id: 'egg', delayMs: 3_000, message: { type: 'tick' }, clock: 'world' },
    ])
    expect(effectsOf(machine, reach(machine), 'stop')).toEqual([
      { kind: 'cancel', id: 'backoff' },
      { kind: 'cancel', id: 'egg' },
    ])
  })

  test('without a number of milliseconds fail the turn', () => {
    const machine = machineOf(
      setup({ delays: { odd: () => Number.NaN } }).createMachine({
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: { after: { odd: 'a' } } },
      }),
    )
    expect(() => machine.turn(reach(machine), event('go'))).toThrow(/has the delay NaN/)
  })

  test('end with the actor: a final state takes back every timer that runs', () => {
    const machine = machineOf(
      createMachine({
        id: 'm',
        after: { 1000: { actions: () => {} } },
        initial: 'a',
        states: { a: { on: { stop: 'end' } }, end: { type: 'final' } },
      }),
    )
    const ended = accepted(machine.turn(reach(machine), event('stop')))
    expect(ended.state.done).toBe(true)
    expect(ended.effects).toEqual([{ kind: 'cancel', id: 'xstate.after.1000.m' }])
    expect(machine.turn(ended.state, event('xstate.after.1000.m'))).toBe('not-accepted')
  })
})

describe('a message is accepted', () => {
  const guarded = setup({
    types: { context: {} as { open: boolean } },
    guards: { open: ({ context }) => context.open },
  }).createMachine({
    context: { open: false },
    initial: 'a',
    states: {
      a: {
        on: {
          go: [{ guard: 'open', target: 'b' }],
          tick: { actions: assign({ open: true }) },
          pause: {},
        },
      },
      b: {
        initial: 'deep',
        on: { 'stop.*': 'end' },
        states: { deep: { on: { '*': 'deeper' } }, deeper: {} },
      },
      end: { type: 'final' },
    },
  })
  const machine = machineOf(guarded, 'go tick pause stop.now stop other')
  const closed = reach(machine)
  const open = reach(machine, 'tick')
  const deep = reach(machine, 'tick', 'go')
  const deeper = reach(machine, 'tick', 'go', 'other')
  const ended = reach(machine, 'tick', 'go', 'other', 'stop.now')

  test.each([
    ['not without a handler', closed, 'other', 'not-accepted'],
    ['not when every guard is false', closed, 'go', 'not-accepted'],
    ['when a guard holds', open, 'go', 'accepted'],
    ['by a handler that does nothing', closed, 'pause', 'accepted'],
    ['by a wildcard', deep, 'other', 'accepted'],
    ['by a partial wildcard of an outer state', deeper, 'stop.now', 'accepted'],
    ['not by a partial wildcard of another name', deeper, 'go', 'not-accepted'],
    ['never by a finished actor', ended, 'tick', 'not-accepted'],
  ] as const)('%s', (_, state, type, expected) => {
    const outcome = machine.turn(state, event(type))
    expect(outcome === 'not-accepted' ? outcome : 'accepted').toBe(expected)
  })

  test("`accepts` names the contract's messages that the state has a handler for, in contract order", () => {
    expect(machine.accepts(closed)).toEqual(['go', 'tick'])
    expect(machine.accepts(deep)).toEqual(['go', 'tick', 'pause', 'stop.now', 'stop', 'other'])
    expect(machine.accepts(deeper)).toEqual(['stop.now', 'stop'])
    expect(machine.accepts(ended)).toEqual([])
  })

  test('an eventless transition that a refused message enables counts as accepting it', () => {
    const nosy = machineOf(
      createMachine({
        initial: 'a',
        states: { a: { always: { guard: ({ event }) => event.type === 'go', target: 'b' } }, b: {} },
      }),
    )
    expect(accepted(nosy.turn(reach(nosy), event('go'))).state.value).toBe('b')
    expect(nosy.turn(reach(nosy), event('tick'))).toBe('not-accepted')
  })
})

describe('what is thrown leaves the turn', () => {
  class Burnt extends Error {}
  const throwing = () => {
    throw new Burnt('burnt')
  }

  test.each([
    ['an action', { go: { actions: throwing } }],
    ['an assignment', { go: { actions: assign(throwing) } }],
    ["an effect's message", { go: { actions: reply(throwing) } }],
  ])('of %s as it is', (_, on) => {
    const machine = machineOf(createMachine({ on }))
    const state = reach(machine)
    expect(() => machine.turn(state, event('go'))).toThrow(Burnt)
    expect(machine.turn(state, event('tick')), 'and the machine still works').toBe('not-accepted')
  })

  describe.each(['table', 'xstate'] as const)('of a guard as it is, run by %s', (executor) => {
    const hot = setup({ guards: { hot: throwing } })
    test.each<[string, AnyStateMachine]>([
      ['a named one', hot.createMachine({ on: { go: { guard: 'hot', actions: () => {} } } })],
      ['one inside of another', hot.createMachine({ on: { go: { guard: not('hot'), actions: () => {} } } })],
      [
        'its params',
        hot.createMachine({ on: { go: { guard: { type: 'hot', params: throwing }, actions: () => {} } } }),
      ],
      [
        'one of an eventless transition',
        createMachine({
          initial: 'a',
          states: { a: { on: { go: 'b' } }, b: { always: { guard: throwing, target: 'a' } } },
        }),
      ],
    ])('%s', (_, author) => {
      const machine = machineOf(author, 'go', { executor })
      expect(machine.executor).toBe(executor)
      expect(() => machine.turn(reach(machine), event('go'))).toThrow(Burnt)
    })
  })

  test('of a guard that a birth asks', () => {
    const machine = machineOf(
      createMachine({ entry: raise({ type: 'go' }), on: { go: { guard: throwing, actions: () => {} } } }),
    )
    expect(() => machine.birth(birth)).toThrow(Burnt)
  })

  test('of a birth, though XState would keep it as a state', () => {
    const machine = machineOf(createMachine({ entry: throwing }))
    expect(() => machine.birth(birth)).toThrow(Burnt)
  })

  test('an effect of a turn that failed is not in the next one', () => {
    const machine = machineOf(
      createMachine({
        on: {
          go: { actions: [reply({ type: 'lost' }), throwing] },
          tick: { actions: reply({ type: 'kept' }) },
        },
      }),
    )
    const state = reach(machine)
    expect(() => machine.turn(state, event('go'))).toThrow(Burnt)
    expect(effectsOf(machine, state, 'tick')).toEqual([{ kind: 'reply', message: { type: 'kept' } }])
  })

  test('an endless loop of eventless transitions ends with an error', () => {
    const machine = machineOf(
      createMachine({
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
      }),
    )
    expect(() => machine.turn(reach(machine), event('go'))).toThrow(/Infinite loop/)
  })

  test.each([
    [
      'self.send',
      /`self.send`.*`tell`/,
      ({ self }: { self: { send(message: Message): void } }) => self.send({ type: 'go' }),
    ],
    ['spawn', /`spawn`.*`tell`/, assign(({ spawn }) => ({ child: spawn(createMachine({})) }))],
    ['enqueue.emit', /`emit` of #actor/, enqueueActions(({ enqueue }) => enqueue.emit({ type: 'x' }))],
    [
      'enqueue.sendTo',
      /Use `tell`/,
      enqueueActions(({ enqueue, self }) => enqueue.sendTo(self, { type: 'x' })),
    ],
  ] as const)('%s is refused with what to use instead', (_, message, action) => {
    const machine = machineOf(createMachine({ on: { go: { actions: action as () => void } } }))
    expect(() => machine.turn(reach(machine), event('go'))).toThrow(message)
  })
})

describe('a definition is refused', () => {
  const unimplemented = (config: object) => createMachine(config)

  test.each([
    [
      'that emits as XState does',
      createMachine({ entry: xstateEmit({ type: 'x' }) }),
      /`emit` of xstate.*#actor/,
    ],
    ['that logs', createMachine({ exit: log('x') }), /`log` of xstate/],
    [
      'that sends as XState does',
      createMachine({ on: { go: { actions: sendTo('x', { type: 'y' }) } } }),
      /`tell`/,
    ],
    [
      'that spawns in a named action',
      setup({ actions: { birth: spawnChild(createMachine({})) } }).createMachine({}),
      /`spawnChild`/,
    ],
    [
      'with an action that is not there',
      unimplemented({ entry: 'missing' }),
      /action 'missing' is not implemented/,
    ],
    [
      'with a guard that is not there',
      unimplemented({ on: { go: { guard: 'missing', target: '.a' } }, initial: 'a', states: { a: {} } }),
      /guard 'missing' is not implemented/,
    ],
    [
      'with a delay that is not there',
      unimplemented({ initial: 'a', states: { a: { after: { soon: 'b' } }, b: {} } }),
      /delay 'soon' is not implemented/,
    ],
    [
      'with a delayed raise that has no id',
      createMachine({ entry: raise({ type: 'go' }, { delay: 5 }) }),
      /raise\(event, \{ delay, id \}\)/,
    ],
    ['whose version is a number', unimplemented({ version: 2 }), /version .* not a string/],
    [
      'whose context cannot be built',
      createMachine({
        context: () => {
          throw new Error('no menu')
        },
      }),
      /no menu.*from `input` alone/,
    ],
  ])('%s', (_, machine, message) => {
    expect(codeOf(() => machineOf(machine))).toMatch(/^ACTOR_DEFINITION_INVALID/)
    expect(codeOf(() => machineOf(machine))).toMatch(message)
  })

  test("whose contract takes a name of XState's own", () => {
    expect(codeOf(() => machineOf(createMachine({}), 'xstate.stop'))).toMatch(
      /^ACTOR_DEFINITION_INVALID.*xstate\.stop/,
    )
  })
})

describe('a stored state', () => {
  const fields = setup({
    types: { context: {} as { id: string; n: number; note?: string }, input: {} as Birth },
  })
  const make = (version: string, keys: readonly string[], migrations = {}) =>
    new Machine({
      ...definitionOf(
        createMachine({
          version,
          context: Object.fromEntries(keys.map((key) => [key, `${key} of ${version}`])),
          initial: 'a',
          states: { a: { on: { go: 'b' } }, b: {} },
        }),
        'go',
      ),
      migrations,
    })

  test('is its version, value, history and context by position, and keeps keys that came later', () => {
    const machine = machineOf(
      fields.createMachine({
        context: ({ input }) => ({ id: input.id, n: 0 }),
        on: {
          go: { actions: assign({ n: ({ context }) => context.n + 1 }) },
          tick: { actions: assign({ note: 'x' }) },
        },
      }),
    )
    expect(machine.version).toBe('1')
    const state = reach(machine, 'go')
    expect(machine.store(state)).toEqual([expect.stringMatching(/^1\+/), {}, null, 'thing/7', 1])
    const noted = accepted(machine.turn(state, event('tick'))).state
    expect(machine.store(noted)).toEqual([
      expect.stringMatching(/^1\+/),
      {},
      null,
      'thing/7',
      1,
      { note: 'x' },
    ])
    expect(reloaded(machine, noted).context).toEqual({ id: 'thing/7', n: 1, note: 'x' })
    expect(Object.keys(reloaded(machine, state).context as object)).toEqual(['id', 'n'])
  })

  test('does not change when the actor goes on', () => {
    const machine = machineOf(
      setup({ types: { context: {} as { list: readonly number[] } } }).createMachine({
        context: { list: [1] },
        on: { go: { actions: assign({ list: ({ context }) => [...context.list, 2] }) } },
      }),
    )
    const stored = machine.store(reach(machine))
    const { state } = machine.load(stored)
    const copy = structuredClone(stored)
    accepted(machine.turn(state, event('go')))
    expect(stored).toEqual(copy)
  })

  test('of an older version goes through every migration on the way', () => {
    const v1 = make('1', ['id', 'sum'])
    const v3 = make('3', ['id', 'total', 'currency'], {
      '1': {
        to: '2',
        keys: ['id', 'sum'],
        migrate: ({ value, context }: { value: unknown; context: { id: string; sum: string } }) => ({
          value,
          context: { id: context.id, total: context.sum },
        }),
      },
      '2': {
        to: '3',
        keys: ['id', 'total'],
        migrate: ({ context }: { context: object }) => ({
          value: 'b',
          context: { ...context, currency: 'EUR' },
        }),
      },
    })
    const { state, migrated } = v3.load(v1.store(reach(v1)))
    expect(migrated).toBe(true)
    expect(state.value).toBe('b')
    expect(state.context).toEqual({ id: 'id of 1', total: 'sum of 1', currency: 'EUR' })
    expect(v3.load(v3.store(state)).migrated).toBe(false)
  })

  test('goes back by a declared migration too', () => {
    const migrate = (state: { value: unknown; context: unknown }) => state
    const v1 = make('1', ['id'], { '2': { to: '1', keys: ['id', 'n'], migrate } })
    const v2 = make('2', ['id', 'n'])
    expect(v1.load(v2.store(reach(v2)))).toMatchObject({ migrated: true, state: { value: 'a' } })
  })

  test('forgets a history that names a state which a migration took away', () => {
    const withHistory = (version: string, second: string) =>
      createMachine({
        id: 'm',
        version,
        initial: 'on',
        states: {
          on: {
            initial: 'first',
            on: { stop: 'off' },
            states: { first: { on: { go: second } }, [second]: {}, past: { type: 'history' } },
          },
          off: { on: { go: 'on.past' } },
        },
      })
    const old = machineOf(withHistory('1', 'second'))
    const stored = old.store(reach(old, 'go', 'stop'))
    expect(accepted(old.turn(old.load(stored).state, event('go'))).state.value).toEqual({ on: 'second' })
    const migrations = { '1': keep('2') }
    const now = new Machine({ ...definitionOf(withHistory('2', 'other'), 'go stop'), migrations })
    expect(accepted(now.turn(now.load(stored).state, event('go'))).state.value).toEqual({ on: 'first' })
  })

  const keep = (to: string, ...keys: string[]) => ({
    to,
    keys,
    migrate: (state: { value: unknown; context: unknown }) => state,
  })
  test.each([
    ['a version without a migration', make('1', ['id']), make('2', ['id']), /version 1 .* version 2/],
    [
      'migrations that do not arrive',
      make('1', ['id']),
      make('3', ['id'], { '1': keep('2', 'id') }),
      /version 1 .* version 3/,
    ],
    [
      'migrations in a circle',
      make('1', ['id']),
      make('3', ['id'], { '1': keep('2', 'id'), '2': keep('1', 'id') }),
      /version 1/,
    ],
    [
      'a migration of other keys',
      make('1', ['id', 'n']),
      make('2', ['n', 'id'], { '1': keep('2', 'n', 'id') }),
      /other context keys/,
    ],
    [
      'the same version with other keys',
      make('1', ['id', 'n']),
      make('1', ['n', 'id']),
      /SNAPSHOT_VERSION_UNKNOWN/,
    ],
    [
      'a state that is gone',
      make('1', ['id']),
      make('2', ['id'], { '1': { ...keep('2', 'id'), migrate: () => ({ value: 'z', context: {} }) } }),
      /in the state "z"/,
    ],
  ])('is refused: %s', (_, old, now, message) => {
    const stored = old.store(reach(old))
    expect(codeOf(() => now.load(stored))).toMatch(/^SNAPSHOT_VERSION_UNKNOWN/)
    expect(codeOf(() => now.load(stored))).toMatch(message)
  })
})

describe('freezing', () => {
  const mutating = createMachine({
    context: { list: [1] },
    on: {
      go: { actions: ({ context }) => void context.list.push(2) },
      tick: { actions: ({ event }) => Object.assign(event, { seen: true }) && undefined },
      stop: { actions: [assign({ list: [5] }), ({ context }) => void context.list.push(6)] },
    },
  })

  test.each(['go', 'tick', 'stop'])('makes a mutation throw: %s', (type) => {
    const frozen = machineOf(mutating, 'go stop tick', { freeze: true })
    expect(() => frozen.turn(frozen.birth(birth).state, event(type))).toThrow(TypeError)
    const { state } = frozen.load(frozen.store(reach(frozen)))
    expect(() => frozen.turn(state, event(type))).toThrow(TypeError)
  })
})

// --- against XState itself ------------------------------------------------------------------------------------

interface Subject {
  readonly name: string
  readonly machine: AnyStateMachine
  readonly types: string
  /** States that the walks rest in. */
  readonly atLeast: number
}

const oven = setup({
  types: {
    context: {} as { heat: number; turns: number; log: readonly string[] },
    events: {} as Message & { at: Instant; n: number },
  },
  guards: {
    hot: ({ context }) => context.heat > 1,
    even: ({ event }) => event.n % 2 === 0,
    positive: (_, { n }: { n: number }) => n > 0,
  },
  actions: {
    heat: assign({ heat: ({ context }) => context.heat + 1 }),
    note: assign({
      log: ({ context, event }, { as }: { as: string }) => [...context.log, `${as}:${event.type}`].slice(-6),
    }),
    ring: emit({ type: 'oven.rang' }),
  },
})

const subjects: readonly Subject[] = [
  {
    name: 'hierarchy, guards, always, done events',
    types: 'on off more less cook taste',
    atLeast: 4,
    machine: oven.createMachine({
      context: { heat: 0, turns: 0, log: [] },
      initial: 'off',
      states: {
        off: { entry: assign({ heat: 0 }), on: { on: 'on' } },
        on: {
          initial: 'cold',
          exit: { type: 'note', params: { as: 'off' } },
          on: { off: 'off', more: { actions: 'heat' } },
          states: {
            cold: { always: { guard: 'hot', target: 'hot' }, on: { cook: {} } },
            hot: {
              entry: ['ring', { type: 'note', params: { as: 'hot' } }],
              initial: 'ready',
              on: { less: { target: 'cold', actions: assign({ heat: 1 }) } },
              states: {
                ready: {
                  on: {
                    cook: [
                      { guard: 'even', target: 'cooking' },
                      { actions: raise({ type: 'less', n: 0, at }) },
                    ],
                  },
                },
                cooking: {
                  after: { 500: 'cooked' },
                  on: { taste: { target: 'cooking', reenter: true }, more: 'cooked' },
                },
                cooked: { type: 'final' },
              },
              onDone: {
                target: '#(machine).on.hot.ready',
                actions: assign({ turns: ({ context }) => context.turns + 1 }),
              },
            },
          },
        },
      },
    }),
  },
  {
    name: 'parallel regions with shallow and deep history',
    types: 'power lamp up down back deep swap end',
    atLeast: 15,
    machine: oven.createMachine({
      id: 'station',
      context: { heat: 0, turns: 0, log: [] },
      initial: 'idle',
      states: {
        idle: { on: { power: 'running', back: 'running.past', deep: 'running.deepPast' } },
        running: {
          type: 'parallel',
          on: { power: 'idle' },
          onDone: 'closed',
          states: {
            past: { type: 'history' },
            deepPast: { type: 'history', history: 'deep' },
            lamp: {
              initial: 'dark',
              states: {
                dark: { on: { lamp: 'bright', end: { guard: 'even', target: 'out' } } },
                bright: {
                  on: { lamp: { target: 'dark', actions: { type: 'note', params: { as: 'lamp' } } } },
                },
                out: { type: 'final' },
              },
            },
            grill: {
              initial: 'low',
              on: { swap: '.last' },
              states: {
                last: { type: 'history', history: 'deep', target: 'low' },
                low: { on: { up: 'high', end: { guard: 'even', target: 'out' } } },
                high: {
                  initial: 'plain',
                  on: { down: 'low' },
                  states: {
                    plain: { on: { up: 'fierce' } },
                    fierce: {
                      entry: 'heat',
                      on: {
                        up: {
                          guard: { type: 'positive', params: ({ event }) => ({ n: event.n - 1 }) },
                          target: 'plain',
                        },
                      },
                    },
                  },
                },
                out: { type: 'final' },
              },
            },
            counter: {
              on: {
                up: {
                  actions: [
                    { type: 'note', params: { as: 'any' } },
                    enqueueActions(({ enqueue, check }) => check('hot') && enqueue('ring')),
                  ],
                },
              },
              initial: 'still',
              states: { still: { on: { end: { guard: 'even', target: 'out' } } }, out: { type: 'final' } },
            },
          },
        },
        closed: { type: 'final', entry: 'ring' },
      },
    }),
  },
]

describe.each(subjects)('like XState itself: $name', ({ machine: author, types, atLeast }) => {
  const machine = machineOf(author, types)
  const names = [...types.split(' '), ...timersOf(author)]

  test.each(Array.from({ length: 60 }, (_, seed) => seed))('seed %i', (seed) => {
    // The same random messages go through XState's public functions, a resident actor, and one that is stored and
    // loaded at random: value and context agree at every step, and the last two agree on effects too.
    let [oracle] = initialTransition(author, birth)
    let resident = machine.birth(birth).state
    let stored = reloaded(machine, resident)
    for (let step = 0; step < 60 && !resident.done; step += 1) {
      const type = names[drawInteger(names.length, seed, 'type', step)] as string
      const message = event(type, { n: drawInteger(4, seed, 'n', step) })
      const can = oracle.can(message as never)
      ;[oracle] = transition(author, oracle, message as EventFromLogic<typeof author>)
      const outcome = machine.turn(resident, message)
      expect(machine.turn(stored, message)).toEqual(outcome)
      if (outcome === 'not-accepted') expect(can).toBe(false)
      else {
        resident = outcome.state
        stored = accepted(machine.turn(stored, message)).state
      }
      if (draw(seed, 'reload', step) < 0.3) stored = reloaded(machine, stored)
      expect(resident.value).toEqual(oracle.value)
      expect(resident.context).toEqual(oracle.context)
      expect(resident.done).toBe(oracle.status === 'done')
      expect(machine.store(stored)).toEqual(machine.store(resident))
    }
  })

  test('and the random walks rest in many states', () => {
    const reached = new Set<string>()
    for (let seed = 0; seed < 60; seed += 1) {
      let { state } = machine.birth(birth)
      for (let step = 0; step < 60 && !state.done; step += 1) {
        const type = names[drawInteger(names.length, seed, 'type', step)] as string
        const outcome = machine.turn(state, event(type, { n: drawInteger(4, seed, 'n', step) }))
        if (outcome !== 'not-accepted') state = outcome.state
        reached.add(JSON.stringify(state.value))
      }
    }
    expect(reached.size).toBeGreaterThanOrEqual(atLeast)
  })
})

/** The timers' messages, which XState names itself. */
function timersOf(machine: AnyStateMachine): readonly string[] {
  return JSON.stringify(machine.definition).match(/xstate\.after[^"]+/g) ?? []
}

test('regions act in document order, whichever way the actor came, at any depth, and after a migration', () => {
  // In XState itself the region that moved last acts last: a resident actor would differ from a loaded one.
  const region = (name: string) => ({
    initial: 'a',
    states: { a: {}, b: { always: { guard: 'both', target: 'c', actions: emit({ type: name }) } }, c: {} },
  })
  const author = createMachine(
    {
      context: { both: false },
      type: 'parallel',
      on: { go: { actions: assign({ both: true }) } },
      states: {
        first: { initial: 'deep', on: { stop: '.deep.b' }, states: { deep: region('first') } },
        second: { ...region('second'), on: { tick: '.b' } },
        third: { always: { guard: 'both', actions: [assign({ both: false }), emit({ type: 'third' })] } },
      },
    },
    { guards: { both: ({ context }) => context.both } },
  )
  const machine = machineOf(author)
  const expected = ['first', 'second', 'third'].map((type) => ({ kind: 'emit', event: { type } }))
  const states = [reach(machine, 'stop', 'tick'), reach(machine, 'tick', 'stop')]
  for (const state of [...states, ...states.map((state) => reloaded(machine, state))]) {
    expect(effectsOf(machine, state, 'go')).toEqual(expected)
  }

  const migrations = {
    '0': {
      to: '1',
      keys: ['both'],
      migrate: () => ({ value: { third: {}, second: 'b', first: { deep: 'b' } }, context: {} }),
    },
  }
  const [, ...rest] = machine.store(reach(machine))
  const older = new Machine(definitionOf(createMachine({ version: '0', context: { both: false } }), 'go'))
  const [stamp] = older.store(reach(older))
  const { state } = new Machine({ ...definitionOf(author, 'go stop tick'), migrations }).load([
    stamp,
    ...rest,
  ])
  expect(JSON.stringify(state.value)).toBe('{"first":{"deep":"b"},"second":"b","third":{}}')
})

test('an actor id in a call or a message is a plain string', () => {
  const machine = machineOf(
    setup({ types: { context: {} as { id: ActorId }, input: {} as Birth } }).createMachine({
      context: ({ input }) => ({ id: input.id }),
      entry: call(({ context }) => ({
        id: 'c',
        handler: 'mail',
        args: { to: context.id },
        deadlineMs: 1,
        attemptsMax: 1,
      })),
    }),
  )
  expect(unpack(pack(machine.birth(birth).effects))).toEqual([
    { kind: 'call', id: 'c', handler: 'mail', args: { to: 'thing/7' }, deadlineMs: 1, attemptsMax: 1 },
  ])
})
