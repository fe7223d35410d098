import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { MessageId, NodeId } from '#ports'
import type { Gateway } from '../../gateway/index.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { brokenRules } from './axe.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

// Messages of a cluster that is told what to say: whatever becomes of one, of a tap, and of the gateway.

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

let told = 0
/** To every tap that there is. */
function tell(
  outcome: 'handled' | 'dead-letter' | 'retried' | 'void',
  message: string,
  detail?: string,
): void {
  told += 1
  const about = { node: 'node-1' as NodeId, life: 1, run: 1, matched: told, over: 0, told }
  const one = {
    ...{ at: (cluster.now + told) as Instant, id: `m.${told}` as MessageId, to: 'order/1' as ActorId },
    ...{ via: 'tell' as const, message, bytes: 60, payload: JSON.stringify({ type: message, token: 'tok' }) },
    ...{ outcome, attempt: 2, waitedUs: 1_500, tookUs: 310, ...(detail !== undefined && { detail }) },
  } as const
  for (const { hear } of cluster.taps) hear({ ...about, messages: [one] }, 0)
}
/** Tells it until the page shows it: its tap may be on its way. */
async function show(page: Page, ...words: Parameters<typeof tell>): Promise<void> {
  const again = setInterval(() => tell(...words), 100)
  await page.getByRole('button', { name: words[1] }).first().waitFor()
  clearInterval(again)
}

test('a message that came to nothing says why, and what is secret of it is not there', async () => {
  const { page, complaints, close } = await openPage(browser, `${gateway.opsUrl}/#/messages`)
  await show(page, 'retried', 'order.hold', 'no rice')
  await show(page, 'dead-letter', 'order.cook', 'failed: no rice')
  await page.getByText('▲ failed, try 2').first().waitFor()
  await page.getByText('✕ dead letter').first().click()
  const details = page.getByRole('complementary', { name: 'The message' })
  await details.getByText('failed: no rice').waitFor()
  await details.getByText('It will not be handled unless somebody replays it.').waitFor()
  await details.getByText('"<redacted>"').waitFor()
  expect(await details.getByRole('button', { name: 'Copy as curl' }).isDisabled()).toBe(true)
  expect(complaints).toEqual([])
  await close()
})

test('when its gateway comes back it is tapped again, and the rows before are still there', async () => {
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/messages`)
  await show(page, 'handled', 'order.before')
  const { port } = new URL(gateway.opsUrl)
  await gateway.close()
  await page
    .getByText(/no line to the stream|nobody answers/i)
    .first()
    .waitFor()
  const before = page.getByRole('button', { name: 'order.before' })
  expect(await before.count()).toBeGreaterThan(0)
  gateway = await openInspector(cluster, { opsPort: Number(port) })
  await show(page, 'handled', 'order.after')
  expect(await before.count()).toBeGreaterThan(0)
  await close()
})

test('a tap that is refused says why, and is tried again', async () => {
  cluster.isAuditable = false
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/messages`)
  await page.getByText('Off: It was not carried out: it cannot be written down who did it.').waitFor()
  cluster.isAuditable = true
  await page.getByRole('button', { name: 'Try again' }).click()
  await show(page, 'handled', 'order.again')
  await close()
})

test.each(['dark', 'light'] as const)(
  '%s, axe finds nothing against rows and a message that is open',
  async (colorScheme) => {
    const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/messages`, { colorScheme })
    await show(page, 'handled', 'order.hold')
    await show(page, 'dead-letter', 'order.cook', 'failed: no rice')
    await show(page, 'void', 'order.late')
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    expect(await brokenRules(page)).toEqual([])
    await page.getByText('✕ dead letter').first().click()
    await page.getByRole('complementary', { name: 'The message' }).waitFor()
    expect(await brokenRules(page)).toEqual([])
    await close()
  },
)
