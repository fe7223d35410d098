// A short evening is enough to see what a day is; `scenarios/days.test.ts` runs the long ones.
import { describe, expect, test } from 'vitest'
import type { DayOptions, DayResult } from './index.ts'
import { defineDay, reportOf, runSimDay } from './index.ts'

const evening: DayOptions = {
  name: 'evening',
  open: '18:00',
  lastOrder: '18:30',
  close: '18:45',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 60 },
      { at: '18:30', perHour: 60 },
    ],
    noShowShare: 0,
  },
}
const calm = defineDay(evening)
const troubled = defineDay({
  ...evening,
  name: 'troubled-evening',
  slo: {},
  faults: [
    { kind: 'crash-node', node: 'node-1', at: '18:05' },
    { kind: 'pause-node', node: 'node-2', at: '18:09', for: '500ms' },
    { kind: 'provider-outage', at: '18:12', for: '4m' },
    { kind: 'appliance-breakdown', station: 'oven', appliance: 1, at: '18:14', for: '10m' },
    { kind: 'partition', between: [['node-1'], ['node-2', 'node-3']], at: '18:18', for: '2m' },
    { kind: 'crash-node', node: 'edge-1', at: '18:21' },
    { kind: 'power-loss', at: '18:24' },
  ],
})

const broken = ({ checks }: DayResult) => checks.filter(({ held }) => !held)

/** A check does not hold, or an invariant has stopped it. */
function runsWrong(run: () => readonly unknown[]): boolean {
  try {
    return run().length > 0
  } catch {
    return true
  }
}

describe('a calm evening', () => {
  const result = runSimDay(calm, { seed: 7, commit: 'abc' })

  test('holds every check, and every guest is accounted for', () => {
    expect(broken(result)).toEqual([])
    const { orders, money } = result
    const { attempted, acknowledged, refused, unknown, completed, rejected, cancelled, expired, lost } =
      orders
    expect(acknowledged).toBeGreaterThan(15)
    expect(acknowledged).toBe(completed + rejected + cancelled + expired + lost)
    expect(attempted).toBe(acknowledged + refused + unknown)
    expect(money.billed).toBe(money.captured - money.refunded)
  })

  test('is the same evening again, also after another one in the same process', () => {
    runSimDay(troubled, { seed: 3 })
    expect(runSimDay(calm, { seed: 7, commit: 'abc' })).toEqual(result)
  })

  test('is the same evening when everything is copied and frozen that others are given', () => {
    expect(runSimDay(calm, { seed: 7, commit: 'abc', strict: true })).toEqual(result)
    const loose = runSimDay(troubled, { seed: 3 })
    expect(runSimDay(troubled, { seed: 3, strict: true })).toEqual(loose)
  })

  test('is another evening with another seed', () => {
    const other = runSimDay(calm, { seed: 8 })
    expect(other.traceHash).not.toBe(result.traceHash)
    expect(other.optionsHash).toBe(result.optionsHash)
    expect(broken(other)).toEqual([])
  })

  test('is told so that a person likes to read it', () => {
    const report = reportOf(result, 'An evening')
    expect(report).toContain('An evening')
    expect(report).toContain('✓ no acknowledged order was lost, and none appeared')
    expect(report).toContain('repeat   npx brigade day evening --seed 7')
    expect(report).not.toContain('✗')
  })
})

