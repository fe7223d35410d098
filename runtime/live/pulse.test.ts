import { expect, test } from 'vitest'
import { Pulse } from './pulse.ts'

const pulse = (): Pulse => new Pulse(100, 250)

test('the next heartbeat is sent once the last is answered', () => {
  const it = pulse()
  expect(it.tick(0)).toBe('ask')
  expect(it.tick(100)).toBe('wait')
  it.answered()
  expect(it.tick(200)).toBe('ask')
})

test('a process is overdue after the bound, not at it', () => {
  const it = pulse()
  it.tick(0)
  it.tick(100)
  it.tick(200)
  expect(it.tick(250)).toBe('wait')
  expect(it.tick(251)).toBe('overdue')
})

test('time in which the launcher stood still does not count', () => {
  const it = pulse()
  it.tick(0)
  expect(it.tick(5_000)).toBe('wait')
  it.tick(5_100)
  it.tick(5_200)
  expect(it.tick(5_300)).toBe('overdue')
})

test('P3: nor does time in which the process waited for a CPU', () => {
  const it = pulse()
  it.tick(0, 7_000)
  for (let n = 1; n <= 50; n += 1) expect(it.tick(n * 100, 7_000 + n * 95)).toBe('wait')
  expect(it.tick(5_100, 11_849)).toBe('overdue')
})
