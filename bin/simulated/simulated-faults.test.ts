/** Faults by hand in a simulated day: each kind strikes, shows and ends; and a day that is wound back has them again. */
import { describe, expect, test } from 'vitest'
import { defineDay, ReplayableDay } from '#day'
import { type FaultKind, type FaultView, faultKinds, type SetFault } from '#gateway'
import { faultSpecs, usualParams } from '../../gateway/ops/fault-catalogue.ts'
import { houseFaults } from '../house-faults.ts'
import { SimulatedFaults } from './simulated-faults.ts'

const day = defineDay({
  name: 'busy',
  open: '18:00',
  lastOrder: '18:50',
  close: '19:00',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 600 },
      { at: '18:50', perHour: 600 },
    ],
  },
})
const secondUs = 1_000_000

class Played {
  readonly play = new ReplayableDay(day, 7)
  state = 'running'
  readonly faults = new SimulatedFaults(this.play, { view: () => ({ state: this.state }) as never })

  constructor() {
    const { worldNow } = this.play
    this.run((18.05 * 3_600 * secondUs - worldNow) / secondUs)
  }

  run(seconds: number): void {
    this.play.run({ until: this.play.today.cluster.timeline.now + Math.round(seconds * secondUs) })
  }

  async set(kind: FaultKind, more: Partial<SetFault> = {}): Promise<void> {
    const params = usualParams(kind) as SetFault['params']
    const fault = { id: 'f', by: 'ada', kind, target: this.#targetOf(kind), params, ...more }
    expect(await this.faults.strike(fault)).toEqual({ kind: 'accepted' })
  }

  async seen(id = 'f'): Promise<FaultView | undefined> {
    return (await this.faults.faults()).find((one) => one.id === id)
  }

  #targetOf(kind: FaultKind): SetFault['target'] {
    const { targets, types = [] } = faultSpecs[kind]
    const [meant] = this.faults.only[kind] ?? targets
    if (meant === 'node') return { node: 'node-2' }
    if (meant === 'links') return { a: ['node-1'], b: ['node-2', 'node-3'] }
    return meant === 'actor' ? { actor: this.anActor(types) } : {}
  }

  anActor(types: readonly string[]): string {
    for (const [, { id }] of this.play.today.cluster.journal.rows('snapshots'))
      if (types.includes(id.slice(0, id.indexOf('/')))) return id
    throw new Error(`no actor of ${types}`)
  }
}

/** Nobody writes a letter, orders stock or calls a webhook in the minute that is looked at. */
const unmet = new Set<FaultKind>(['supplier-outage', 'mail-outage', 'sms-outage', 'webhook-outage'])
const offered = faultKinds.filter((kind) => kind !== 'delivery-late')

