/**
 * Goal: a backup of a busy cluster holds all that was acknowledged before it was begun, disturbs nobody, and can be
 * restored elsewhere; and a bad one is refused, with words.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockDataFolder, startWorld } from '#live'
import { restaurantCluster } from '../../cluster.config.ts'
import { checkFolder } from '../data-check.ts'
import { followed, Load, tally } from '../drills/load.ts'
import { serviceKeyOf } from '../service-key.ts'
import { Up } from '../testing/up.ts'
import { backUp, type Manifest } from './backup.ts'
import { restore } from './restore.ts'

const root = mkdtempSync(join(tmpdir(), 'brigade-backup-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const backupProcess = fileURLToPath(new URL('../fixtures/backup.mjs', import.meta.url))

const p95 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0

test('a backup of a busy cluster is restored elsewhere, and every order of before goes to its end', {
  timeout: 240_000,
}, async () => {
  const dataFolder = join(root, 'busy')
  const folder = join(root, 'backups', 'busy')
  const up = new Up({ dataFolder, kitchenScale: 8, stockScale: 100 })
  expect(await up.started()).toBeUndefined()
  const load = new Load(up, 60)
  await load.more(60)
  const before = [...load.acknowledged]
  const begunAt = performance.now()
  // As an operator does it: in a process of its own.
  const { stdout } = await promisify(execFile)(process.execPath, [backupProcess, dataFolder, folder])
  const manifest = JSON.parse(stdout) as Manifest
  const endedAt = performance.now()
  await load.more(20)
  const acknowledged = await load.served()
  expect(load.complaints).toEqual([])
  await up.close()

  const took = (orders: typeof before) => orders.map(({ askedAt, heardAt }) => heardAt - askedAt)
  const meanwhile = acknowledged.filter((order) => order.askedAt > begunAt && order.askedAt < endedAt)
  const latencies = { before: p95(took(before)), meanwhile: p95(took(meanwhile)) }
  console.log(
    `backup: ${Math.round(endedAt - begunAt)} ms, ${meanwhile.length} orders meanwhile, p95 ${Math.round(latencies.before)} ms before and ${Math.round(latencies.meanwhile)} ms meanwhile`,
  )
  expect(meanwhile.length, 'orders were taken while it was copied and checked').toBeGreaterThan(0)

  const restored = join(root, 'restored')
  const { cluster } = await restore(folder, restored)
  expect(cluster).not.toBe(manifest.cluster)
  const report = await checkFolder(restored)
  expect([report.problems, report.checks.filter(({ held }) => !held)]).toEqual([[], []])
  expect(report.turns).toBe(manifest.counts.turns)

  // The key is brought by whoever kept it.
  cpSync(join(dataFolder, 'service.key'), join(restored, 'service.key'))
  const again = new Up({ dataFolder: restored, kitchenScale: 8, stockScale: 100 })
  expect(await again.started()).toBeUndefined()
  const ends = await followed(again, before, 120_000)
  await again.close()
  expect(
    ends.filter((end) => end.startsWith('unfinished')),
    tally(ends),
  ).toEqual([])
  expect(ends.filter((end) => end === 'completed').length).toBeGreaterThan(0)
  const settled = await checkFolder(restored)
  expect(settled.checks.filter(({ held }) => !held)).toEqual([])
})

describe('of a house that stands still', () => {
  const dataFolder = join(root, 'still')
  const good = join(root, 'good')
  let copies = 0
  let key: string
  /** A copy of the good backup, to be spoilt. */
  const copy = (): string => {
    copies += 1
    const folder = join(root, `copy-${copies}`)
    cpSync(good, folder, { recursive: true })
    return folder
  }
  const target = (): string => join(root, `target-${copies}`)

  beforeAll(async () => {
    await startWorld(dataFolder, restaurantCluster(), 60)
    writeFileSync(join(dataFolder, 'provider-ledger.jsonl'), '')
    writeFileSync(join(dataFolder, 'supplier-ledger.jsonl'), '{"a":1}\n{"cut')
    key = serviceKeyOf(dataFolder, {})
    await backUp({ dataFolder, folder: good })
  })

  test('nothing is left beside a backup, and nothing in it but what its manifest names', async () => {
    const manifest = JSON.parse(readFileSync(join(good, 'manifest.json'), 'utf8'))
    expect(readdirSync(good).toSorted()).toEqual(
      ['manifest.json', ...manifest.files.map(({ name }: { name: string }) => name)].toSorted(),
    )
    expect(readdirSync(root).filter((name) => name.includes('draft'))).toEqual([])
  })

  test('it has the books of those outside that the house plays, as far as they are whole', () => {
    expect(readFileSync(join(good, 'provider-ledger.jsonl'), 'utf8')).toBe('')
    expect(readFileSync(join(good, 'supplier-ledger.jsonl'), 'utf8')).toBe('{"a":1}\n')
  })

  test('the service key is not in a backup, and what is restored takes that key and no other, and makes none', async () => {
    for (const name of readdirSync(good)) {
      expect(name).not.toBe('service.key')
      expect(readFileSync(join(good, name)).includes(key), name).toBe(false)
    }
    const restored = join(root, 'with-key')
    await restore(good, restored)
    const mismatch = expect.objectContaining({ code: 'SERVICE_KEY_MISMATCH' })
    expect(() => serviceKeyOf(restored, {})).toThrow(mismatch)
    expect(existsSync(join(restored, 'service.key'))).toBe(false)
    const other = randomBytes(32).toString('base64url')
    expect(() => serviceKeyOf(restored, { BRIGADE_SERVICE_KEY: other })).toThrow(mismatch)
    expect(serviceKeyOf(restored, { BRIGADE_SERVICE_KEY: key })).toBe(key)
  })

  test('a folder that is not empty is no place for a backup, nor for what is restored', async () => {
    await expect(backUp({ dataFolder, folder: good })).rejects.toMatchObject({ code: 'DATA_NOT_EMPTY' })
    await expect(restore(good, dataFolder)).rejects.toMatchObject({ code: 'DATA_NOT_EMPTY' })
    const empty = join(root, 'empty')
    mkdirSync(empty)
    await restore(good, empty)
    expect(existsSync(join(empty, 'data.mdb'))).toBe(true)
  })

  test('a disk without room is said before anything is written', async () => {
    const folder = join(root, 'no-room')
    const made = backUp({ dataFolder, folder, roomBytes: () => 2 ** 20 })
    await expect(made).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    await expect(made).rejects.toThrow('left to the cluster')
    expect(readdirSync(root).filter((name) => name.startsWith('no-room'))).toEqual([])
  })

  /** Kills a backup as soon as there is this in its draft, '' for the draft itself. */
  async function killedAt(folder: string, seen: string): Promise<void> {
    const child = spawn(process.execPath, [backupProcess, dataFolder, folder], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    while (child.exitCode === null && child.signalCode === null) {
      if (draftsOf(folder).some((draft) => existsSync(join(draft, seen)))) child.kill('SIGKILL')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await ended).toEqual([null, 'SIGKILL'])
  }
  const draftsOf = (folder: string): string[] =>
    readdirSync(root)
      .map((name) => join(root, name))
      .filter((path) => path.startsWith(`${folder}.draft-`))

  test.each([
    ['has begun', ''],
    ['copies', 'data.mdb'],
    ['is checked', 'lock.mdb'],
  ])(
    'one that is killed when it %s leaves nothing that is a backup, and the next one clears up',
    async (_, seen) => {
      const folder = join(root, `killed-${seen}`)
      await killedAt(folder, seen)
      expect(existsSync(folder)).toBe(false)
      const [draft = '', ...more] = draftsOf(folder)
      expect([existsSync(draft), more]).toEqual([true, []])
      await expect(restore(draft, join(root, 'of-a-draft'))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
      // Somebody else's, who lives.
      const other = `${folder}.draft-${process.ppid}-other`
      mkdirSync(other)
      await backUp({ dataFolder, folder })
      expect(draftsOf(folder)).toEqual([other])
      await restore(folder, join(root, `of-killed-${seen}`))
      expect(existsSync(join(root, `of-killed-${seen}`, 'data.mdb'))).toBe(true)
    },
  )

  test('a store that is read for too long is let go, and no backup is left', async () => {
    const folder = join(root, 'slow')
    await expect(backUp({ dataFolder, folder, withinMs: 0 })).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    expect(existsSync(folder)).toBe(false)
  })

  test.each<[string, (folder: string) => void, string, string]>([
    ['is cut short', (at) => truncateSync(join(at, 'data.mdb'), 8_192), 'BACKUP_DAMAGED', 'has 8192 of its'],
    [
      'was changed',
      (at) => {
        const bytes = readFileSync(join(at, 'data.mdb'))
        bytes[9_000] = (bytes[9_000] ?? 0) ^ 1
        writeFileSync(join(at, 'data.mdb'), bytes)
      },
      'BACKUP_DAMAGED',
      'its checksum is another',
    ],
    ['lacks a file', (at) => rmSync(join(at, 'provider-ledger.jsonl')), 'BACKUP_DAMAGED', 'is missing'],
    [
      'was never finished',
      (at) => rmSync(join(at, 'manifest.json')),
      'BACKUP_DAMAGED',
      'there is no manifest',
    ],
    [
      'has a manifest that is none',
      (at) => appendFileSync(join(at, 'manifest.json'), '{'),
      'BACKUP_DAMAGED',
      'cannot be read',
    ],
    [
      'is of another format',
      (at) => writeFileSync(join(at, 'manifest.json'), JSON.stringify({ format: 2, files: [] })),
      'BACKUP_VERSION_MISMATCH',
      'has format 2',
    ],
    [
      'names a file outside',
      (at) =>
        writeFileSync(
          join(at, 'manifest.json'),
          JSON.stringify({ format: 1, files: [{ name: 'data.mdb' }, { name: '../secret' }] }),
        ),
      'BACKUP_DAMAGED',
      'which is not in it',
    ],
  ])('a backup that %s is not restored', async (_, spoil, code, words) => {
    const folder = copy()
    spoil(folder)
    const made = restore(folder, target())
    await expect(made).rejects.toMatchObject({ code })
    await expect(made).rejects.toThrow(words)
    expect(existsSync(target())).toBe(false)
  })

  test('a folder that is no backup is not restored, and one that is in use is named as that', async () => {
    await expect(restore(dataFolder, join(root, 'from-data'))).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    })
    const lock = lockDataFolder(dataFolder)
    await expect(restore(good, dataFolder)).rejects.toMatchObject({ code: 'DATA_IN_USE' })
    lock.release()
  })
})
