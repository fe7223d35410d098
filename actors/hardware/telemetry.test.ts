import { beforeEach, describe, expect, test } from 'vitest'
import type { ActorId, Instant, Message } from '#actor'
import { draw, minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { fryerRef, ovenRef, panRef } from './appliance-messages.ts'
import { fryer } from './fryer.ts'
import { oven } from './oven.ts'
import { pan } from './pan.ts'
import { probe } from './probe.ts'
import { probeRef } from './probe-messages.ts'
import { type Sample, samplesOf } from './telemetry.ts'

const bank = ['riverside', 'grill', 1] as const
const stick = probeRef('riverside:grill', 1)
const ten = 10_000_000
let stage: Rehearsal

beforeEach(() => {
  stage = new Rehearsal({ actors: [oven, pan, fryer, probe] })
})

const tell = (device: ActorId, message: unknown): void => stage.tell(device, message as Message)
const telemetry = (
  device: ActorId,
  { from = 0, to = Number.MAX_SAFE_INTEGER, stepMs = 10_000 } = {},
): readonly Sample[] => stage.query(device, 'telemetry', { from, to, stepMs })
const view = (device: ActorId): { reading: number | null } => stage.query(device, 'view')

describe('S1: what was shown for an instant stays', () => {
  for (const device of [ovenRef(...bank), panRef(...bank), fryerRef(...bank)]) {
    test(`by the ${device.split('/')[0]}, whatever it is told`, () => {
      tell(device, { type: 'appliance.open', station: 'station/riverside:grill', n: 1, slots: 4 })
      tell(device, { type: 'appliance.heat', celsius: 180 })
      const seen = new Map<Instant, number | null>()
      const troubles = [
        { type: 'appliance.check' },
        { type: 'appliance.load', job: 'a', celsius: 180, minutes: 5 },
        { type: 'appliance.sensor', mode: 'drift', offset: 7 },
        { type: 'appliance.sensor', mode: 'stuck' },
        { type: 'appliance.sensor', mode: 'silent' },
        { type: 'appliance.repair' },
        { type: 'appliance.heat', celsius: 150 },
      ]
      for (let n = 0; n < 200; n += 1) {
        stage.run(seconds(1 + Math.floor(15 * draw(1, 'wait', n))))
        const at = Math.floor(stage.now / ten) * ten
        for (const sample of telemetry(device)) {
          if (seen.has(sample.at)) expect(sample.reading).toBe(seen.get(sample.at))
          seen.set(sample.at, sample.reading)
        }
        if (at === stage.now) expect(seen.get(stage.now)).toBe(view(device).reading)
        if (n % 9 === 0) tell(device, troubles[(n / 9) % troubles.length])
      }
      const shown = [...seen.values()]
      expect(shown).toContain(null)
      expect(Math.max(...shown.map((reading) => reading ?? 0))).toBeGreaterThan(150)
    })
  }

  test('by a probe: what it last showed, and nothing once it is dead', () => {
    tell(stick, { type: 'probe.open' })
    stage.run(seconds(25))
    const read = { type: 'probe.read', appliance: ovenRef(...bank), job: 'a', core: 70 } as const
    tell(stick, read)
    const { reading } = view(stick)
    expect(reading).not.toBeNull()
    stage.run(seconds(20))
    tell(stick, { type: 'probe.sensor', mode: 'silent' })
    stage.run(seconds(20))
    tell(stick, { type: 'probe.repair' })
    stage.run(seconds(10))
    expect(telemetry(stick).map((sample) => sample.reading)).toEqual([
      ...[null, null],
      ...[reading, reading],
      ...[null, null],
      reading,
    ])
  })
})

test('S2: ten minutes are kept, however long ago it was told something', () => {
  const device = ovenRef(...bank)
  tell(device, { type: 'appliance.open', station: 'station/riverside:grill', n: 1, slots: 4 })
  for (const wait of [minutes(3), minutes(30), minutes(5), minutes(24 * 60)]) {
    stage.run(wait)
    const last = Math.floor(stage.now / ten) * ten
    const samples = telemetry(device)
    expect(samples.length).toBe(Math.min(60, Math.floor(stage.now / ten)))
    expect(samples.at(-1)?.at).toBe(last)
    tell(device, { type: 'appliance.check' })
    expect(telemetry(device)).toEqual(samples)
  }
})

test('a range has both its ends, and its steps are those of the clock', () => {
  const samples = { until: 125_000_000 as Instant, readings: [7, 8, 9, 10, 11, 12] }
  const at = (from: number, to: number, stepMs: number) =>
    samplesOf(samples, { from: (from * 1e6) as Instant, to: (to * 1e6) as Instant, stepMs })
  expect(at(0, 1_000, 10_000).map((sample) => sample.at / 1e6)).toEqual([70, 80, 90, 100, 110, 120])
  expect(at(80, 110, 10_000).map(({ reading }) => reading)).toEqual([8, 9, 10, 11])
  expect(at(81, 109, 10_000).map(({ reading }) => reading)).toEqual([9, 10])
  expect(at(0, 1_000, 30_000).map((sample) => sample.at / 1e6)).toEqual([90, 120])
})
