import { expect, test } from 'vitest'
import { launcherDefaults } from './launcher-defaults.ts'
import { RestartPolicy } from './restart-policy.ts'

const { restartsMax, restartsWindowMs, backoffMaxMs } = launcherDefaults

test('the pause doubles with each start that fails, up to a bound', () => {
  const policy = new RestartPolicy(launcherDefaults)
  const pauses = Array.from({ length: 8 }, () => policy.ended(0))
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, backoffMaxMs, backoffMaxMs])
})

test('a start that succeeds makes the next pause short again', () => {
  const policy = new RestartPolicy(launcherDefaults)
  policy.ended(0)
  policy.ended(0)
  policy.started()
  expect(policy.ended(0)).toBe(100)
})

test('a node that runs and ends is given up after the limit within the window', () => {
  const policy = new RestartPolicy(launcherDefaults)
  for (let n = 0; n < restartsMax; n++) {
    expect(policy.ended(n)).toBe(100)
    policy.started()
  }
  expect(policy.ended(restartsWindowMs - 1)).toBe('given-up')
  expect(policy.ended(restartsWindowMs)).toBe(100)
})

test('a node killed every ten seconds is never given up', () => {
  const policy = new RestartPolicy(launcherDefaults)
  for (let n = 0; n < 1_000; n++) {
    expect(policy.ended(n * 10_000)).toBe(100)
    policy.started()
  }
})

test('a node that never starts is given up, though its pauses are too long for the window', () => {
  const policy = new RestartPolicy(launcherDefaults)
  let now = 0
  for (let n = 0; n < restartsMax; n++) now += policy.ended(now) as number
  expect(policy.within(now)).toBeLessThan(restartsMax)
  expect(policy.ended(now)).toBe('given-up')
})

test('a node that an operator starts again has all its restarts', () => {
  const policy = new RestartPolicy(launcherDefaults)
  while (policy.ended(0) !== 'given-up');
  policy.forgive()
  expect(policy.ended(0)).toBe(100)
})
