import { describe, expect, test } from 'vitest'
import { defineDay } from '#day'
import { type DayKpis, KpiLog } from './kpis.ts'
import { type Measured, replicate } from './replicate.ts'
import { Study, type StudyRules } from './study.ts'
import { studyReport, verdictsOf } from './terminal-report.ts'
import { asItIs, swept, withFaults } from './variants.ts'

const lunch = defineDay({
  name: 'lunch',
  open: '12:00',
  lastOrder: '12:30',
  close: '13:00',
  guests: {
    arrivals: [
      { at: '12:00', perHour: 60 },
      { at: '12:30', perHour: 60 },
    ],
  },
})

const rules: StudyRules = { firstSeed: 1, least: 3, most: 20, on: 'ticket-time', relative: 0.05 }

/** A run that somebody made up. */
function made(variant: number, seed: number, ticketTime: number): Measured {
  const kpis: DayKpis = {
    values: { 'ticket-time': ticketTime },
    ticketTimes: { width: 0.5, counts: [] },
    halfHours: [],
  }
  return { variant, seed, kpis, checks: [], events: 0, wallSeconds: 0, traceHash: '' }
}

describe('what is measured of a day', () => {
  const { kpis } = replicate({ variant: 0, day: lunch, seed: 1 })

  test('what went in has come out: Little’s law holds from empty to empty', () => {
    const guests = { ...lunch.guests, cancelShare: 0, cards: { ok: 1 } }
    const whole = defineDay({ ...lunch, close: '15:00', guests })
    const { halfHours, ticketTimes, values } = replicate({ variant: 0, day: whole, seed: 1 }).kpis
    const sum = (of: (half: (typeof halfHours)[number]) => number) =>
      halfHours.reduce((total, half) => total + of(half), 0)
    const ready = sum((half) => half.ready)
    expect(ready).toBeGreaterThan(15)
    expect(ready).toBe(sum((half) => half.accepted))
    expect(ticketTimes.counts.reduce((total, count) => total + count, 0)).toBe(ready)
    expect(sum((half) => half.open * 30)).toBeCloseTo(
      sum((half) => half.minutes),
      6,
    )
    expect(values['ticket-time']).toBeCloseTo(sum((half) => half.minutes) / ready, 9)
  })

  test('a cook is busy from taking something up to putting it down, within opening hours', () => {
    const log = new KpiLog(lunch)
    const turn = (minute: number, state: string) =>
      ({
        actor: 'cook/house:grill:1',
        at: minute * 60_000_000,
        state,
        message: { type: 'cook.work' },
      }) as never
    const commit = (...records: never[]) => log.commit({ kind: 'appended', batch: { records } } as never)
    commit(turn(11 * 60, 'working'), turn(12 * 60 + 6, 'idle'))
    commit(turn(12 * 60 + 30, 'working'), turn(12 * 60 + 40, 'working'), turn(14 * 60, 'idle'))
    const { values } = log.close({
      orders: { attempted: 0, acknowledged: 0 } as never,
      money: { billed: 0 } as never,
      latencyMs: { 'order.accept': { mean: 0 } as never },
    })
    expect(values['busy.grill']).toBeCloseTo((6 + 30) / 60 / lunch.kitchen.grill.cooks, 9)
    expect(values['busy.oven']).toBe(0)
  })

  test('the same day and seed give the same figures', () => {
    expect(replicate({ variant: 0, day: lunch, seed: 1 }).kpis).toEqual(kpis)
  })
})

describe('a study', () => {
  const variants = withFaults(lunch, 'crash-node node-1 12:10')
  const pairs = [10, 11, 10.4, 10.2, 10.9, 10.6, 10.3, 10.8].flatMap((time, n) => [
    made(0, n + 1, time),
    made(1, n + 1, time + 0.1 + n / 100),
  ])

  test('ends when the half-width is reached, whatever was run beside it and in which order it ended', () => {
    const results = [pairs, pairs.toReversed(), pairs.toSorted((a, b) => a.variant - b.variant)].map(
      (order) => {
        const study = new Study(variants, rules)
        for (const run of order) study.add(run)
        return study.result()
      },
    )
    expect(results[0]?.n).toBeGreaterThan(3)
    expect(results[0]?.n).toBeLessThan(8)
    expect(results[0]?.isPrecise).toBe(true)
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })

  test('a difference is told of pairs when neither mean is known as well', () => {
    const study = new Study(variants, { ...rules, relative: 0, most: 8 })
    for (const run of pairs) study.add(run)
    const result = study.result()
    expect(result).toMatchObject({ n: 8, isPrecise: false })
    const { mean, halfWidth = 0 } = result.variants[1]?.differences?.['ticket-time'] ?? { mean: 0, n: 0 }
    expect(mean).toBeCloseTo(0.135, 9)
    expect(halfWidth).toBeLessThan(0.03)
    expect(result.variants[0]?.kpis['ticket-time']?.halfWidth).toBeGreaterThan(0.2)
    expect(verdictsOf(result)).toEqual(['crash-node node-1 12:10: ticket time +8.1 ± 1.2 s.'])
  })

  test('days are asked for seed by seed, and no more once it is enough', () => {
    const study = new Study(variants, { ...rules, most: 100 })
    const asked: string[] = []
    for (const { variant, seed } of study.replications()) {
      asked.push(`${variant} ${seed}`)
      study.add(made(variant, seed, 10 + (seed % 2)))
    }
    expect(asked.slice(0, 4)).toEqual(['0 1', '1 1', '0 2', '1 2'])
    expect(asked.length).toBe(2 * study.result().n)
    expect(study.result().n).toBeLessThan(100)
  })

  test('its report has the figures, how sure they are, and how to repeat it', () => {
    const study = new Study([{ name: asItIs, day: lunch }], { ...rules, least: 2, most: 2 })
    for (const replication of study.replications()) study.add(replicate(replication))
    const words = {
      title: 'Lunch',
      wallSeconds: 1,
      jobs: 1,
      command: 'npx brigade study lunch',
      commit: 'abc',
    }
    const report = studyReport(study.result(), words)
    expect(report).toContain('Lunch: 2 days\nseeds 1 to 2')
    expect(report).toMatch(/ticket time +\d+(\.\d+)? +\d+(\.\d+)? +\d+(\.\d+)? +\d+(\.\d+)? {2}min/)
    expect(report).toContain('Every check held on every day.')
    expect(report).toContain('npx brigade study lunch   commit abc')
  })
})

