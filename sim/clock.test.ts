import { expect, test } from 'vitest'
import { after, type Instant } from '#actor'
import type { WorldAnchor } from '#ports'
import { clockContract } from '../runtime/ports/contracts/clock.contract.ts'
import { runtimeEpoch, SimClock } from './clock.ts'
import { SimProcess } from './process.ts'
import { Timeline } from './timeline.ts'

function open(world?: WorldAnchor) {
  const timeline = new Timeline(1)
  const process = new SimProcess(timeline)
  const clock = new SimClock(timeline, process, world)
  // A tick that never ends: time passes although nothing else happens.
  const tick = (): void => void timeline.after(1_000, tick)
  tick()
  const pass = async (reached: () => boolean): Promise<void> => {
    for (let n = 0; n < 10_000 && !reached(); n += 1) timeline.run({ eventsMax: 1 })
    expect(reached()).toBe(true)
  }
  return { timeline, process, clock, pass, close: () => {} }
}

const sixty: WorldAnchor = { world: 5_000_000 as Instant, runtime: runtimeEpoch, speed: 60 }
const tenth: WorldAnchor = { world: 0 as Instant, runtime: runtimeEpoch, speed: 0.1 }

clockContract('SimClock', () => open())
clockContract('SimClock with a world sixty times as fast', () => open(sixty))
clockContract('SimClock with a slow world', () => open(tenth))
clockContract('SimClock that drifts', () => {
  const subject = open()
  subject.clock.drift(0.7)
  return subject
})

test('a wake happens at its very instant', () => {
  const { timeline, clock } = open(sixty)
  let at = 0
  clock.wakeAt('world', 65_000_000 as Instant, () => {
    at = timeline.now
  })
  timeline.run({ until: 2_000_000 })
  expect(at).toBe(1_000_000)
})

test('while the process is frozen its clock runs on and nothing fires; after the thaw each fires once', () => {
  const { timeline, process, clock } = open()
  const fired: string[] = []
  clock.wakeAt('runtime', after(runtimeEpoch, 10), () => fired.push('wake'))
  clock.soon(() => fired.push('soon'))
  process.freeze()
  timeline.run({ until: 50_000 })
  expect(fired).toEqual([])
  process.thaw()
  timeline.run({ until: 60_000 })
  expect(fired).toEqual(['soon', 'wake'])
  expect(clock.now().runtime).toBe(after(runtimeEpoch, 60))
})

test('nothing fires in a process that has ended', () => {
  const { timeline, process, clock } = open()
  const fired: string[] = []
  clock.wakeAt('runtime', after(runtimeEpoch, 10), () => fired.push('wake'))
  clock.soon(() => fired.push('soon'))
  process.end()
  timeline.run({ until: 50_000 })
  expect(fired).toEqual([])
})

test('a step forward brings a wake forward; a step back holds the clock until it has caught up', () => {
  const { timeline, clock } = open()
  let fired = 0
  clock.wakeAt('runtime', after(runtimeEpoch, 100), () => {
    fired = timeline.now
  })
  clock.step(60_000)
  timeline.run({ until: 50_000 })
  expect(fired).toBe(40_000)

  const before = clock.now().runtime
  clock.step(-30_000)
  expect(clock.now().runtime).toBe(before)
  timeline.run({ until: 70_000 })
  expect(clock.now().runtime).toBe(before)
  timeline.run({ until: 90_000 })
  expect(clock.now().runtime).toBe(after(before, 10))
})

test('a clock that drifts wakes by its own time', () => {
  const { timeline, clock } = open()
  let fired = 0
  clock.drift(2)
  clock.wakeAt('runtime', after(runtimeEpoch, 100), () => {
    fired = timeline.now
  })
  timeline.run({ until: 90_000 })
  expect(fired).toBe(50_000)
})
