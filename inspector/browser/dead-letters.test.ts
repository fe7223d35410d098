import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { menuRef } from '#actors'
import { defineDay } from '#day'
import type { MessageId } from '#ports'
import { startSimulated } from '../../bin/simulated/up-simulated.ts'
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

test('of all that are replayed those that are refused do not keep the others', async () => {
  cluster.letters = [letter(17, 'menu.put'), letter(18, 'menu.drop')]
  const { page, close } = await openPage(browser, `${gateway.opsUrl}/#/dead-letters`)
  await page.getByRole('button', { name: 'Replay 2 dead letters' }).click()
  cluster.answerNext({ kind: 'invalid', problem: 'it was replayed 3 times' })
  cluster.answerNext({ kind: 'done', state: null, version: 0 })
  await page.getByRole('button', { name: 'Replay 2 dead letters' }).click()
  await page.getByText(/^1 dead letter of 2 delivered once more\. .* it was replayed 3 times\.$/).waitFor()
  await close()
})

const day = defineDay({
  name: 'short',
  open: '18:00',
  lastOrder: '18:50',
  close: '19:00',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 200 },
      { at: '18:50', perHour: 200 },
    ],
  },
})

test('what a real kernel could not handle has its reason, and is handled when it is replayed', async () => {
  const house = await startSimulated({ day, seed: 5, speed: 60, port: 0, opsPort: 0 })
  const faults = `${house.opsUrl}/ops/v1/faults`
  const letters = async (): Promise<readonly unknown[]> =>
    (await (await fetch(`${house.opsUrl}/ops/v1/dead-letters?limit=200`)).json()).items
  const { page, complaints, close } = await openPage(browser, `${house.opsUrl}/#/dead-letters`)
  try {
    await fetch(faults, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'turns-throw', target: {}, params: { share: 1 } }),
    })
    await page.getByText('This turn was made to throw.').first().waitFor()
    await fetch(faults, { method: 'DELETE' })
    const { length } = await letters()
    const row = rows(page).first()
    const message = await row.locator('td').nth(1).innerText()
    await row.getByRole('button', { name: 'Replay' }).click()
    await page.getByRole('button', { name: `Replay ${message}`, exact: true }).click()
    await page.getByText(/ was delivered to \S+ once more\./).waitFor()
    await expect.poll(async () => (await letters()).length, { timeout: 50_000 }).toBe(length - 1)
    expect(complaints).toEqual([])
  } finally {
    await close()
    await house.close()
  }
})
