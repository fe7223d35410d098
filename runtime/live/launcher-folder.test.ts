import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Launcher } from './launcher.ts'

let dataFolder: string
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'brigade-folder-'))
})
afterEach(() => {
  rmSync(dataFolder, { recursive: true })
})

const isFree = async (): Promise<boolean> => {
  try {
    const launcher = await Launcher.launch({ dataFolder, groups: [] })
    await launcher.stop()
    return true
  } catch {
    return false
  }
}

test('groups are made while the folder is held, and a last word is said before it is let go', async () => {
  const held: string[] = []
  const launcher = await Launcher.launch({
    dataFolder,
    groups: async () => {
      held.push(`groups ${await isFree()}`)
      return []
    },
    ended: async () => {
      held.push(`ended ${await isFree()}`)
    },
  })
  expect(await launcher.stop()).toBe(0)
  expect(held).toEqual(['groups false', 'ended false'])
  expect(await isFree()).toBe(true)
})

test('groups that cannot be made leave nothing behind', async () => {
  const groups = () => Promise.reject(new Error('no data'))
  await expect(Launcher.launch({ dataFolder, groups })).rejects.toThrow('no data')
  expect(await isFree()).toBe(true)
})

test('a last word that fails is an end with 1', async () => {
  const launcher = await Launcher.launch({
    dataFolder,
    groups: [],
    ended: () => Promise.reject(new Error('no space')),
  })
  expect(await launcher.stop()).toBe(1)
  expect(await isFree()).toBe(true)
})