describe('variants', () => {
  const nodes = (n: number) => swept(lunch, `cluster.nodes=1,${n}`)[1]?.day.cluster.groups

  test('a sweep changes one place of the day', () => {
    const found = swept(lunch, 'kitchen.garde-manger.cooks=3, 7')
    expect(found.map(({ name, value }) => [name, value])).toEqual([
      ['kitchen.garde-manger.cooks = 3', 3],
      ['kitchen.garde-manger.cooks = 7', 7],
    ])
    const { kitchen } = found[1]?.day ?? lunch
    expect(kitchen).toEqual({
      ...lunch.kitchen,
      'garde-manger': { ...lunch.kitchen['garde-manger'], cooks: 7 },
    })
    expect(swept(lunch, 'payments.latency=40ms,2s')[1]?.day.payments.latency).toBe('2s')
    expect(swept(lunch, 'guests.arrivals.0.perHour=1,2')[0]?.day.guests.arrivals[0]?.perHour).toBe(1)
  })

  test('of nodes it changes every group that hosts something, and of guests every rate and burst', () => {
    expect(nodes(5)?.map((group) => group.nodes)).toEqual([5, 2])
    const { arrivals } = swept(lunch, 'guests.scale=1,2')[1]?.day.guests ?? lunch.guests
    expect(arrivals.map(({ perHour }) => perHour)).toEqual([120, 120])
    const bursts = [{ at: lunch.open, guests: 15, within: '1s' }] as const
    const online = defineDay({ ...lunch, guests: { ...lunch.guests, bursts } })
    expect(swept(online, 'guests.scale=1,2')[1]?.day.guests.bursts).toEqual([{ ...bursts[0], guests: 30 }])
  })

  test('a fault is said in words', () => {
    const faultsOf = (words: string) => withFaults(lunch, words)[1]?.day.faults
    expect(faultsOf('crash-node node-2 12:10')).toEqual([{ kind: 'crash-node', node: 'node-2', at: '12:10' }])
    expect(faultsOf('pause-node node-1 at 12:10 for 700ms, provider-outage 12:20 for 5m')).toEqual([
      { kind: 'pause-node', node: 'node-1', at: '12:10', for: '700ms' },
      { kind: 'provider-outage', at: '12:20', for: '5m' },
    ])
    expect(faultsOf('appliance-breakdown grill 2 12:10 for 20m')).toEqual([
      { kind: 'appliance-breakdown', station: 'grill', appliance: 2, at: '12:10', for: '20m' },
    ])
    expect(faultsOf('partition node-1+node-2|node-3 12:10 for 10s')).toEqual([
      { kind: 'partition', between: [['node-1', 'node-2'], ['node-3']], at: '12:10', for: '10s' },
    ])
    expect(faultsOf('crash-at node-1 before-reply 12:10 for 1m')).toEqual([
      { kind: 'crash-at', node: 'node-1', point: 'before-reply', at: '12:10', for: '1m' },
    ])
    expect(faultsOf('write-fails node-1 written 12:10 for 1m')).toMatchObject([{ written: true }])
    expect(faultsOf('slow-disk 12:10 for 5m by 20ms')).toEqual([
      { kind: 'slow-disk', at: '12:10', for: '5m', by: '20ms' },
    ])
    expect(faultsOf('drop-frames 5% 12:10 for 1m')).toMatchObject([{ share: 0.05, for: '1m' }])
    expect(faultsOf('cook-ill garde-manger cook 2 12:10 for 10m')).toMatchObject([
      { station: 'garde-manger', cook: 2 },
    ])
    expect(faultsOf('spoilage mozzarella 50% 12:10')).toMatchObject([
      { ingredient: 'mozzarella', share: 0.5 },
    ])
    expect(faultsOf('clock-drift node-1 rate 1.5 12:10 for 1m')).toMatchObject([
      { node: 'node-1', rate: 1.5 },
    ])
    expect(faultsOf('partition-ring node-1+node-2+node-3+edge-1 12:10 for 1m')).toMatchObject([
      { nodes: ['node-1', 'node-2', 'node-3', 'edge-1'] },
    ])
  })

  test.each([
    ['kitchen.grill.cooks', /Write kitchen.grill.cooks=3,4,5/],
    ['kitchen.grill.cook=1,2', /no such place/],
    ['kitchen.grill=1,2', /more than one value/],
    ['kitchen.grill.cooks=one,two', /not a number/],
    ['cluster.nodes=0,1', /above 0/],
    ['payments.latency=fast,slow', /payments.latency/],
  ])('%s is refused, with the remedy', (sweep, words) => {
    expect(() => swept(lunch, sweep)).toThrow(words)
  })

  test.each(['crash-node node-9 12:10', 'crash-node node-1', 'burn-down 12:10'])('%s is refused', (fault) => {
    expect(() => withFaults(lunch, fault)).toThrow(/faults\[0\]/)
  })
})
