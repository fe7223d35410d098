import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { InspectionEvent, MessageId, NodeId, Via } from '#ports'
import { Activity, type activityBounds, type Resident, stateWords } from './activity.ts'
import {
  type ActivityFrame,
  actorColumns,
  decodeActivity,
  edgeColumns,
  encodeActivity,
  flowColumns,
  outside,
  rowsOf,
  typeColumns,
} from './activity-frame.ts'

const order = 'order/1' as ActorId
const bin = 'bin/rice' as ActorId
const at = (ms: number): Instant => ms as Instant
const activityOf = (bounds: Partial<typeof activityBounds> = {}): Activity =>
  new Activity('node-1' as NodeId, { life: 3, watch: 1 }, bounds)
const resident = (id: ActorId, state: unknown = 'idle', mailbox = 0): Resident => ({
  id,
  status: 'live',
  state,
  mailbox,
})
const turn = (actor: ActorId, from?: ActorId, via: Via = 'tell', ms = 0): InspectionEvent => ({
  kind: 'turn',
  actor,
  id: 'm1' as MessageId,
  message: 'reserve',
  via,
  ...(from !== undefined && { from }),
  state: 'idle',
  changed: true,
  at: at(ms),
})
const failure = (actor: ActorId): InspectionEvent => ({
  kind: 'failure',
  actor,
  id: 'm1' as MessageId,
  message: 'reserve',
  error: 'no rice',
  directive: 'restart',
  attempt: 1,
  at: at(0),
})

/** A frame as a reader of many finds it: numbers as words. */
function told(frame: ActivityFrame, words: string[], names: Map<number, string>) {
  const { head } = frame
  words.splice(head.firstWord, head.words.length, ...head.words)
  for (const number of head.gone) names.delete(number)
  for (const [number, id] of head.named) names.set(number, id)
  const name = (number: number): string => (number === outside ? 'outside' : (names.get(number) ?? '?'))
  const word = (number: number): string => (number === outside ? 'outside' : (words[number] ?? '?'))
  return {
    types: rowsOf(typeColumns, frame.types).map((row) => ({ ...row, type: word(row.type) })),
    actors: rowsOf(actorColumns, frame.actors).map((row) => ({
      ...row,
      actor: name(row.actor),
      type: word(row.type),
      state: word(row.state),
    })),
    edges: rowsOf(edgeColumns, frame.edges).map(({ from, to, count }) => [name(from), name(to), count]),
    flow: rowsOf(flowColumns, frame.flow).map(({ from, to, message, agoUs }) => [
      name(from),
      name(to),
      word(message),
      agoUs,
    ]),
  }
}

