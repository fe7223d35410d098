import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { journalContract } from '../../ports/contracts/journal.contract.ts'
import { Environment, type EnvironmentOptions } from './environment.ts'
import { LmdbJournal } from './journal.ts'

const made = { departments: { orders: 64 }, hashVersion: 1 }

// Loss of power: at every flush the file is copied, and the copy, back at its last flushed state, is what is left.
journalContract('LMDB', async () => {
  const root = mkdtempSync(join(tmpdir(), 'brigade-journal-'))
  const options: EnvironmentOptions = { ...made, folder: join(root, 'before') }
  const survivor = join(root, 'after')
  mkdirSync(survivor)
  let environment = await Environment.open(options)
  let hasPower = true
  const afterFlush = () => {
    if (hasPower) copyFileSync(join(options.folder, 'data.mdb'), join(survivor, 'data.mdb'))
  }
  return {
    port: () => new LmdbJournal(environment, { afterFlush }),
    losePower: async () => {
      const lost = environment
      hasPower = false
      environment = await Environment.open({ ...made, folder: survivor, flushedOnly: true })
      await lost.close()
    },
    close: async () => {
      await environment.close()
      rmSync(root, { recursive: true })
    },
  }
})
