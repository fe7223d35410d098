// Goal: each fault is felt, and heals. Method: a short evening with that fault alone: its effect is seen, every order
// settles all the same, and what only it could have broken is whole again.
import { describe, expect, test } from 'vitest'
import { departments } from '#actors'
import type { NodeId } from '#ports'
import { type CrashPoint, crashPoints } from '#sim'
import type { DayOptions, Fault, FaultKind } from '../index.ts'
import {
  applianceAt,
  defineDay,
  faultKinds,
  runSimDay,
  SimDay,
  site,
  type TimeOfDay,
  timeUs,
} from '../index.ts'

const evening: DayOptions = {
  name: 'evening',
  open: '18:00',
  lastOrder: '18:30',
  close: '18:45',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 80 },
      { at: '18:30', perHour: 80 },
    ],
    noShowShare: 0,
    members: 0.5,
  },
  stock: { deliveries: [{ at: '18:10', ingredient: 'mozzarella', amount: 4_000 }] },
  cluster: {
    groups: [
      { name: 'node', nodes: 4, departments: 'all' },
      { name: 'edge', nodes: 1, departments: [] },
    ],
  },
  slo: {},
}
const at = '18:10'
const oven = { station: 'oven', appliance: 1 } as const

/** One of each kind. */
const each: { readonly [Kind in FaultKind]: Extract<Fault, { kind: Kind }> } = {
  'crash-node': { kind: 'crash-node', node: 'node-1', at },
  'crash-at': { kind: 'crash-at', node: 'node-1', point: 'before-reply', at, for: '5m' },
  'pause-node': { kind: 'pause-node', node: 'node-1', at, for: '20s' },
  'long-gc': { kind: 'long-gc', node: 'node-1', pause: '400ms', at, for: '30s' },
  'drain-node': { kind: 'drain-node', node: 'node-1', at, for: '30s' },
  'rolling-restart': { kind: 'rolling-restart', at, for: '4m' },
  'rolling-upgrade': { kind: 'rolling-upgrade', at, for: '10m' },
  'add-node': { kind: 'add-node', group: 'node', at, for: '5m' },
  'restart-cluster': { kind: 'restart-cluster', at },
  'launcher-dies': { kind: 'launcher-dies', at },
  'power-loss': { kind: 'power-loss', at },
  'torn-write': { kind: 'torn-write', at, for: '5m' },
  'write-fails': { kind: 'write-fails', node: 'node-1', written: true, at, for: '5m' },
  'slow-disk': { kind: 'slow-disk', by: '200ms', at, for: '5m' },
  'slow-reads': { kind: 'slow-reads', by: '200ms', at, for: '10m' },
  'full-disk': { kind: 'full-disk', at, for: '2m' },
  'clock-step': { kind: 'clock-step', node: 'node-1', by: '1m', back: true, at, for: '5m' },
  'clock-drift': { kind: 'clock-drift', node: 'node-1', rate: 2, at, for: '5m' },
  'turns-throw': { kind: 'turns-throw', share: 0.05, at, for: '10m' },
  partition: { kind: 'partition', between: [['node-1'], ['node-2', 'node-3']], at, for: '2m' },
  'partition-ring': {
    kind: 'partition-ring',
    nodes: ['node-1', 'node-2', 'node-3', 'node-4', 'edge-1'],
    at,
    for: '5m',
  },
  'delay-frames': { kind: 'delay-frames', by: '500ms', at, for: '5m' },
  'drop-frames': { kind: 'drop-frames', share: 0.5, between: [['edge-1'], ['node-1']], at, for: '10m' },
  'duplicate-frames': { kind: 'duplicate-frames', share: 0.5, at, for: '5m' },
  'reorder-frames': { kind: 'reorder-frames', share: 0.5, at, for: '5m' },
  'corrupt-frames': { kind: 'corrupt-frames', share: 0.2, oneWay: true, at, for: '5m' },
  'provider-outage': { kind: 'provider-outage', at, for: '5m' },
  'provider-declines': { kind: 'provider-declines', share: 1, at, for: '5m' },
  'provider-slow': { kind: 'provider-slow', by: '5s', at, for: '5m' },
  'provider-silent': { kind: 'provider-silent', share: 0.5, at, for: '5m' },
  'mail-outage': { kind: 'mail-outage', at, for: '30m' },
  'sms-outage': { kind: 'sms-outage', at, for: '30m' },
  'webhook-outage': { kind: 'webhook-outage', at, for: '30m' },
  'supplier-outage': { kind: 'supplier-outage', at, for: '30m' },
  'appliance-breakdown': { kind: 'appliance-breakdown', ...oven, at, for: '5m' },
  'sensor-stuck': { kind: 'sensor-stuck', ...oven, at, for: '15m' },
  'sensor-drift': { kind: 'sensor-drift', ...oven, kelvin: 25, at, for: '15m' },
  'runaway-heat': { kind: 'runaway-heat', ...oven, at, for: '10m' },
  'probe-silent': { kind: 'probe-silent', ...oven, at, for: '15m' },
  'timer-stopped': { kind: 'timer-stopped', station: 'oven', at, for: '15m' },
  'door-open': { kind: 'door-open', ...oven, at, for: '5m' },
  'cook-ill': { kind: 'cook-ill', station: 'grill', cook: 1, at, for: '10m' },
  'delivery-late': { kind: 'delivery-late', ingredient: 'mozzarella', by: '10m', at },
  'delivery-short': { kind: 'delivery-short', ingredient: 'mozzarella', share: 0.5, at },
  spoilage: { kind: 'spoilage', ingredient: 'mozzarella', share: 0.5, at },
}