describe('a frame', () => {
  test('tells who is there, in which state, and what waits', () => {
    const activity = activityOf()
    const { actors, types } = told(
      activity.frame([resident(order, { paying: 'charging' }, 2), resident(bin)], at(0)),
      [],
      new Map(),
    )
    expect(actors).toMatchObject([
      { actor: order, type: 'order', state: 'paying.charging', status: 3, mailbox: 2 },
      { actor: bin, type: 'bin', state: 'idle', status: 3, mailbox: 0 },
    ])
    expect(types).toMatchObject([
      { type: 'order', residents: 1, mailbox: 2 },
      { type: 'bin', residents: 1, mailbox: 0 },
    ])
  })

  test('tells an actor again only when something of it has changed', () => {
    const activity = activityOf()
    const state = { paying: 'charging' }
    activity.frame([resident(order, state), resident(bin)], at(0))
    expect(activity.frame([resident(order, state), resident(bin)], at(0)).actors).toHaveLength(0)
    const words: string[] = []
    const names = new Map([[1, bin as string]])
    expect(
      told(activity.frame([resident(order, state), resident(bin, 'idle', 1)], at(0)), words, names).actors,
    ).toMatchObject([{ actor: bin, mailbox: 1 }])
  })

  test('that is whole tells all of them, with all names and words', () => {
    const activity = activityOf()
    activity.frame([resident(order), resident(bin)], at(0))
    const frame = activity.frame([resident(order), resident(bin)], at(0), true)
    expect(frame.head).toMatchObject({ whole: true, sequence: 2, firstWord: 0 })
    expect(told(frame, [], new Map()).actors).toMatchObject([{ actor: order }, { actor: bin }])
  })

  test('counts what was handled, by who sent it', () => {
    const activity = activityOf()
    activity.seen(turn(bin, order))
    activity.seen(turn(bin, order))
    activity.seen(turn(order, undefined, 'request'))
    const frame = told(activity.frame([resident(order), resident(bin)], at(0)), [], new Map())
    expect(frame.edges).toEqual([
      [order, bin, 2],
      ['outside', order, 1],
    ])
    expect(frame.types).toMatchObject([
      { type: 'bin', handled: 2 },
      { type: 'order', handled: 1 },
    ])
  })

  test('goes on counting where the frame before was', () => {
    const activity = activityOf()
    activity.seen(turn(bin, order))
    const [words, names] = [[] as string[], new Map<number, string>()]
    told(activity.frame([resident(bin)], at(0)), words, names)
    activity.seen(turn(bin, order))
    expect(told(activity.frame([resident(bin)], at(0)), words, names).edges).toEqual([[order, bin, 2]])
  })

  test('tells failures and restarts, one by one and in numbers', () => {
    const activity = activityOf()
    activity.seen(failure(bin))
    activity.seen({ kind: 'restarted', actor: order, cause: bin, group: 'pantry', at: at(0) })
    const frame = activity.frame([resident(order), resident(bin)], at(0))
    expect(frame.head).not.toHaveProperty('budgets')
    expect(frame.head.incidents.map(({ kind }) => kind)).toEqual(['failure', 'restarted'])
    expect(told(frame, [], new Map()).actors).toMatchObject([
      { actor: bin, failed: 1, restarts: 1 },
      { actor: order, failed: 0, restarts: 1 },
    ])
    expect(activity.frame([], at(0)).head.incidents).toEqual([])
  })

  test('says how many incidents it has no room for', () => {
    const activity = activityOf({ incidentsPerFrame: 2 as 100 })
    for (let n = 0; n < 5; n += 1) activity.seen(failure(bin))
    expect(activity.frame([], at(0)).head).toMatchObject({ incidentsDropped: 3 })
  })

  test('shows of many messages one of each stride, and says which', () => {
    const activity = activityOf({ flowPerFrame: 10 as 50 })
    for (let n = 0; n < 100; n += 1) activity.seen(turn(bin, order, 'tell', n))
    const first = activity.frame([resident(bin)], at(100))
    expect([first.head.stride, first.flow.length / flowColumns.length]).toEqual([1, 10])
    for (let n = 0; n < 100; n += 1) activity.seen(turn(bin, order, 'tell', 100 + n))
    const second = activity.frame([resident(bin)], at(200))
    expect([second.head.stride, second.flow.length / flowColumns.length]).toEqual([10, 10])
    expect(rowsOf(flowColumns, second.flow).map(({ agoUs }) => agoUs)).toEqual([
      91, 81, 71, 61, 51, 41, 31, 21, 11, 1,
    ])
  })
})

describe('who leaves memory', () => {
  test('is named as elsewhere, and gone after a while', () => {
    const activity = activityOf({ framesKept: 2 as 100 })
    const [words, names] = [[] as string[], new Map<number, string>()]
    told(activity.frame([resident(order, 'ready')], at(0)), words, names)
    const left = told(activity.frame([], at(0)), words, names)
    expect(left.actors).toMatchObject([{ actor: order, status: 0, state: 'ready' }])
    const { head } = activity.frame([], at(0))
    expect(head.gone).toEqual([0])
  })

  test('gives its number to another only after it was told to be gone', () => {
    const activity = activityOf({ framesKept: 1 as 100 })
    activity.frame([resident(order)], at(0))
    const gone = activity.frame([resident(bin)], at(0))
    expect([gone.head.named, gone.head.gone]).toEqual([[[1, bin]], [0]])
    const next = activity.frame([resident(bin), resident('bin/oil' as ActorId)], at(0))
    expect(next.head.named).toEqual([[0, 'bin/oil']])
  })

  test('takes its edges along', () => {
    const activity = activityOf({ framesKept: 1 as 100 })
    activity.seen(turn(bin, order))
    activity.frame([resident(bin)], at(0))
    activity.frame([resident(bin)], at(0))
    expect(activity.frame([resident(bin)], at(0), true).edges).toHaveLength(0)
  })
})

test('beyond its room actors have no rows, and are counted by type', () => {
  const activity = activityOf({ actorsMax: 2 as 5_000 })
  const many = Array.from({ length: 5 }, (_, n) => resident(`order/${n}` as ActorId))
  for (const { id } of many) activity.seen(turn(id, 'bin/far' as ActorId))
  const frame = activity.frame(many, at(0))
  expect(rowsOf(typeColumns, frame.types)[0]).toMatchObject({ residents: 5, handled: 5 })
  expect(frame.head.named).toHaveLength(2)
})

