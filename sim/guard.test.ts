import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { defineActor, supervise } from '#actor'
import { defineCluster } from '#host'
import { simulate } from './cluster.ts'
import { Timeline } from './timeline.ts'

const touches: readonly (readonly [string, () => unknown])[] = [
  ['Math.random', () => Math.random()],
  ['crypto.randomUUID', () => crypto.randomUUID()],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
  ['Date.now', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['performance.now', () => performance.now()],
  ['process.hrtime', () => process.hrtime()],
  ['setTimeout', () => setTimeout(() => {}, 1)],
  ['setInterval', () => setInterval(() => {}, 1)],
  ['setImmediate', () => setImmediate(() => {})],
  ['queueMicrotask', () => queueMicrotask(() => {})],
]

test.each(touches)('a simulated event that uses %s ends the run, and is told what to use', (what, touch) => {
  const timeline = new Timeline(1)
  timeline.after(1, () => touch())
  expect(() => timeline.run()).toThrow(
    expect.objectContaining({ code: 'SIMULATION_IMPURE', message: expect.stringContaining(`\`${what}\``) }),
  )
})

test('outside of events everything is what it was, also after one that was stopped', () => {
  const names = [
    'Date',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'performance',
    'crypto',
  ]
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
  const random = Object.getOwnPropertyDescriptor(Math, 'random')
  for (const [, touch] of touches) {
    const timeline = new Timeline(1)
    timeline.after(1, () => touch())
    expect(() => timeline.run()).toThrow()
  }
  expect(names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))).toEqual(before)
  expect(Object.getOwnPropertyDescriptor(Math, 'random')).toEqual(random)
  for (const owner of [performance, crypto]) expect(Object.getOwnPropertyNames(owner)).toEqual([])
  expect(Date.now()).toBeGreaterThan(Date.UTC(2024, 0, 1))
})

test('a date of a given time is no clock', () => {
  const timeline = new Timeline(1)
  let shown = ''
  timeline.after(1, () => {
    const date = new Date(0)
    shown = `${date.toISOString()} ${date instanceof Date} ${Date.UTC(1970, 0, 1)}`
  })
  timeline.run()
  expect(shown).toBe('1970-01-01T00:00:00.000Z true 0')
})

test('an actor that draws its own numbers ends the run, whatever its supervisor thinks of the failed turn', () => {
  const gambler = defineActor({
    type: 'gambler',
    accepts: Type.Union([Type.Object({ type: Type.Literal('roll') })]),
    creates: ['roll'],
    queries: {},
    machine: setup({ types: { context: {} as { last: number } } }).createMachine({
      context: { last: 0 },
      on: { roll: { actions: assign({ last: () => Math.random() }) } },
    }),
  })
  const cluster = defineCluster({
    departments: [{ name: 'd', shards: 1, actors: [gambler] }],
    supervision: supervise({ name: 'root', children: [gambler] }),
    groups: { main: { departments: ['d'], nodes: 1, nodesMax: 1 } },
  })
  const world = simulate(cluster, { seed: 1 })
  world.runFor(1_000)
  const body = { kind: 'command', message: { type: 'roll' } } as const
  world.request('edge-1', { actor: gambler.ref('g'), body, timeoutMs: 5_000 }, () => {})
  expect(() => world.runFor(1_000)).toThrow(/`Math.random`, so the run would not be the same again/)
})