test('there is an example of every kind', () => {
  expect(Object.keys(each).sort()).toEqual([...faultKinds].sort())
})

describe('a fault is felt, and every check holds once it has healed', () => {
  /** What is low from the beginning is ordered, and is due in the outage. */
  const low = {
    ...evening.stock,
    lead: '15m',
    opening: { basil: 300, lemon: 20, sugar: 2_000, butter: 2_000 },
  } as const

  test.each(faultKinds)('%s', (kind) => {
    const stock = kind === 'supplier-outage' ? low : evening.stock
    const day = defineDay({ ...evening, ...(stock && { stock }), faults: [each[kind]] })
    const { faults, checks } = runSimDay(day, { seed: 5 })
    expect(faults).toMatchObject([{ kind, fired: true }])
    expect(checks.filter(({ held }) => !held)).toEqual([])
  })

  test.each(crashPoints)('crash-at %s', (point) => {
    // Who takes a shard does so because another gave it up, or died.
    const taking: ReadonlySet<CrashPoint> = new Set(['before-acquire', 'in-handoff', 'in-recovery'])
    const giving: ReadonlySet<CrashPoint> = new Set(['after-release'])
    const nodes = ['node-1', 'node-2', 'node-3'] as const
    const traps = (taking.has(point) ? nodes : (['node-1'] as const)).map(
      (node): Fault => ({ kind: 'crash-at', node, point, at: '18:09', for: '3m' }),
    )
    const cause: readonly Fault[] = taking.has(point)
      ? [{ kind: 'crash-node', node: 'node-4', at: '18:10' }]
      : giving.has(point)
        ? [{ kind: 'add-node', group: 'node', at: '18:10', for: '5m' }]
        : []
    // Where next to nobody stays in memory, messages are accepted before they can be handled.
    const bounds = point === 'before-handling' ? { activationsMax: 4, passivationSweepMs: 500 } : {}
    const cluster = { ...evening.cluster, bounds } as const
    const day = defineDay({ ...evening, cluster, nodesDownMax: 4, faults: [...traps, ...cause] })
    const { faults, checks } = runSimDay(day, { seed: 5 })
    expect(faults.some(({ kind, fired }) => kind === 'crash-at' && fired)).toBe(true)
    expect(checks.filter(({ id, held }) => !held && id !== 'faults-fired')).toEqual([])
  })
})

