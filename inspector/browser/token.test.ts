import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Gateway } from '../../gateway/index.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

const token = 'a-token-of-enough-length'
let gateway: Gateway
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  gateway = await openInspector(new FakeCluster([]), { token })
})
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
})

test('a cluster with a token asks for it, refuses another, and this tab keeps it', async () => {
  const { page, close } = await openPage(browser, gateway.opsUrl)
  const field = page.getByLabel('Token')
  await field.fill('another-token-of-enough-length')
  await page.getByRole('button', { name: 'Look in' }).click()
  await page.getByText('That is not the token of this cluster.').waitFor()
  await field.fill(token)
  await page.getByRole('button', { name: 'Look in' }).click()
  await page.getByText('nodes up').waitFor()
  await page.reload()
  await page.getByText('nodes up').waitFor()
  expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, ''])

  const other = await page.context().newPage()
  await other.goto(gateway.opsUrl)
  await other.getByLabel('Token').waitFor()
  await close()
})
