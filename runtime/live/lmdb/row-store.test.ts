import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterAll, expect, test } from 'vitest'
import { rowStoreContract } from '../../ports/contracts/row-store.contract.ts'
import { LmdbRowStore } from './row-store.ts'

const root = mkdtempSync(join(tmpdir(), 'brigade-rows-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const fresh = (): string => join(root, String(++folders))

rowStoreContract('LmdbRowStore', () => LmdbRowStore.open(fresh()))

test('what was committed is there when it is opened again', async () => {
  const folder = fresh()
  const store = await LmdbRowStore.open(folder)
  await store.commit([{ key: ['a', 1], row: { b: [1, 'two', null] } }])
  await store.close()
  const again = await LmdbRowStore.open(folder)
  expect(again.get(['a', 1])).toEqual({ b: [1, 'two', null] })
  await again.close()
})

test('a folder that holds something else is thrown away', async () => {
  const folder = fresh()
  const store = await LmdbRowStore.open(folder)
  await store.commit([{ key: ['a'], row: 1 }])
  await store.close()
  writeFileSync(join(folder, 'data.mdb'), Buffer.alloc(64 * 1_024, 'not a store '))
  const again = await LmdbRowStore.open(folder)
  expect(again.get(['a'])).toBeUndefined()
  await again.commit([{ key: ['b'], row: 2 }])
  expect(again.get(['b'])).toBe(2)
  await again.close()
  expect(existsSync(join(folder, 'data.mdb'))).toBe(true)
})

test('rows of another format are thrown away, and so is a store of somebody else', async () => {
  const folder = fresh()
  const foreign = open({ path: folder, encoding: 'binary', keyEncoding: 'binary' })
  await foreign.put(Buffer.from('format'), Buffer.from('somebody else says what this is'))
  await foreign.close()
  const store = await LmdbRowStore.open(folder)
  await store.commit([{ key: ['a'], row: 1 }])
  expect(store.get(['a'])).toBe(1)
  await store.close()
})

test('B1: a value that is not what was written is told, not given', async () => {
  const folder = fresh()
  const store = await LmdbRowStore.open(folder)
  await store.commit([{ key: ['a'], row: 'as it was written' }])
  await store.close()
  const options = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Buffer>({ path: folder, maxDbs: 2, ...options })
  const raw = root.openDB<Buffer, Buffer>({ name: 'rows', ...options })
  const key = Buffer.from('a\0')
  const value = Buffer.from(raw.get(key) as Buffer)
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
  await raw.put(key, value)
  await root.close()
  const again = await LmdbRowStore.open(folder)
  expect(() => again.get(['a'])).toThrow('checksum')
  await again.close()
})
