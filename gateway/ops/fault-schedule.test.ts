import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CommandOutcome } from '../cluster-client.ts'
import { type FaultKind, faultKinds, type SetFault } from '../fault-control.ts'
import { canBeScheduled, faultSpecs, paramsValidator } from './fault-catalogue.ts'
import { drawSchedule, FaultSchedule, type Planned, type ScheduleOptions } from './fault-schedule.ts'

const place = {
  nodes: ['node-1', 'node-2', 'node-3'],
  actors: {
    oven: ['oven/house:pass:1', 'oven/house:pass:2'],
    pan: ['pan/house:line:1'],
    cook: ['cook/house:line:1'],
  },
}
const kinds = faultKinds.filter(canBeScheduled)
const options: ScheduleOptions = { seed: 7, intervalMs: 5_000, concurrency: 3, kinds, forMs: 1_800_000 }
const seeds = Array.from({ length: 20 }, (_, seed) => seed)
/** What is struck; of the whole, the part of it. */
const objectOf = ({ kind, target }: Planned): readonly string[] => {
  const names = Object.values(target).flat().sort()
  return names.length > 0 ? names : [faultSpecs[kind].group]
}
const endOf = ({ atMs, forMs }: Planned): number => atMs + forMs

describe('a schedule that a seed draws', () => {
  test('FS1: is the same for the same seed and names, in whatever order they are told', () => {
    const other = { ...place, nodes: place.nodes.toReversed() }
    const again = { ...options, kinds: kinds.toReversed() }
    expect(drawSchedule(again, other)).toEqual(drawSchedule(options, place))
    expect(drawSchedule({ ...options, seed: 8 }, place)).not.toEqual(drawSchedule(options, place))
  })

  test('has every kind that it was asked for, in the end', () => {
    const drawn = new Set(
      seeds.flatMap((seed) => drawSchedule({ ...options, seed }, place)).map(({ kind }) => kind),
    )
    const without = new Set<FaultKind>(['probe-silent', 'timer-stopped'])
    expect([...drawn].sort()).toEqual(kinds.filter((kind) => !without.has(kind)).sort())
  })

  test.each(seeds)(
    'FS2: seed %i is over at its end, within its budget, and strikes nothing twice at once',
    (seed) => {
      const planned = drawSchedule({ ...options, seed }, place)
      expect(planned.length).toBeGreaterThan(20)
      for (const one of planned) {
        expect(endOf(one)).toBeLessThanOrEqual(options.forMs)
        const before = planned.filter((other) => other.n < one.n)
        const running = before.filter((other) => endOf(other) > one.atMs)
        expect(running.length).toBeLessThan(options.concurrency)
        expect(running.map(objectOf)).not.toContainEqual(objectOf(one))
        if (faultSpecs[one.kind].stops === undefined) continue
        const stopped = running.filter(({ kind }) => faultSpecs[kind].stops !== undefined)
        expect(stopped).toEqual([])
        const same = before.filter(({ target }) => target.node === one.target.node)
        for (const other of same)
          if (faultSpecs[other.kind].stops !== undefined)
            expect(one.atMs - endOf(other)).toBeGreaterThan(10_000)
      }
    },
  )

  test('has only parameters that the catalogue takes', () => {
    for (const { kind, params, forMs } of seeds.flatMap((seed) =>
      drawSchedule({ ...options, seed }, place),
    )) {
      expect([kind, params, paramsValidator(kind).Check(params)]).toEqual([kind, params, true])
      const { lasts } = faultSpecs[kind]
      if (lasts !== undefined) expect(forMs >= lasts.minMs && forMs <= lasts.maxMs).toBe(true)
    }
  })

  test('of one node stops none', () => {
    const alone = { nodes: ['node-1'], actors: {} }
    expect(drawSchedule({ ...options, kinds: ['crash-node', 'partition', 'spoilage'] }, alone)).toEqual([])
  })
})

