/** What the tests of pages begin with: a restaurant that is open, its pages as they are now, and a browser before them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { inspectorFolder } from '../../bin/page-folders.ts'
import { Up } from '../../bin/testing/up.ts'
import type { UpOptions } from '../../bin/up.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../gateway/index.ts'
import { startBrowser } from './chromium.ts'

export interface OpenHouse {
  readonly up: Up
  /** Of the inspector. */
  readonly url: string
  readonly browser: Browser
  close(): Promise<void>
}

/** A live cluster of processes. */
export async function openHouse(options: Partial<UpOptions> = {}): Promise<OpenHouse> {
  buildPage('inspector')
  buildPage('storefront')
  const browser = await startBrowser()
  const dataFolder = mkdtempSync(join(tmpdir(), 'brigade-inspector-'))
  let up: Up | undefined
  const close = async (): Promise<void> => {
    try {
      await browser.close()
    } finally {
      await up?.killAll()
      rmSync(dataFolder, { recursive: true, force: true })
    }
  }
  try {
    up = new Up({ dataFolder, nodes: 3, ...options })
    const failure = await up.started()
    if (failure !== undefined) throw new Error(failure.message)
    return { up, url: `${up.opsUrl}/`, browser, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The inspector before a cluster that does as a test says. */
export function openInspector(
  client: GatewayOptions['client'],
  options: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  buildPage('inspector')
  return startGateway({ client, site: 'main', port: 0, opsPort: 0, inspector: inspectorFolder, ...options })
}

/** Does nothing when it is newer than its sources. */
export function buildPage(name: 'inspector' | 'storefront'): void {
  const run = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url))
  execFileSync(process.execPath, [run, name], { stdio: ['ignore', 'ignore', 'inherit'] })
}
