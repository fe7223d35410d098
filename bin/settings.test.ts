import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { settingOf } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-settings-'))
const file = join(folder, 'secret')
writeFileSync(file, 'from the file\n')
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  [{}, undefined],
  [{ KEY: '' }, undefined],
  [{ KEY: 'from the variable' }, 'from the variable'],
  [{ KEY_FILE: file }, 'from the file'],
  [{ KEY: '', KEY_FILE: file }, 'from the file'],
])('a setting of %o is %s', (environment, expected) => {
  expect(settingOf('KEY', environment)).toBe(expected)
})

test.each([
  ['both are set', { KEY: 'a', KEY_FILE: file }],
  ['the file is not there', { KEY_FILE: join(folder, 'nowhere') }],
])('it is refused when %s, and the refusal does not show it', (_why, environment) => {
  expect(() => settingOf('KEY', environment)).toThrow(
    expect.objectContaining({ code: 'CLUSTER_CONFIG_INVALID' }),
  )
})