describe('a schedule that goes on', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  function begin(
    answer: (fault: SetFault) => CommandOutcome | Promise<CommandOutcome> = () => ({ kind: 'accepted' }),
    reverted: CommandOutcome = { kind: 'accepted' },
  ) {
    const clock = { ms: 500, isSeeking: false }
    const struck: SetFault[] = []
    let over = 0
    const schedule = new FaultSchedule({
      ...{ id: 'schedule_1', by: 'ada', place, nowMs: () => clock.ms },
      isSeeking: () => clock.isSeeking,
      options: { ...options, forMs: 60_000, kinds: ['delay-frames'] },
      strike: async (fault) => {
        struck.push(fault)
        return answer(fault)
      },
      over: async () => {
        over += 1
        return reverted
      },
    })
    const at = async (ms: number): Promise<void> => {
      clock.ms = 500 + ms
      await vi.advanceTimersByTimeAsync(200)
    }
    return { schedule, struck, at, over: () => over, clock }
  }

  test('strikes what is due, and reverts what is left at its end', async () => {
    const { schedule, struck, at, over } = begin()
    const first = schedule.items[0]?.atMs ?? 0
    await at(first - 1)
    expect(struck).toEqual([])
    await at(first)
    expect(struck).toMatchObject([
      { id: 'schedule_1-0', by: 'ada', schedule: 'schedule_1', kind: 'delay-frames' },
    ])
    expect(schedule.items[0]).toMatchObject({ fault: 'schedule_1-0' })
    expect([schedule.isOver, over()]).toEqual([false, 0])
    await at(60_000)
    expect([schedule.isOver, over()]).toEqual([true, 1])
    await at(61_000)
    expect([struck.length <= schedule.items.length, over()]).toEqual([true, 1])
  })

  test('tells who ends it what could not be reverted', async () => {
    const { schedule } = begin(undefined, { kind: 'failed', detail: 'oven/1 does not answer' })
    expect(await schedule.end()).toEqual({ kind: 'failed', detail: 'oven/1 does not answer' })
    expect(await schedule.end()).toEqual({ kind: 'accepted' })
  })

  test('says of each that could not strike why', async () => {
    const { schedule, at } = begin(() => ({
      kind: 'refused',
      reason: 'would-kill-quorum',
      detail: 'node-2 is away',
    }))
    await at(schedule.items[0]?.atMs ?? 0)
    expect(schedule.items[0]).toMatchObject({ skipped: 'node-2 is away' })
  })

  test('says so too when whoever strikes cannot be asked', async () => {
    const { schedule, at } = begin(() => Promise.reject(new Error('nobody answers')))
    await at(schedule.items[0]?.atMs ?? 0)
    expect(schedule.items[0]).toMatchObject({ skipped: 'nobody answers' })
  })

  test('FS2: at its end what is just striking is awaited before the rest is reverted', async () => {
    let strike: (outcome: CommandOutcome) => void = () => {}
    const { schedule, at, over } = begin(
      () =>
        new Promise((resolve) => {
          strike = resolve
        }),
    )
    await at(schedule.items[0]?.atMs ?? 0)
    const ended = schedule.end()
    await vi.advanceTimersByTimeAsync(1_000)
    expect([schedule.isOver, over()]).toEqual([true, 0])
    strike({ kind: 'accepted' })
    await ended
    expect([over(), schedule.items[0]?.fault]).toEqual([1, 'schedule_1-0'])
  })

  test('ceases without reverting anything', async () => {
    const { schedule, over } = begin()
    await schedule.cease()
    await schedule.end()
    expect([schedule.isOver, over()]).toEqual([true, 0])
  })

  test('looks at no clock of a world that is on its way', async () => {
    const { schedule, struck, at, clock } = begin()
    clock.isSeeking = true
    await at(-1)
    await at(59_000)
    expect([schedule.isOver, struck]).toEqual([false, []])
    clock.isSeeking = false
    await at(schedule.items[0]?.atMs ?? 0)
    expect(struck.length).toBe(1)
  })

  test('is over when the world is wound back to before it began', async () => {
    const { schedule, at } = begin()
    await at(-1)
    expect(schedule.isOver).toBe(true)
  })
})
