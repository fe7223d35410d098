import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Activity, encodeActivity } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { NodeId } from '#ports'
import { type Auth, noAccounts } from '../../gateway/auth/caller.ts'
import type { Gateway } from '../../gateway/index.ts'
import { Problem } from '../../gateway/problems.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

let browser: Browser
let gateway: Gateway | undefined
beforeAll(async () => {
  browser = await startBrowser()
})
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})
afterAll(() => browser?.close())

test('a viewer for whom there is no place says so, and looks when there is one', async () => {
  gateway = await openInspector(new FakeCluster([]), { streamBounds: { viewersMax: 1 } })
  const url = `${gateway.opsUrl}/#/topology`
  const first = await openPage(browser, url)
  await first.page.getByText('A moving dot is').waitFor()
  await first.page.getByText('A moving dot is').waitFor()
  await first.page.locator('.area .state').waitFor({ state: 'detached' })
  const second = await openPage(browser, url)
  await second.page.getByText('Too many viewers. There are 1 viewers already.').waitFor()
  await first.close()
  await second.page.locator('.area .state').waitFor({ state: 'detached' })
  await second.close()
})

test('without a line, and with answers, the picture is old, and says for how long', async () => {
  let lets = true
  const auth: Auth = {
    callerOf: async ({ headers }) => {
      if (!lets && headers.upgrade !== undefined) throw new Problem('forbidden', 'Not now.')
      return noAccounts.callerOf({ headers })
    },
  }
  gateway = await openInspector(new FakeCluster([]), { auth, config: { 'gateway.heartbeat-ms': 500 } })
  for (const room of ['topology', '']) {
    lets = true
    const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/${room}`)
    await page.getByText('A moving dot is').waitFor()
    await page.locator('.area .state').waitFor({ state: 'detached' })
    expect(await page.locator('.area.old').count()).toBe(0)
    lets = false
    await page.getByText(/No line for .+: what is drawn is old\./).waitFor()
    await page.getByText('It cannot be reached: no WebSocket gets through.').waitFor()
    expect(await page.locator('.area.old canvas').count()).toBe(1)
    lets = true
    await page.locator('.area.old').waitFor({ state: 'detached' })
    expect(await page.getByText('what is drawn is old').count()).toBe(0)
    await close()
  }
})

test('frames that were left out are told beside the summary, where their stream is shown', async () => {
  const cluster = new FakeCluster([])
  gateway = await openInspector(cluster, { streamBounds: { bytesPerSecond: 200, burstBytes: 200 } })
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/topology`)
  const dropped = page.getByText(/▲ \d+ frames? dropped/)
  const actors = Array.from({ length: 20 }, (_, n) => ({
    ...{ id: `order/${n}` as ActorId, status: 'live' as const, state: 'placed', mailbox: 0 },
  }))
  const activity = new Activity('node-1' as NodeId, { life: 1, watch: 1 })
  await expect
    .poll(
      () => {
        const bytes = encodeActivity(activity.frame(actors, 0 as Instant, true))
        for (const see of cluster.viewers) see(bytes)
        return dropped.count()
      },
      { timeout: 40_000 },
    )
    .toBe(1)
  expect(await page.getByText(/in memory, .+ messages a second\./).count()).toBe(1)
  await page.goto(`${gateway.opsUrl}/#/kitchen`)
  await page.getByRole('heading', { name: 'Kitchen 3D' }).waitFor()
  expect(await dropped.count()).toBe(0)
  await close()
})

test('a gateway that speaks another protocol is of another build', async () => {
  gateway = await openInspector(new FakeCluster([]), { streamBounds: { viewersMax: 0 } })
  const { page, close } = await openPage(browser, 'about:blank')
  await page.route('**/ops/v1/stream', (route) =>
    route.fulfill({
      status: 426,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        ...{ status: 426, code: 'upgrade-required', title: 'Upgrade required' },
        detail: 'Ask for a WebSocket with the sub-protocol inspector.v2.',
      }),
    }),
  )
  await page.goto(`${gateway.opsUrl}/#/topology`)
  await page.getByText('This page is of another build than the cluster.').waitFor()
  await close()
})

test.each([
  ['cluster', 'shards'],
  ['chaos', 'fault-schedules'],
])('on %s an answer that does not come any more is said, with the one before (%s)', async (room, path) => {
  gateway = await openInspector(new FakeCluster([]))
  const { page, close } = await openPage(browser, 'about:blank')
  const asked = page.waitForResponse((response) => response.url().includes(`/ops/v1/${path}`))
  await page.goto(`${gateway.opsUrl}/#/${room}`)
  await asked
  expect(await page.locator('.unanswered').count()).toBe(0)
  await page.route(`**/ops/v1/${path}*`, (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 500, code: 'internal', title: 'It failed', detail: 'Not today.' }),
    }),
  )
  await page.locator('.unanswered', { hasText: 'Not today.' }).waitFor()
  await close()
})
