/** A restaurant that is open, with guests in it: a live cluster of processes, and both pages in front of it as they are now. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Up } from '../../bin/testing/up.ts'
import type { UpOptions } from '../../bin/up.ts'

export interface OpenHouse {
  readonly up: Up
  /** Of the inspector. */
  readonly url: string
  close(): Promise<void>
}

export async function openHouse(options: Partial<UpOptions> = {}): Promise<OpenHouse> {
  buildPage('inspector')
  buildPage('storefront')
  const dataFolder = mkdtempSync(join(tmpdir(), 'brigade-inspector-'))
  const up = new Up({ dataFolder, nodes: 3, ...options })
  const failure = await up.started()
  if (failure !== undefined) throw new Error(failure.message)
  return {
    up,
    url: `${up.opsUrl}/`,
    close: async () => {
      await up.killAll()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

/** Does nothing when it is newer than its sources. */
export function buildPage(name: 'inspector' | 'storefront'): void {
  const run = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))
  execFileSync(process.execPath, [run, name], { stdio: ['ignore', 'ignore', 'inherit'] })
}
