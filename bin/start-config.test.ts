import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startConfig } from './start-config.ts'

test('keys and values come from one JSON object, or from a file of it', () => {
  const values = { 'orders.open': false, 'rate.burst': 7 }
  expect(startConfig({})).toEqual({})
  expect(startConfig({ BRIGADE_CONFIG: JSON.stringify(values) })).toEqual(values)
  const folder = mkdtempSync(join(tmpdir(), 'brigade-config-'))
  try {
    const file = join(folder, 'config.json')
    writeFileSync(file, `${JSON.stringify(values)}\n`)
    expect(startConfig({ BRIGADE_CONFIG_FILE: file })).toEqual(values)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each([
  ['{', 'not one JSON object'],
  ['[]', 'not one JSON object'],
  ['{"orders.opne": true}', "there is no key 'orders.opne'"],
  ['{"orders.open": 1}', "'orders.open' has to be a boolean"],
  ['{"gateway.ops-token": "a-token-of-enough-length"}', 'is a secret'],
])('%s is refused, and says why', (text, problem) => {
  expect(() => startConfig({ BRIGADE_CONFIG: text })).toThrow(problem)
})
