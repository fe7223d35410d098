import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { menuRef } from '#actors'
import type { MessageId } from '#ports'
import type { Gateway } from '../../gateway/index.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { startBrowser } from './chromium.ts'
import { openInspector } from './open-house.ts'
import { openPage } from './page-seen.ts'

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

const letter = (row: number, message: string) => ({
  actor: menuRef('main'),
  row,
  id: `m.${row}` as MessageId,
  message,
  reason: 'failed' as const,
  detail: 'five attempts',
  at: cluster.now,
  replays: 0,
})
const rows = (page: Page) => page.locator('tbody tr')

test('none is a sentence; each has its reason; one is replayed only when that was confirmed', async () => {
  const { page, complaints, close } = await openPage(browser, `${gateway.opsUrl}/#/dead-letters`)
  await page.getByText('No dead letters.', { exact: false }).waitFor()

  cluster.letters = [letter(17, 'menu.put'), letter(18, 'menu.drop')]
  await page.getByText('five attempts').first().waitFor()
  expect(await rows(page).count()).toBe(2)

  const asked = cluster.requests.length
  await rows(page).first().getByRole('button', { name: 'Replay' }).click()
  await page.getByText('It is delivered to menu/main once more.').waitFor()
  expect(cluster.requests.length).toBe(asked)
  cluster.answerNext({ kind: 'done', state: null, version: 0 })
  cluster.letters = [letter(18, 'menu.drop')]
  await page.getByRole('button', { name: 'Replay menu.put' }).click()
  await page.getByText('menu.put was delivered to menu/main once more.').waitFor()
  expect(cluster.requests.at(-1)).toMatchObject({
    body: { kind: 'operate', command: { kind: 'replay', row: 17 } },
  })
  await page.getByText('1 message', { exact: true }).waitFor()
  expect(complaints).toEqual([])
  await close()
})

test('a replay that is refused says why', async () => {
  cluster.letters = [letter(17, 'menu.put')]
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/dead-letters`)
  await rows(page).first().getByRole('button', { name: 'Replay' }).click()
  cluster.answerNext({ kind: 'invalid', problem: 'it was replayed 3 times' })
  await page.getByRole('button', { name: 'Replay menu.put' }).click()
  await page.getByText('It cannot be replayed: it was replayed 3 times.').waitFor()
  await close()
})
