import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type Instant, after as later } from '#actor'
import { clockContract } from '../ports/contracts/clock.contract.ts'
import { type MachineAnchor, monotonicUs, runtimeNow, SystemClock } from './system-clock.ts'
import { SystemRandom } from './system-random.ts'

const unixNow = (): Instant => (Date.now() * 1_000) as Instant
const anchored = (speed: number, world = 0): MachineAnchor => ({
  world: world as Instant,
  runtime: unixNow(),
  speed,
  monotonicUs: monotonicUs(),
})

const pass = async (reached: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`Not reached: ${reached}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function open(speed = 1) {
  const clock = new SystemClock(anchored(speed))
  return { clock, pass, close: () => clock.close() }
}

clockContract('SystemClock', () => open())
clockContract('SystemClock with a world sixty times as fast', () => open(60))
clockContract('SystemClock with a slow world', () => open(0.25))

describe('the system clock', () => {
  test('tells Unix time in microseconds', () => {
    const { clock } = open()
    expect(Math.abs(clock.now().runtime - unixNow())).toBeLessThan(1_000_000)
  })

  test('tells the same in another process, also after the time of the machine was set', () => {
    const anchor = { ...anchored(1), runtime: (unixNow() - 3_600_000_000) as Instant }
    const module = new URL('../../dist/runtime/live/system-clock.js', import.meta.url).href
    const ask = `import { runtimeNow } from '${module}'
      console.log(runtimeNow(${JSON.stringify(anchor)}))`
    const before = runtimeNow(anchor)
    const there = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', ask]))
    expect(there).toBeGreaterThan(before)
    expect(there).toBeLessThan(new SystemClock(anchor).now().runtime)
  })

  test('anchored again the world goes on from where it stood, whatever time has passed meanwhile', () => {
    const stored = 7_000_000
    const clock = new SystemClock(anchored(60, stored))
    const { world } = clock.now()
    expect(world).toBeGreaterThanOrEqual(stored - 60_000)
    expect(world).toBeLessThan(stored + 60_000_000)
  })

  test('a faster world wakes what waits for it earlier', async () => {
    const { clock, close } = open()
    let fired = false
    clock.wakeAt('world', later(clock.now().world, 3_600_000), () => {
      fired = true
    })
    const { world, runtime } = clock.now()
    clock.reanchor({ world, runtime, speed: 1_000_000 })
    await pass(() => fired)
    close()
  })

  test('the world never goes back, even when its record does', () => {
    const { clock } = open()
    const { world } = clock.now()
    clock.reanchor({ world: (world - 5_000_000) as Instant, runtime: unixNow(), speed: 1 })
    expect(clock.now().world).toBe(world)
  })

  test('a step forward wakes at once what it passed; a step back holds the clock', async () => {
    const { clock, close } = open()
    const { runtime } = clock.now()
    let fired = false
    clock.wakeAt('runtime', later(runtime, 3_600_000), () => {
      fired = true
    })
    clock.step(3_600_000_000)
    await pass(() => fired)
    const ahead = clock.now().runtime
    expect(ahead).toBeGreaterThanOrEqual(later(runtime, 3_600_000))
    clock.step(-3_600_000_000)
    expect(clock.now().runtime).toBe(ahead)
    close()
  })

  test('a wake a year away does not fire now', async () => {
    const { clock, close } = open()
    let fired = false
    clock.wakeAt('runtime', later(clock.now().runtime, 365 * 86_400_000), () => {
      fired = true
    })
    const { runtime } = clock.now()
    await pass(() => clock.now().runtime > later(runtime, 30))
    expect(fired).toBe(false)
    close()
  })
})

test('system randomness gives 32 bits, all of them used, over more than a block', () => {
  const random = new SystemRandom()
  const numbers = Array.from({ length: 1_000 }, () => random.next())
  expect(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true)
  expect(new Set(numbers).size).toBeGreaterThan(990)
  expect(numbers.reduce((bits, n) => (bits | n) >>> 0, 0)).toBe(2 ** 32 - 1)
})
