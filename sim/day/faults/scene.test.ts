/** A fault that is ended by hand: what was to break something is not tried again, what mends it is. */
import { expect, test } from 'vitest'
import type { ActorId } from '#actor'
import type { Answer } from '../door.ts'
import { type FaultStage, Scene } from './scene.ts'

test('after its end only what mends is tried again', () => {
  const due: (() => void)[] = []
  const told: string[] = []
  const stage = {
    cluster: { timeline: { now: 0, after: (_: number, run: () => void) => void due.push(run) } },
    door: {
      command: (_: ActorId, __: object, key: string, done: (answer: Answer) => void) => {
        told.push(key)
        done({ kind: 'timeout' })
      },
    },
  } as unknown as FaultStage
  const oven = 'oven/house:pass:1' as ActorId
  const scene = new Scene(stage).byHand()
  const runDue = (): void => {
    for (const run of due.splice(0)) run()
  }
  scene.tell(oven, { type: 'appliance.break' }, 'breaks')
  runDue()
  expect(told).toEqual(['breaks', 'breaks'])
  scene.later('24h', () => scene.tell(oven, { type: 'appliance.repair' }, 'mends'))
  scene.endNow()
  told.length = 0
  runDue()
  runDue()
  expect(told).toEqual(['mends', 'mends'])
})
