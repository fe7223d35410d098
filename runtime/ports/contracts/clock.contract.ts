/**
 * What every Clock promises. Call it in a test file of the adapter.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ClockName, type Instant, after as later } from '#actor'
import type { Clock } from '#ports'

export interface ClockUnderTest {
  readonly clock: Clock
  /** Lets time pass until `reached`; rejects when that takes far too long. */
  pass(reached: () => boolean): Promise<void>
  close(): void
}

export function clockContract(adapter: string, open: () => ClockUnderTest): void {
  describe(`${adapter} is a Clock`, () => {
    let subject: ClockUnderTest
    beforeEach(() => {
      subject = open()
    })
    afterEach(() => subject.close())

    const names: readonly ClockName[] = ['world', 'runtime']

    test('C1: neither clock goes back, and both go on', async () => {
      const { clock, pass } = subject
      const first = clock.now()
      let last = first
      await pass(() => {
        const now = clock.now()
        expect(now.world).toBeGreaterThanOrEqual(last.world)
        expect(now.runtime).toBeGreaterThanOrEqual(last.runtime)
        last = now
        return now.world > first.world && now.runtime > first.runtime
      })
    })

    test('instants are integers', () => {
      const { world, runtime } = subject.clock.now()
      expect([Number.isSafeInteger(world), Number.isSafeInteger(runtime)]).toEqual([true, true])
    })

    for (const name of names) {
      test(`C2: a wake of the ${name} clock fires once, not before its instant`, async () => {
        const { clock, pass } = subject
        const at = later(clock.now()[name], 20)
        const fired: Instant[] = []
        clock.wakeAt(name, at, () => fired.push(clock.now()[name]))
        await pass(() => fired.length > 0 && clock.now()[name] > later(at, 20))
        expect(fired).toHaveLength(1)
        expect(fired[0]).toBeGreaterThanOrEqual(at)
      })

      test(`C2: a later wake of the ${name} clock replaces the one before, earlier or later`, async () => {
        const { clock, pass } = subject
        const start = clock.now()[name]
        const fired: string[] = []
        clock.wakeAt(name, later(start, 10), () => fired.push('first'))
        clock.wakeAt(name, later(start, 40), () => fired.push('second'))
        clock.wakeAt(name, later(start, 20), () => fired.push('third'))
        await pass(() => fired.length > 0 && clock.now()[name] > later(start, 60))
        expect(fired).toEqual(['third'])
      })

      test(`C3: an instant of the ${name} clock that has passed fires after the call returned`, async () => {
        const { clock, pass } = subject
        const happened: string[] = []
        clock.wakeAt(name, later(clock.now()[name], -5), () => happened.push('fired'))
        happened.push('returned')
        await pass(() => happened.length === 2)
        expect(happened).toEqual(['returned', 'fired'])
      })
    }

    test('C2: the two clocks wake independently', async () => {
      const { clock, pass } = subject
      const now = clock.now()
      const fired = new Set<ClockName>()
      for (const name of names) clock.wakeAt(name, later(now[name], 10), () => fired.add(name))
      await pass(() => fired.size === 2)
    })

    test('a wake can be asked for from within one', async () => {
      const { clock, pass } = subject
      let fired = 0
      const again = (): void => {
        fired += 1
        if (fired < 3) clock.wakeAt('runtime', later(clock.now().runtime, 2), again)
      }
      clock.wakeAt('runtime', clock.now().runtime, again)
      await pass(() => fired === 3)
    })

    test('C3: what is to run soon runs once, in the order asked for, after the call returned', async () => {
      const { clock, pass } = subject
      const happened: string[] = []
      clock.soon(() => happened.push('first'))
      clock.soon(() => {
        happened.push('second')
        clock.soon(() => happened.push('fourth'))
      })
      clock.soon(() => happened.push('third'))
      happened.push('returned')
      await pass(() => happened.length >= 5)
      expect(happened).toEqual(['returned', 'first', 'second', 'third', 'fourth'])
    })
  })
}
