import { describe, expect, test } from 'vitest'
import { Timeline } from '#sim'
import { gapOf, runActorQueue, serviceOf } from './actor-queue.ts'
import { exponential } from './chance.ts'
import { arrivals, Line, type Planted } from './queue.ts'
import { kieferWolfowitzWaits, lindleyWaits, type Path } from './recursions.ts'

// Every customer waits what the recursions say, to the microsecond: no tolerance, no confidence.
// Method: one path of gaps and service times, through a simulated queue and through a recursion that knows no events.

const second = 1_000_000
const customers = process.env.BRIGADE_ORACLES === 'full' ? 2_000_000 : 100_000

interface Walked {
  readonly path: Path
  readonly waits: readonly number[]
  /** Customers × microseconds: over time, and customer by customer. */
  readonly area: number
  readonly stays: number
}

/** A day of bare events that begins and ends with nobody there. */
function walk(servers: number, busy: number, planted?: Planted, count = customers): Walked {
  const timeline = new Timeline(1)
  const gaps: number[] = []
  const services: number[] = []
  const waits: number[] = []
  let stays = 0
  const kept = (list: number[], next: () => number) => (): number => {
    const value = next()
    list.push(value)
    return value
  }
  const line = new Line(timeline, {
    servers,
    service: kept(services, exponential(second, timeline.stream('service'))),
    onLeave: ({ n, arrivedAt, startedAt, endedAt }) => {
      waits[n] = startedAt - arrivedAt
      stays += endedAt - arrivedAt
    },
    ...(planted && { planted }),
  })
  const gap = exponential(second / (servers * busy), timeline.stream('gap'))
  arrivals(timeline, kept(gaps, gap), (n) => line.arrive(n), count)
  timeline.run()
  return { path: { gaps, services }, waits, area: line.area, stays }
}

/** The first customer who waits another time than was computed; undefined: there is none. */
function firstOdd(computed: readonly number[], seen: readonly (number | undefined)[]): number | undefined {
  const n = computed.findIndex((wait, k) => wait !== seen[k])
  return n === -1 ? undefined : n
}

describe('bare events', () => {
  test.each([0.5, 0.8, 0.95, 1.05])('one server, %f busy: every wait is Lindley’s', (busy) => {
    const { path, waits } = walk(1, busy)
    expect(waits.length).toBe(customers)
    expect(firstOdd(lindleyWaits(path), waits)).toBeUndefined()
    expect(waits.some((wait) => wait > second)).toBe(true)
  })

  test.each([
    [2, 0.8],
    [5, 0.95],
    [20, 0.9],
    [3, 1.02],
  ])('%i servers, %f busy: every wait is Kiefer and Wolfowitz’s', (servers, busy) => {
    const { path, waits } = walk(servers, busy)
    expect(firstOdd(kieferWolfowitzWaits(servers, path), waits)).toBeUndefined()
    expect(waits.some((wait) => wait > 0)).toBe(true)
  })

  test('with one server both recursions are the same', () => {
    const { path } = walk(1, 0.9, undefined, 20_000)
    expect(kieferWolfowitzWaits(1, path)).toEqual(lindleyWaits(path))
  })

  test.each([
    [1, 0.8],
    [5, 0.9],
    [20, 0.9],
  ])('Little’s law holds exactly from empty to empty: %i servers, %f busy', (servers, busy) => {
    const { area, stays } = walk(servers, busy)
    expect(area).toBeGreaterThan(customers * second)
    expect(area).toBe(stays)
  })
})

describe('a mistake is seen', () => {
  test.each([
    ['last-come', 'who came last is served first'],
    ['loses-some', 'one customer in a thousand is forgotten'],
    ['hurries', 'one service in a hundred is cut short'],
  ] as const)('%s: %s', (planted, _what) => {
    const { path, waits } = walk(2, 0.8, planted, 5_000)
    expect(firstOdd(kieferWolfowitzWaits(2, path), waits)).toBeLessThan(5_000)
  })

  test('a server too many, and a server too few', () => {
    const { path, waits } = walk(3, 0.8, undefined, 1_000)
    expect(firstOdd(kieferWolfowitzWaits(2, path), waits)).toBeDefined()
    expect(firstOdd(kieferWolfowitzWaits(4, path), waits)).toBeDefined()
  })

  test('one microsecond', () => {
    const { path, waits } = walk(1, 0.8, undefined, 1_000)
    const services = path.services.with(500, (path.services[500] as number) + 1)
    expect(firstOdd(lindleyWaits({ ...path, services }), waits)).toBeGreaterThan(500)
  })

  test('a lost customer breaks Little’s law', () => {
    const { area, stays } = walk(1, 0.8, 'loses-some', 5_000)
    expect(area).not.toBe(stays)
  })
})

describe('supervised machine actors', { timeout: 300_000 }, () => {
  const count = process.env.BRIGADE_ORACLES === 'full' ? 100_000 : 3_000
  const drawnPath = (seed: number, servers: number, busy: number): Path => {
    const all = Array.from({ length: count }, (_, n) => n)
    return {
      gaps: all.map((n) => gapOf(seed, { servers, busy }, n)),
      services: all.map((n) => serviceOf(seed, n)),
    }
  }

  test('on one node: one server, every wait is Lindley’s of the times that were drawn', () => {
    const { waits } = runActorQueue({ seed: 1, servers: 1, busy: 0.8, customers: count, nodes: 1 })
    expect(waits.length).toBe(count)
    expect(firstOdd(lindleyWaits(drawnPath(1, 1, 0.8)), waits)).toBeUndefined()
  })

  test('on one node: three servers, every wait is Kiefer and Wolfowitz’s of the times that were drawn', () => {
    const { waits } = runActorQueue({ seed: 2, servers: 3, busy: 0.9, customers: count, nodes: 1 })
    expect(firstOdd(kieferWolfowitzWaits(3, drawnPath(2, 3, 0.9)), waits)).toBeUndefined()
    expect(waits.some((wait) => wait > second)).toBe(true)
  })

  test('over three nodes that die: every wait is Kiefer and Wolfowitz’s of the times that the line saw', () => {
    const { waits, crashes, ...path } = runActorQueue({
      seed: 3,
      servers: 3,
      busy: 0.9,
      customers: count,
      nodes: 3,
      crashEvery: 61,
    })
    expect(crashes).toBeGreaterThan(10)
    expect(waits.length).toBe(count)
    expect(firstOdd(kieferWolfowitzWaits(3, path), waits)).toBeUndefined()
    // It was not exact by the clocks of the nodes: messages have travelled.
    expect(firstOdd(drawnPath(3, 3, 0.9).services, path.services)).toBeDefined()
  })

  test.each(['last-come', 'loses-some', 'hurries'] as const)('%s is seen', (planted) => {
    const { waits } = runActorQueue({ seed: 2, servers: 2, busy: 0.9, customers: 1_200, nodes: 1, planted })
    expect(firstOdd(kieferWolfowitzWaits(2, drawnPath(2, 2, 0.9)).slice(0, 1_200), waits)).toBeDefined()
  })
})