describe('what heals', () => {
  const during = (fault: Fault): SimDay => {
    const day = new SimDay(defineDay({ ...evening, faults: [fault] }), 5)
    day.advance(timeUs('18:12'))
    return day
  }

  test('an oven whose sensor shows too much is too cool by as much, and hot again when it is mended', () => {
    const day = during(each['sensor-drift'])
    const appliance = applianceAt(day.day, site, 'oven', 1)
    /** By how much it is off what is wanted: what it shows, and what there is. */
    const look = (at: TimeOfDay) => {
      const seen = new Map<string, { reading?: number; target?: number; sensed?: number }>()
      day.advance(timeUs(at) - 1_000_000)
      for (const name of ['view', 'truth']) {
        day.door.query(appliance, name, (answer) => {
          if (answer.kind === 'answer') seen.set(name, answer.value as object)
        })
      }
      day.advance(timeUs(at))
      const { reading = 0, target = 0 } = seen.get('view') ?? {}
      return { shown: Math.abs(reading - target), lacking: target - (seen.get('truth')?.sensed ?? 0) }
    }
    const drifted = look('18:20')
    expect(drifted.shown).toBeLessThan(8)
    expect(drifted.lacking).toBeGreaterThan(25 - 8)
    const mended = look('18:45')
    expect(mended.shown).toBeLessThan(8)
    expect(Math.abs(mended.lacking)).toBeLessThan(8)
  })

  test('a clock is right again, also that of a process that was started meanwhile', () => {
    const day = during(each['clock-step'])
    const error = () => day.cluster.clockOf('node-1')?.error
    expect(error()).toBeLessThan(-59_000_000)
    day.cluster.crash('node-1')
    day.advance(timeUs('18:13'))
    expect(day.cluster.stateOf('node-1')).toBe('running')
    expect(error()).toBeLessThan(-59_000_000)
    day.advance(timeUs('18:16'))
    expect(error()).toBe(0)
  })

  test("a node that was added is gone for good, and all it owned is somebody else's", () => {
    const day = during(each['add-node'])
    expect(day.cluster.nodeOf('node-5')?.cluster?.owned.size).toBeGreaterThan(0)
    day.advance(timeUs('18:20'))
    expect(day.cluster.nodes).not.toContain('node-5' as NodeId)
    const owned = (['node-1', 'node-2', 'node-3', 'node-4'] as const).map(
      (node) => day.cluster.nodeOf(node)?.cluster?.owned.size ?? 0,
    )
    expect(owned.reduce((sum, count) => sum + count, 0)).toBe(Object.keys(departments).length * 4)
  })

  test('a cluster is of two builds in the middle of an upgrade, and of the newer one after it', () => {
    const day = during(each['rolling-upgrade'])
    const newest = () =>
      (['node-1', 'node-2', 'node-3', 'node-4'] as const).filter((node) => {
        const types = day.cluster.buildOf(node)?.types ?? []
        return types.every(({ machine }) => machine.version === '1+1')
      })
    expect(newest()).toEqual(['node-1'])
    day.advance(timeUs('18:25'))
    expect(newest()).toHaveLength(4)
  })

  test('a delivery that is late comes whole, and one that is short at its time', () => {
    const delivered = (fault: Fault) => {
      const at: number[] = []
      const seen: unknown[] = []
      const day = defineDay({ ...evening, faults: [fault] })
      runSimDay(day, {
        seed: 5,
        onCommit: (commit) => {
          if (commit.kind !== 'appended') return
          for (const { message, at: then } of commit.batch.records) {
            if (message.type !== 'bin.deliver' || !('amount' in message)) continue
            at.push(Math.floor((then - timeUs('18:10')) / 60_000_000))
            seen.push(message.amount)
          }
        },
      })
      return { at, seen }
    }
    expect(delivered(each['delivery-late'])).toEqual({ at: [10], seen: [4_000] })
    expect(delivered(each['delivery-short'])).toEqual({ at: [0], seen: [2_000] })
  })

  test('turns that throw have no effect but their attempts', () => {
    const faults = [each['turns-throw']]
    const { reached, checks } = runSimDay(defineDay({ ...evening, faults }), { seed: 6 })
    expect(reached['turn-failed']).toBeGreaterThan(10)
    expect(reached['dead-letter']).toBe(0)
    expect(checks.filter(({ held }) => !held)).toEqual([])
  })
})

describe('what a day must have reached', () => {
  const [declined, refunded] = ['payment-declined', 'payment-refunded'] as const

  test('is judged, and named where it was not', () => {
    const faults = [each['provider-declines']]
    const judged = (sometimes: DayOptions['sometimes']) =>
      runSimDay(defineDay({ ...evening, faults, sometimes: sometimes ?? [] }), { seed: 5 }).checks.find(
        ({ id }) => id === 'reached',
      )
    expect(judged([declined])).toEqual({ id: 'reached', held: true })
    expect(judged([declined, refunded, 'state-migrated'])).toMatchObject({
      held: false,
      detail: expect.stringMatching(/'state-migrated' was never reached/),
    })
    expect(judged([])).toBeUndefined()
  })
})
