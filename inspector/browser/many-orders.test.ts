import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Gateway } from '../../gateway/index.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

let count = 1_900
const stages = ['reserving', 'paying', 'queued', 'cooking', 'cooking', 'cooking', 'ready', 'refunding']
let gateway: Gateway
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  gateway = await openInspector(new FakeCluster([]))
})
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
})

/** As if they were in the cluster. */
const answerWithOrders = (page: Page): Promise<unknown> =>
  page.route('**/ops/v1/actors?**', (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
    const items = Array.from({ length: 200 }, (_, i) => from + i)
      .filter((n) => n < count)
      .map((n) => ({
        id: `order/${n}`,
        status: 'live',
        state: stages[n % stages.length],
        version: 1,
        shard: 'orders.0',
        at: new Date(Date.parse('2026-05-01T18:00:00Z') - n * 1_000).toISOString(),
      }))
    const next = from + 200
    return route.fulfill({ json: { items, ...(next < count && { nextCursor: String(next) }) } })
  })

test('of very many orders a docket is several, says so, and none lies on another', async () => {
  const { page, close } = await openPage(browser, 'about:blank')
  await answerWithOrders(page)
  await page.goto(gateway.opsUrl)
  const rail = page.getByRole('region', { name: 'Live orders by stage' })
  await rail.getByText('1,900 live orders').waitFor({ state: 'attached' })
  expect(await rail.getByText(/^1 docket is \d+ orders$/).isVisible()).toBe(true)
  // Once they have come to rest.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const boxes = await rail
    .locator('.docket .paper')
    .evaluateAll((all) =>
      all.map((one) => one.getBoundingClientRect()).map(({ left, right }) => ({ left, right })),
    )
  expect(boxes.length).toBeGreaterThan(20)
  boxes.sort((a, b) => a.left - b.left)
  for (const [i, { right }] of boxes.entries())
    expect(right).toBeLessThanOrEqual((boxes[i + 1]?.left ?? Number.POSITIVE_INFINITY) + 1)
  if (process.env.BRIGADE_SCREENSHOTS !== undefined)
    await page.screenshot({ path: `${process.env.BRIGADE_SCREENSHOTS}/many-orders.png` })
  await close()
})

test('of more than it asks for the page says that there are more', async () => {
  count = 2_400
  const { page, close } = await openPage(browser, 'about:blank')
  await answerWithOrders(page)
  await page.goto(gateway.opsUrl)
  await page.getByText('2,000+ live orders').waitFor({ state: 'attached' })
  expect(await page.getByText('2,000+', { exact: true }).count()).toBeGreaterThan(2)
  await close()
})
