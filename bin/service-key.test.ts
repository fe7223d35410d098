import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serviceKeyOf } from './service-key.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-service-key-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const fresh = () => randomBytes(32).toString('base64url')
const file = () => join(folder, 'service.key')

test('it is made at the first start, for its owner alone, and is the same at the next', () => {
  const key = serviceKeyOf(folder, {})
  expect(Buffer.from(key, 'base64url')).toHaveLength(32)
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(serviceKeyOf(folder, {})).toBe(key)
})

test('one that is set is not written down', () => {
  const BRIGADE_SERVICE_KEY = fresh()
  expect(serviceKeyOf(folder, { BRIGADE_SERVICE_KEY })).toBe(BRIGADE_SERVICE_KEY)
  expect(() => statSync(file())).toThrow('ENOENT')
  expect(readFileSync(join(folder, 'service-key.check'), 'utf8')).not.toContain(BRIGADE_SERVICE_KEY)
})

test('another one than the data was made with is refused, and so is none', () => {
  serviceKeyOf(folder, { BRIGADE_SERVICE_KEY: fresh() })
  expect(() => serviceKeyOf(folder, { BRIGADE_SERVICE_KEY: fresh() })).toThrow(
    expect.objectContaining({ code: 'SERVICE_KEY_MISMATCH' }),
  )
  expect(() => serviceKeyOf(folder, {})).toThrow(/none is set/)
})

test('the file may be changed for the variable, with the same key', () => {
  const key = serviceKeyOf(folder, {})
  rmSync(file())
  expect(serviceKeyOf(folder, { BRIGADE_SERVICE_KEY: key })).toBe(key)
})

test('what is too short or no base64url is no key, and is not in the message', () => {
  for (const bad of ['short', 'white space and much more than thirty two characters', fresh().slice(2)]) {
    const error = (() => {
      try {
        return serviceKeyOf(folder, { BRIGADE_SERVICE_KEY: bad })
      } catch (caught) {
        return caught as Error
      }
    })()
    expect(error).toMatchObject({ code: 'CLUSTER_CONFIG_INVALID' })
    expect(String(error)).not.toContain(bad)
  }
  writeFileSync(file(), 'damaged')
  expect(() => serviceKeyOf(folder, {})).toThrow(expect.objectContaining({ code: 'CLUSTER_CONFIG_INVALID' }))
})
