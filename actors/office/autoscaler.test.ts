import { afterAll, describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import { type Answer, Floor, unreached } from '../floor.test-kit.ts'
import { autoscaler, busyLooks, goalOf, idleLooks, judged, lookEveryMs, restMs } from './autoscaler.ts'
import type { ClusterLoad, NodeLoad, ScaleArgs } from './cluster-contract.ts'
import { operation } from './operation.ts'
import { autoscalerRef, type ScalePolicy } from './scale-messages.ts'

const group = 'kitchen'
const policy = { min: 1, max: 3, target: 50, policy: 'cpu' } as const satisfies ScalePolicy
const node = (name: string, more: Partial<NodeLoad> = {}): NodeLoad => ({
  node: name,
  group,
  state: 'up',
  life: 1,
  cpuMs: 0,
  rssBytes: 0,
  mailbox: 0,
  ...more,
})
const at = (atMs: number, ...nodes: NodeLoad[]): ClusterLoad => ({ atMs, nodes })

/** Two looks a second apart; each node used so many milliseconds of it. */
function seen(streak: number, used: readonly number[], of: ScalePolicy = policy) {
  const before = at(1_000, ...used.map((_, i) => node(`node-${i + 1}`, { cpuMs: 500 })))
  const now = at(2_000, ...used.map((cpuMs, i) => node(`node-${i + 1}`, { cpuMs: 500 + cpuMs })))
  return judged({ ...of, group, seen: before, streak }, now)
}
const add = (nodes: number): ScaleArgs => ({ kind: 'add', group, nodes })
const drain = (name: string, nodes: number): ScaleArgs => ({ kind: 'drain', group, node: name, nodes })

describe('a look at the load', () => {
  test.each<[string, number, readonly number[], ScaleArgs | null, number]>([
    ['busy, for the first time', 0, [600], null, 1],
    ['busy for long enough', busyLooks - 1, [600], add(1), busyLooks],
    ['busy after it was idle', -4, [600], null, 1],
    ['busy with as many as there may be', 9, [600, 600, 600], null, 10],
    ['as it should be', busyLooks - 1, [400], null, 0],
    ['idle, for the first time', 0, [100, 100], null, -1],
    ['idle for long enough', 1 - idleLooks, [100, 100], drain('node-2', 2), -idleLooks],
    ['idle with as few as there may be', -9, [0], null, 0],
    // One alone would have 90 % of its target: too much to let the other go.
    ['neither busy nor so idle that one could go', -9, [225, 225], null, 0],
  ])('%s', (_what, streak, used, ask, then) => {
    expect(seen(streak, used)).toMatchObject({ ask, streak: then })
  })

  test('AS3: one that has just come is not let go, nor one asked for again that has just gone', () => {
    // 60 % on one is busy; 30 % on each of two is not idle.
    expect(seen(busyLooks, [600]).ask).toEqual(add(1))
    expect(seen(-idleLooks, [300, 300]).ask).toBeNull()
  })

  test('counts messages that wait, where the policy says so', () => {
    const of = { ...policy, policy: 'mailbox', target: 10, group, seen: null } as const
    const crowded = at(0, node('node-1', { mailbox: 40 }), node('node-2'))
    expect(judged({ ...of, streak: busyLooks - 1 }, crowded)).toEqual({
      ask: add(2),
      streak: busyLooks,
      loadPercent: 200,
    })
  })

  test.each([['starting'], ['leaving'], ['waiting'], ['paused']])('AS2: with one %s it waits', (state) => {
    const now = at(2_000, node('node-1', { cpuMs: 900 }), node('node-2', { state }))
    const known = { ...policy, group, seen: at(1_000, node('node-1'), node('node-2')), streak: 9 }
    expect(judged(known, now)).toEqual({ ask: null, streak: 0, loadPercent: null })
  })

  test('there is nothing to compare with: the first look, another life, a clock that went back', () => {
    const nothing = { ask: null, streak: 0, loadPercent: null }
    const now = at(2_000, node('node-1', { cpuMs: 900 }))
    const known = { ...policy, group, streak: 9 }
    expect(judged({ ...known, seen: null }, now)).toEqual(nothing)
    expect(judged({ ...known, seen: at(1_000, node('node-1', { life: 0 })) }, now)).toEqual(nothing)
    expect(judged({ ...known, seen: at(2_000, node('node-1')) }, now)).toEqual(nothing)
    expect(judged({ ...known, seen: null }, at(2_000))).toEqual(nothing)
  })

  test('fewer than there must be, or more than there may be, needs no load', () => {
    const known = { group, seen: null, streak: 0 }
    const two = at(1_000, node('node-1'), node('node-2'), node('edge-1', { group: 'edge' }))
    expect(judged({ ...policy, ...known, min: 3 }, two).ask).toEqual(add(2))
    expect(judged({ ...policy, ...known, max: 1 }, two).ask).toEqual(drain('node-2', 2))
    const down = at(1_000, node('node-1'), node('node-2', { state: 'down' }))
    expect(judged({ ...policy, ...known, max: 1 }, down).ask).toBeNull()
  })
})

test('the goal of a change: in a life of its own, gone, or said when somebody was faster', () => {
  const before = at(0, node('node-1'), node('node-2', { state: 'down', life: 3 }))
  expect(goalOf({ asked: add(1), seen: before }, { added: ['node-2', 'node-3'] })).toEqual({
    kind: 'up',
    nodes: [
      { node: 'node-2', afterLife: 3 },
      { node: 'node-3', afterLife: 0 },
    ],
  })
  expect(goalOf({ asked: drain('node-2', 2), seen: before }, {})).toEqual({ kind: 'gone', node: 'node-2' })
  expect(goalOf({ asked: add(1), seen: null }, { nodes: 2 })).toEqual({ kind: 'said' })
})

// A cluster that does what it is told: every node has the same share of the load.

const ref = autoscalerRef(group)
const set = (more: Partial<ScalePolicy> = {}, revision = 0) =>
  ({ type: 'autoscaler.set', ...policy, ...more, revision, by: 'ann' }) as const

const played: Cluster[] = []
afterAll(() => {
  const reached = new Set(played.flatMap(({ floor }) => [...floor.reached]))
  expect(unreached(autoscaler, reached)).toEqual([])
})

class Cluster {
  nodes = ['node-1']
  /** Of one processor, in percent, together. */
  load = 0
  asked: ScaleArgs[] = []
  isSilent = false
  refuses = false
  readonly #used = new Map<string, number>()
  #lookedAt = 0

  readonly floor = new Floor({
    actors: [autoscaler, operation],
    outside: ({ handler, args }): Answer => {
      if (this.isSilent) return { outcome: { kind: 'unknown', detail: 'no launcher' }, delayMs: 1 }
      if (handler === 'cluster.load') return { outcome: { kind: 'done', result: this.#look() }, delayMs: 1 }
      if (this.refuses) return { outcome: { kind: 'refused', detail: 'no room' }, delayMs: 1 }
      return { outcome: { kind: 'done', result: this.#scale(args as ScaleArgs) }, delayMs: 1 }
    },
  })

  constructor() {
    played.push(this)
  }

  #look(): ClusterLoad {
    const { now } = this.floor
    for (const name of this.nodes) {
      const used = ((now - this.#lookedAt) * this.load) / 100 / this.nodes.length
      this.#used.set(name, (this.#used.get(name) ?? 0) + used)
    }
    this.#lookedAt = now
    return at(now + 1, ...this.nodes.map((name) => node(name, { cpuMs: this.#used.get(name) ?? 0 })))
  }

  #scale(args: ScaleArgs): unknown {
    this.asked.push(args)
    if (args.kind === 'drain') {
      this.nodes = this.nodes.filter((name) => name !== args.node)
      return {}
    }
    const added = `node-${this.nodes.length + 1}`
    this.nodes = [...this.nodes, added]
    return { added: [added] }
  }

  get state(): string {
    return this.floor.stage(ref as ActorId).state
  }
}

const longEnough = 10 * (restMs + idleLooks * lookEveryMs)

describe('a group with an autoscaler', () => {
  test('grows under load to no more than max, shrinks when it is idle to no fewer than min, and rests', () => {
    const cluster = new Cluster()
    cluster.floor.tell(ref, set())
    cluster.load = 300
    cluster.floor.elapse((busyLooks + 2) * lookEveryMs)
    expect([cluster.nodes.length, cluster.state]).toEqual([2, 'resting'])
    cluster.floor.elapse(longEnough)
    expect(cluster.nodes).toEqual(['node-1', 'node-2', 'node-3'])
    cluster.load = 0
    cluster.floor.elapse(longEnough)
    expect(cluster.nodes).toEqual(['node-1'])
    expect(cluster.asked.map(({ kind }) => kind)).toEqual(['add', 'add', 'drain', 'drain'])
    expect(cluster.floor.events.filter(({ type }) => type === 'autoscaler.changed')).toHaveLength(4)
  })

  test('every change is an operation that ends', () => {
    const cluster = new Cluster()
    cluster.floor.tell(ref, set({ min: 2 }))
    cluster.floor.elapse(longEnough)
    const [first] = cluster.floor.all('operation')
    expect(first?.id).toBe('operation/op_scale-kitchen-1')
    expect(first?.query('view')).toMatchObject({ state: 'done', by: 'autoscaler', done: 1, total: 1 })
  })

  test('a steady load changes nothing after it has settled', () => {
    const cluster = new Cluster()
    cluster.floor.tell(ref, set())
    cluster.load = 80
    cluster.floor.elapse(longEnough)
    expect(cluster.asked).toEqual([{ kind: 'add', group, nodes: 1 }])
  })

  test('what is refused is told, and asked for again only after a rest', () => {
    const cluster = new Cluster()
    cluster.refuses = true
    cluster.floor.tell(ref, set({ min: 2 }))
    cluster.floor.elapse(2 * lookEveryMs)
    expect([cluster.state, cluster.nodes.length]).toEqual(['resting', 1])
    const [first] = cluster.floor.all('operation')
    expect(first?.query('view')).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('no room'),
    })
    cluster.refuses = false
    cluster.floor.elapse(restMs + 2 * lookEveryMs)
    expect(cluster.nodes).toHaveLength(2)
  })

  test('looks again when nobody could look', () => {
    const cluster = new Cluster()
    cluster.isSilent = true
    cluster.floor.tell(ref, set({ min: 2 }))
    cluster.floor.elapse(longEnough)
    expect(cluster.asked).toEqual([])
    cluster.isSilent = false
    cluster.floor.elapse(longEnough)
    expect(cluster.nodes).toHaveLength(2)
  })

  test.each([[0], [lookEveryMs + 1_000], [2 * lookEveryMs]])(
    'is left alone once it is off, after %i ms',
    (afterMs) => {
      const cluster = new Cluster()
      cluster.floor.tell(ref, set({ min: 2 }))
      cluster.floor.elapse(afterMs)
      cluster.floor.tell(ref, set({ policy: 'off' }, 1))
      cluster.floor.elapse(longEnough)
      expect([cluster.state, cluster.floor.timers]).toEqual([
        'off',
        expect.not.arrayContaining([`${ref} look`]),
      ])
      const before = cluster.asked.length
      cluster.floor.elapse(longEnough)
      expect(cluster.asked).toHaveLength(before)
      cluster.floor.tell(ref, set({ min: 3 }, 2))
      cluster.floor.elapse(longEnough)
      expect(cluster.nodes).toHaveLength(3)
    },
  )

  test('a policy is kept with who set it, and refused when it makes no sense', () => {
    const cluster = new Cluster()
    cluster.floor.tell(ref, { ...set({ policy: 'off' }), why: 'a drill' })
    cluster.floor.tell(ref, set({ min: 4 }, 1))
    cluster.floor.tell(ref, set({ min: 2 }, 0))
    cluster.floor.settle()
    expect(cluster.floor.replies.map(({ type }) => type)).toEqual([
      'autoscaler.view',
      'autoscaler.refused',
      'autoscaler.stale',
    ])
    const view = cluster.floor.stage(ref as ActorId).query('view')
    expect(view).toMatchObject({ group, state: 'off', ...policy, policy: 'off', by: 'ann', why: 'a drill' })
  })
})