test('edges that wait for room in a frame come with the next one', () => {
  const activity = activityOf({ edgesPerFrame: 2 as 2_000 })
  for (let n = 0; n < 5; n += 1) activity.seen(turn(`order/${n}` as ActorId, bin))
  const counts = [1, 2, 3, 4].map(() => activity.frame([], at(0)).edges.length / edgeColumns.length)
  expect(counts).toEqual([2, 2, 1, 0])
})

test('of more edges than a frame has room for, which change all the time, each is told', () => {
  const activity = activityOf({ edgesPerFrame: 2 as 2_000 })
  const counts = new Map<number, number>()
  for (let n = 0; n < 5; n += 1) {
    for (let m = 0; m < 5; m += 1) activity.seen(turn(`order/${m}` as ActorId, bin))
    for (const { to = -1, count = 0 } of rowsOf(edgeColumns, activity.frame([], at(0)).edges))
      counts.set(to, count)
  }
  expect(counts.size).toBe(5)
})

test('a reader of all frames knows what a reader of a whole one knows', () => {
  const actors = Array.from({ length: 8 }, (_, n) => `${n % 2 === 0 ? 'order' : 'bin'}/${n}` as ActorId)
  const any = fc.constantFrom(...actors)
  const step = fc.oneof(
    fc.record({ to: any, from: fc.option(any, { nil: undefined }) }),
    fc.record({ residents: fc.uniqueArray(any), state: fc.constantFrom('idle', 'busy') }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const activity = activityOf({ framesKept: 3 as 100, actorsMax: 5 as 5_000 })
      const known = new Reader()
      let last: readonly Resident[] = []
      for (const one of steps) {
        if ('to' in one) activity.seen(turn(one.to, one.from))
        else {
          last = one.residents.map((id) => resident(id, one.state))
          known.read(decodeActivity(encodeActivity(activity.frame(last, at(0)))))
        }
      }
      // Until everybody who can be freed is, and who waits for room has it.
      for (let n = 0; n < 10; n += 1) known.read(activity.frame(last, at(0)))
      const whole = new Reader()
      whole.read(activity.frame(last, at(0), true))
      expect(known).toEqual(whole)
    }),
  )
})

class Reader {
  readonly words: string[] = []
  readonly names = new Map<number, string>()
  readonly actors = new Map<string, unknown>()
  readonly types = new Map<string, unknown>()

  read(frame: ActivityFrame): void {
    for (const number of frame.head.gone) this.forget(number)
    const { actors, types } = told(frame, this.words, this.names)
    for (const row of actors) this.actors.set(row.actor, row)
    for (const row of types) this.types.set(row.type, row)
  }

  forget(number: number): void {
    this.actors.delete(this.names.get(number) ?? '')
    this.names.delete(number)
  }
}

describe('bytes', () => {
  test('say the same frame', () => {
    const activity = activityOf()
    activity.seen(turn(bin, order))
    activity.seen(failure('bin/größe' as ActorId))
    const frame = activity.frame([resident(order), resident(bin)], at(7), true)
    expect(decodeActivity(encodeActivity(frame))).toEqual(frame)
  })

  test('that are cut, longer, or none are refused', () => {
    const bytes = encodeActivity(activityOf().frame([resident(order)], at(0)))
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => decodeActivity(bytes.subarray(0, length))).toThrow(RangeError)
    expect(() => decodeActivity(Uint8Array.from([...bytes, 0]))).toThrow(RangeError)
  })

  test('may lie anywhere in a buffer', () => {
    const frame = activityOf().frame([resident(order)], at(0))
    const bytes = encodeActivity(frame)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeActivity(shifted.subarray(3))).toEqual(frame)
  })
})

test('states are told as paths', () => {
  expect([
    stateWords('idle'),
    stateWords({ paying: { card: 'charging' } }),
    stateWords({ door: 'shut', heat: { on: 'rising' } }),
    stateWords({ cooking: { heat: 'on', timer: 'off' } }),
    stateWords(undefined),
  ]).toEqual([
    'idle',
    'paying.card.charging',
    'door.shut | heat.on.rising',
    'cooking.heat.on | cooking.timer.off',
    '',
  ])
})
