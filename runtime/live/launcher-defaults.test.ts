import { expect, test } from 'vitest'
import { launcherDefaults, launcherSettings } from './launcher-defaults.ts'

test('the defaults hold their own relations', () => {
  expect(launcherSettings()).toEqual(launcherDefaults)
})

const wrong = [
  ['heartbeatBoundMs', { heartbeatIntervalMs: 300, heartbeatBoundMs: 500 }],
  ['backoffMaxMs', { backoffFirstMs: 200, backoffMaxMs: 100 }],
  ['restartsMax', { restartsMax: 0 }],
  ['drainBoundMs', { drainBoundMs: 0.5 }],
] as const
for (const [field, settings] of wrong) {
  test(`a wrong ${field} is refused by name`, () => {
    expect(() => launcherSettings(settings)).toThrow(`'launcher.${field}'`)
  })
}
