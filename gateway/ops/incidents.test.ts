import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Instant } from '#actor'
import type { NodeId } from '#ports'
import type { KnownMember } from '../cluster-client.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { Incidents } from './incidents.ts'

const member = (node: string, state: KnownMember['state'] = 'up', life = 1): KnownMember => ({
  node: node as NodeId,
  state,
  life,
})
let cluster: FakeCluster
let incidents: Incidents

const owned = (shards: number): void => {
  cluster.owners = [
    { department: 'orders', shards: 8, owned: Math.min(8, shards) },
    { department: 'kitchen', shards: 8, owned: Math.max(0, shards - 8) },
  ]
}
const told = (): unknown[] => incidents.latest.map(({ at: _, ...one }) => one)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
  cluster = new FakeCluster([])
  cluster.known = [member('node-1'), member('node-2')]
  owned(16)
  incidents = new Incidents(cluster)
  vi.advanceTimersByTime(100)
})
afterEach(() => {
  incidents.close()
  vi.useRealTimers()
})

test('who was there before is no news', () => expect(told()).toEqual([]))

test('a node that ends, its shards, how long they had no owner, and its next life', () => {
  cluster.known = [member('node-1')]
  owned(8)
  vi.advanceTimersByTime(50)
  owned(6)
  vi.advanceTimersByTime(100)
  owned(16)
  vi.advanceTimersByTime(350)
  cluster.known = [member('node-1'), member('node-2', 'up', 2)]
  vi.advanceTimersByTime(50)
  expect(told()).toEqual([
    { kind: 'joined', node: 'node-2', life: 2, tookMs: 500 },
    { kind: 'recovered', shards: 10, tookMs: 150 },
    { kind: 'unowned', shards: 8 },
    { kind: 'ended', node: 'node-2', life: 1 },
  ])
})

test('a life that nobody saw end has ended', () => {
  cluster.known = [member('node-1'), member('node-2', 'up', 2)]
  vi.advanceTimersByTime(50)
  expect(told()).toEqual([
    { kind: 'joined', node: 'node-2', life: 2 },
    { kind: 'ended', node: 'node-2', life: 1 },
  ])
})

test('who said so has left', () => {
  cluster.known = [member('node-1', 'cordoned'), member('node-2', 'leaving')]
  vi.advanceTimersByTime(50)
  cluster.known = [member('node-1')]
  vi.advanceTimersByTime(50)
  expect(told()).toEqual([
    { kind: 'uncordoned', node: 'node-1', life: 1 },
    { kind: 'left', node: 'node-2', life: 1 },
    { kind: 'leaving', node: 'node-2', life: 1 },
    { kind: 'cordoned', node: 'node-1', life: 1 },
  ])
})

test('shards have no owner for as long as that lasts', () => {
  expect(incidents.unownedMs).toBe(0)
  owned(0)
  vi.advanceTimersByTime(1_050)
  expect(incidents.unownedMs).toBeGreaterThanOrEqual(1_000)
  owned(16)
  vi.advanceTimersByTime(50)
  expect(incidents.unownedMs).toBe(0)
})

test('of a simulated world they are measured by its own time, and not on the way to another moment', () => {
  let state = 'running'
  const simulated = new Incidents(cluster, { view: () => ({ state }) as never })
  simulated.look()
  cluster.known = [member('node-1')]
  owned(8)
  simulated.look()
  cluster.now = (cluster.now + 3_000_000) as Instant
  expect(simulated.unownedMs).toBe(3_000)
  state = 'seeking'
  cluster.known = [member('node-1')]
  owned(16)
  simulated.look()
  state = 'paused'
  simulated.look()
  cluster.known = [member('node-1'), member('node-2', 'up', 2)]
  simulated.look()
  expect(simulated.latest.map(({ kind, tookMs }) => [kind, tookMs])).toEqual([
    ['joined', undefined],
    ['unowned', undefined],
    ['ended', undefined],
  ])
  simulated.close()
})

test('a hand-over is none, and what takes longer than one is', () => {
  owned(8)
  vi.advanceTimersByTime(1_000)
  owned(16)
  vi.advanceTimersByTime(100)
  expect(told()).toEqual([])
  owned(8)
  vi.advanceTimersByTime(2_100)
  expect(told()).toEqual([{ kind: 'unowned', shards: 8 }])
  owned(16)
  vi.advanceTimersByTime(50)
  expect(told()).toHaveLength(2)
})

test('when time is wound back, what is to come has not happened', () => {
  const at = cluster.now
  cluster.known = [member('node-1')]
  owned(8)
  vi.advanceTimersByTime(50)
  cluster.now = (at + 60_000_000) as Instant
  owned(16)
  vi.advanceTimersByTime(50)
  expect(told()).toHaveLength(3)
  cluster.now = (at + 1_000_000) as Instant
  cluster.known = [member('node-1'), member('node-2')]
  vi.advanceTimersByTime(50)
  expect(told()).toEqual([
    { kind: 'unowned', shards: 8 },
    { kind: 'ended', node: 'node-2', life: 1 },
  ])
})

test('only the last are kept', () => {
  for (let life = 2; life < 200; life += 1) {
    cluster.known = [member('node-1', 'up', life)]
    vi.advanceTimersByTime(50)
  }
  expect(incidents.latest).toHaveLength(200)
  expect(incidents.latest[0]).toMatchObject({ kind: 'joined', life: 199 })
})
