import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDataFolder } from './data-lock.ts'

let folder: string
const holders: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-lock-'))
})
afterEach(async () => {
  for (const holder of holders.splice(0)) {
    if (holder.exitCode === null && holder.signalCode === null) await kill(holder)
  }
  rmSync(folder, { recursive: true, force: true })
})

async function newHolder(): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('./fixtures/lock-holder.mjs', import.meta.url))
  const holder = fork(path, { execArgv: [] })
  holders.push(holder)
  await once(holder, 'message')
  return holder
}
async function take(holder: ChildProcess): Promise<string> {
  holder.send(folder)
  const [answer] = await once(holder, 'message')
  return answer as string
}
async function kill(holder: ChildProcess): Promise<void> {
  holder.kill('SIGKILL')
  await once(holder, 'exit')
}

test('a held folder is refused with the pid of its holder, and free once that was killed', async () => {
  const holder = await newHolder()
  expect(await take(holder)).toBe('held')
  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({ code: 'DATA_IN_USE', fields: { folder, pid: holder.pid } }),
  )
  await kill(holder)
  lockDataFolder(folder)
})

test('a released folder can be taken by the same process', () => {
  lockDataFolder(folder).release()
  lockDataFolder(folder)
  expect(() => lockDataFolder(folder)).toThrow(`in use by process ${process.pid}`)
})

test('a pid that now means another process holds nothing', () => {
  writeFileSync(join(folder, 'launcher-lock.7'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }))
  lockDataFolder(folder)
})

// The window is the moment after a holder died, when all find the same dead holder.
test('of many that find a dead holder exactly one comes next', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, newHolder))
  for (let round = 0; round < 20; round++) {
    writeFileSync(
      join(folder, `launcher-lock.${1_000 * (round + 1)}`),
      JSON.stringify({ pid: 0, startedAt: '' }),
    )
    const answers = await Promise.all(all.map(take))
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(1)
  }
})

test.each([
  ['is a file', (root: string) => join(root, 'file')],
  ['lies in a file', (root: string) => join(root, 'file', 'data')],
  ['lies where no folder can be made', () => '/proc/brigade/data'],
])('a folder that %s is refused in words', (_, pathIn) => {
  writeFileSync(join(folder, 'file'), '')
  const path = pathIn(folder)
  expect(() => lockDataFolder(path)).toThrow(
    expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE', message: expect.stringContaining(path) }),
  )
})
