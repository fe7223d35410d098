// Goal: a run is what its day, its seed and the code say, and nothing else: not who watches, not how long anything
// really takes, not what ran before in the same process.
// Method: one troubled evening, run in several ways. What other versions of Node make of it: `bin/other-nodes.test.ts`.
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { blindObserver, type InspectionEvent } from '#ports'
import { defineDay, drawDay, runSimDay, SimDay, timeUs } from './index.ts'

const evening = defineDay({
  name: 'evening',
  open: '18:00',
  lastOrder: '18:20',
  close: '18:30',
  slo: {},
  guests: {
    arrivals: [
      { at: '18:00', perHour: 60 },
      { at: '18:20', perHour: 60 },
    ],
    noShowShare: 0,
  },
  cluster: { character: { dropShare: 0.01, duplicateShare: 0.02, reorderShare: 0.05 } },
  faults: [
    { kind: 'crash-node', node: 'node-1', at: '18:05' },
    { kind: 'pause-node', node: 'node-2', at: '18:08', for: '400ms' },
    { kind: 'partition', between: [['node-1'], ['node-2']], at: '18:10', for: '1m' },
    { kind: 'power-loss', at: '18:14' },
  ],
})
const seed = 7
const once = runSimDay(evening, { seed })

describe('the same day and seed are the same run', () => {
  test('twice', () => {
    expect(runSimDay(evening, { seed })).toEqual(once)
  })

  test('after another day in the same process', () => {
    runSimDay(drawDay(3), { seed: 3 })
    expect(runSimDay(evening, { seed })).toEqual(once)
  })

  test('with everything watched and written down', () => {
    const seen: InspectionEvent[] = []
    let counted = 0
    const observer = () => ({
      ...blindObserver,
      count: (_: string, by = 1) => {
        counted += by
      },
      watched: true,
      event: (event: InspectionEvent) => void seen.push(JSON.parse(JSON.stringify(event))),
    })
    expect(runSimDay(evening, { seed, observer })).toEqual(once)
    expect(seen.length).toBeGreaterThan(1_000)
    expect(counted).toBeGreaterThan(1_000)
  })

  test('while the loop of the host stands still for real, again and again, and others have their turns', async () => {
    const delays = Array.from({ length: 997 }, () => Math.random())
    let n = 0
    const delay = (): number => {
      n += 1
      return delays[n % delays.length] as number
    }
    const spins: number[] = []
    const observer = () => ({
      ...blindObserver,
      // Inside of turns and writes: up to some tenths of a millisecond each.
      count: () => {
        if (delay() < 0.02) spins.push(spin(delay() * 200_000))
      },
    })
    const day = new SimDay(evening, seed, { observer })
    const close = timeUs(evening.close)
    for (let at = timeUs(evening.open); at < close; at += 1 + Math.floor(delay() * 90_000_000)) {
      day.advance(at)
      await setImmediate()
    }
    day.advance(close)
    for (let at = close; !day.isOver; at += 60_000_000) day.advance(at + 60_000_000)
    const { traceHash, orders, money, faults } = day.result()
    expect({ traceHash, orders, money, faults }).toEqual({
      traceHash: once.traceHash,
      orders: once.orders,
      money: once.money,
      faults: once.faults,
    })
    expect(spins.length).toBeGreaterThan(100)
  })
})

test('another seed is another run', () => {
  expect(runSimDay(evening, { seed: seed + 1 }).traceHash).not.toBe(once.traceHash)
})

function spin(times: number): number {
  let sum = 0
  for (let i = 0; i < times; i += 1) sum = Math.imul(sum, 31) + i
  return sum
}