describe('a fault by hand', () => {
  test.each(offered)('%s strikes, shows, and ends by itself', async (kind) => {
    const played = new Played()
    const { lasts } = faultSpecs[kind]
    await played.set(kind, lasts && { forMs: Math.min(lasts.maxMs, 20_000) })
    expect((await played.seen())?.ended).toBeUndefined()
    played.run(lasts === undefined ? 70 : 22)
    const after = await played.seen()
    expect([kind, (after?.met ?? 0) > 0 || unmet.has(kind)]).toEqual([kind, true])
    expect([kind, after?.ended?.how]).toEqual([kind, 'over'])
  })

  const revertible = offered.filter((kind) => faultSpecs[kind].undo === 'revert')
  test.each(revertible)('%s is over when somebody reverts it', async (kind) => {
    const played = new Played()
    await played.set(kind)
    played.run(0.5)
    expect((await played.seen())?.ended).toBeUndefined()
    await played.faults.revert('f')
    played.run(houseFaults[kind] === undefined ? 0 : 0.5)
    expect((await played.seen())?.ended?.how).toBe('reverted')
    const { met } = (await played.seen()) ?? { met: -1 }
    played.run(5)
    expect([kind, (await played.seen())?.met]).toEqual([
      kind,
      kind.startsWith('clock') ? expect.any(Number) : met,
    ])
  })

  test('is reverted with all others, links healed and who is frozen thawed', async () => {
    const played = new Played()
    const { cluster } = played.play.today
    await played.set('partition', { id: 'cut' })
    await played.set('pause-node', { id: 'frozen', forMs: 60_000 })
    expect(cluster.stateOf('node-2')).toBe('frozen')
    await played.faults.revert()
    played.run(0.1)
    expect(cluster.stateOf('node-2')).toBe('running')
    expect((await played.faults.faults()).map(({ ended }) => ended?.how)).toEqual(['reverted', 'reverted'])
  })

  test('SF1: is there again when the day is wound back and run again', async () => {
    const played = new Played()
    await played.set('drop-frames', { forMs: 20_000 })
    played.run(10)
    const trace = played.play.today.traceHash
    const { moment } = played.play
    const before = await played.seen()
    played.play.rewind()
    expect(await played.faults.faults()).toEqual([])
    while (!played.play.runTo(moment, 10_000)) {}
    expect(played.play.today.traceHash).toBe(trace)
    expect(await played.seen()).toEqual(before)
  })

  test('of a fork is the fork’s own', async () => {
    const played = new Played()
    await played.set('drop-frames')
    played.run(1)
    const { moment } = played.play
    const fork = played.play.fork()
    while (!fork.runTo(moment, 10_000)) {}
    const ofFork = new SimulatedFaults(fork, { view: () => ({ state: 'running' }) as never })
    expect((await ofFork.faults()).length).toBe(1)
    await ofFork.revert()
    expect((await ofFork.faults())[0]?.ended?.how).toBe('reverted')
    expect((await played.seen())?.ended).toBeUndefined()
  })

  test('strikes nobody who is gone, and no world that is on its way to another moment', async () => {
    const played = new Played()
    await played.set('crash-node')
    const again = { id: 'g', by: 'ada', kind: 'pause-node', target: { node: 'node-2' }, params: {} } as const
    expect(await played.faults.strike(again)).toMatchObject({ kind: 'refused', reason: 'node-gone' })
    played.state = 'seeking'
    expect(await played.faults.strike({ ...again, target: { node: 'node-1' } })).toMatchObject({
      ...{ kind: 'refused', reason: 'unsupported' },
    })
    expect(await played.faults.revert()).toMatchObject({ kind: 'refused', reason: 'unsupported' })
    expect((await played.seen())?.ended).toBeUndefined()
  })

  test('is not for a cook who is off shift: its end would send them to work', async () => {
    const played = new Played()
    const fault = { kind: 'cook-ill', target: { actor: played.anActor(['cook']) } } as const
    expect(await played.faults.unfit(fault)).toBeUndefined()
    await played.set('cook-ill', fault)
    played.run(1)
    expect(await played.faults.unfit(fault)).toMatch(/^cook\/.* is off shift, and/)
    await played.faults.revert()
    // Until the cook has heard of it the fault is in force.
    expect((await played.seen())?.ended).toBeUndefined()
    played.run(1)
    expect((await played.seen())?.ended?.how).toBe('reverted')
    expect(await played.faults.unfit(fault)).toBeUndefined()
  })

  test('is not for an oven that has another trouble: its end would mend that', async () => {
    const played = new Played()
    const target = { actor: played.anActor(['oven']) }
    await played.set('door-open', { target })
    played.run(1)
    expect(await played.faults.unfit({ kind: 'sensor-drift', target })).toContain('has an open door')
  })

  test('leaves frozen whom another has frozen', async () => {
    const played = new Played()
    const { cluster } = played.play.today
    await played.set('pause-node', { id: 'frozen', forMs: 60_000 })
    await played.set('clock-step', { id: 'clock' })
    await played.set('long-gc', { id: 'gc' })
    await played.faults.revert('clock')
    await played.faults.revert('gc')
    played.run(0.1)
    expect(cluster.stateOf('node-2')).toBe('frozen')
    await played.faults.revert('frozen')
    played.run(0.1)
    expect(cluster.stateOf('node-2')).toBe('running')
  })
})