describe('a troubled evening', () => {
  const result = runSimDay(troubled, { seed: 7 })

  test('every fault has its effect, and every check holds all the same', () => {
    expect(result.faults.map(({ kind, fired }) => [kind, fired])).toEqual(
      troubled.faults.map(({ kind }) => [kind, true]),
    )
    expect(broken(result)).toEqual([])
  })

  test('a node that died, froze or lost its power answers again', () => {
    const recovered = result.faults.filter(({ recoveryMs }) => recoveryMs !== undefined)
    expect(recovered.map(({ kind }) => kind)).toEqual(['crash-node', 'pause-node', 'power-loss'])
    for (const { recoveryMs } of recovered) expect(recoveryMs).toBeLessThan(5_000)
    expect(result.restarts).toBe(2 + 5)
  })

  test('the same guests came as if nothing had happened', () => {
    const same = defineDay({ ...troubled, faults: [] })
    expect(runSimDay(same, { seed: 7 }).orders.attempted).toBe(result.orders.attempted)
  })

  const deadly = defineDay({
    ...evening,
    slo: {},
    nodesDownMax: 3,
    faults: [
      { kind: 'crash-at', node: 'node-1', point: 'before-append', at: '18:03', for: '5m' },
      { kind: 'crash-at', node: 'node-2', point: 'before-durable', at: '18:06', for: '5m' },
      { kind: 'crash-at', node: 'node-3', point: 'before-reply', at: '18:09', for: '5m' },
      { kind: 'crash-at', node: 'node-1', point: 'in-timer', at: '18:12', for: '5m' },
      { kind: 'crash-at', node: 'node-1', point: 'in-handoff', at: '18:18', for: '5m' },
      { kind: 'crash-node', node: 'node-2', at: '18:19' },
    ],
  })

  test('a node that dies at a point of writing takes nothing with it', () => {
    const result = runSimDay(deadly, { seed: 7 })
    expect(result.faults.filter(({ fired }) => !fired)).toEqual([])
    expect(broken(result)).toEqual([])
    expect(result.restarts).toBe(6)
  })

  test('an acknowledgement before the write is found by a death between them, and not by one at any time', () => {
    const [beforeAppend] = deadly.faults
    const lostTo = (fault: (typeof deadly.faults)[number] | undefined) => {
      const day = { ...deadly, drainLimit: '1h', faults: [fault] } as typeof deadly
      const { checks } = runSimDay(day, { seed: 7, broken: 'release-before-durable' })
      return checks.find(({ id }) => id === 'orders')?.detail ?? 'nothing'
    }
    expect(lostTo({ kind: 'crash-node', node: 'node-1', at: '18:03' })).toBe('nothing')
    expect(lostTo(beforeAppend)).toMatch(/was acknowledged and is gone/)
  })

  test('a node whose write fails begins again from what is durable, and one that goes on regardless is found', () => {
    const faults = [false, true].map(
      (written, n) =>
        ({ kind: 'write-fails', node: 'node-1', written, at: `18:0${3 + n}`, for: '5m' }) as const,
    )
    const day = defineDay({ ...evening, slo: {}, faults: faults as never })
    const { checks, faults: outcomes, restarts } = runSimDay(day, { seed: 7 })
    expect(outcomes.every(({ fired }) => fired)).toBe(true)
    expect({ restarts, broken: broken({ checks } as DayResult) }).toEqual({ restarts: 0, broken: [] })
    expect(runsWrong(() => broken(runSimDay(day, { seed: 7, broken: 'trust-failed-write' })))).toBe(true)
  })

  test('an outage that begins as another one ends has its effect too', () => {
    const outages = [
      { kind: 'provider-outage', at: '18:05', for: '10m' },
      { kind: 'provider-outage', at: '18:15', for: '10m' },
    ] as const
    const { faults } = runSimDay(defineDay({ ...evening, slo: {}, faults: outages }), { seed: 7 })
    expect(faults.map(({ fired }) => fired)).toEqual([true, true])
  })

  test('a fault that meets nobody is found', () => {
    const [first] = troubled.faults
    const day = defineDay({
      ...troubled,
      faults: [first, { kind: 'provider-outage', at: '18:44', for: '1s' }] as never,
    })
    expect(broken(runSimDay(day, { seed: 7 }))).toEqual([
      { id: 'faults-fired', held: false, detail: 'provider-outage of provider at 18:44 had no effect' },
    ])
  })

  test.each([
    ['release-before-durable', 'stock'],
    ['sequence-from-rows', 'orders'],
  ] as const)('a runtime that breaks %s is found by the check of %s', (mutant, check) => {
    const result = runSimDay({ ...troubled, drainLimit: '1h' }, { seed: 7, broken: mutant })
    expect(broken(result).map(({ id }) => id)).toContain(check)
  })
})
