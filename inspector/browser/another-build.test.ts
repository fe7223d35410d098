import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Activity, encodeActivity } from '#activity'
import type { Instant } from '#actor'
import type { NodeId } from '#ports'
import type { Gateway } from '../../gateway/index.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

// The gateway of this process is of the build after; the page is built by another process, from what is there.
vi.mock('../../gateway/stream-protocol.ts', async (original) => ({
  ...(await original<typeof import('../../gateway/stream-protocol.ts')>()),
  activityVersion: 255,
}))

const cluster = new FakeCluster([])
let gateway: Gateway
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  gateway = await openInspector(cluster)
})
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
})

test('a page that was left open over an upgrade says so, asks for nothing more, and is loaded anew', async () => {
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/topology`)
  const banner = page.getByText('This page is of another build than the cluster.')
  const bytes = encodeActivity(
    new Activity('node-1' as NodeId, { life: 1, watch: 1 }).frame([], 0 as Instant),
  )
  const isSaid = (): Promise<number> => {
    for (const see of cluster.viewers) see(bytes)
    return banner.count()
  }
  await expect.poll(isSaid, { timeout: 40_000 }).toBe(1)
  await expect.poll(() => cluster.viewers.size, { timeout: 40_000 }).toBe(0)
  // Also in a room that comes after it.
  await page.goto(`${gateway.opsUrl}/#/`)
  await page.getByText('The cluster is of another build than this page.').waitFor()
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload' }).click()])
  await page.getByText('nodes up').waitFor()
  expect(await banner.count()).toBe(0)
  await close()
})
