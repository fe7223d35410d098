import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineDay } from '#day'
import { type RunningSimulation, startSimulated } from '../../bin/simulated/up-simulated.ts'
import { brokenRules } from './axe.ts'
import { startBrowser } from './chromium.ts'
import { buildPage } from './open-house.ts'
import { cutOff, lookAt, type Seen } from './page-seen.ts'

// A simulated evening in which turns are made to throw: actors fail for real, and their supervisors decide.

const day = defineDay({
  name: 'short',
  open: '18:00',
  lastOrder: '19:20',
  close: '19:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 120 },
      { at: '19:20', perHour: 120 },
    ],
  },
})

let house: RunningSimulation
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  buildPage('inspector')
  house = await startSimulated({ day, seed: 5, speed: 10, port: 0, opsPort: 0 })
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
})

const look = (place: string, see: (seen: Seen) => Promise<void>): Promise<void> =>
  lookAt(browser, `${house.opsUrl}/#${place}`, {}, async (seen) => {
    await see(seen)
    // Who is being loaded again does not answer: the browser notes each such answer.
    expect(seen.complaints.filter((words) => !/status of 50[34] /.test(words))).toEqual([])
  })
const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(`${house.opsUrl}/ops/v1/${path}`, {
    method: 'POST',
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  })
const timeline = (page: Page) => page.getByRole('region', { name: 'What failed, and what was done about it' })

test('a failure has its reason, its group and what was done; it is a lane of the strip; one actor is looked at alone', () =>
  look('/supervision', async ({ page }) => {
    await timeline(page).getByText('when this page began to look', { exact: false }).first().waitFor()
    const strike = { kind: 'turns-throw', target: {}, params: { share: 0.4 }, forMs: 3_600_000 }
    expect((await post('faults', strike)).status).toBe(201)
    const row = timeline(page).locator('tbody tr', { hasText: 'This turn was made to throw.' }).first()
    await row.getByText('restarts, attempt 1').waitFor()
    await row.getByText('decides').waitFor()
    await timeline(page).locator('.lanes b').first().waitFor()
    await page
      .getByText(/^[▲✕] \d+ of \d+$/)
      .first()
      .waitFor()
    for (const width of [1_440, 390]) {
      await page.setViewportSize({ width, height: 844 })
      expect([...(await cutOff(page)), ...(await brokenRules(page))]).toEqual([])
    }
    await page.setViewportSize({ width: 1_440, height: 900 })

    // No newer entry takes the place of what is looked at.
    await fetch(`${house.opsUrl}/ops/v1/faults`, { method: 'DELETE' })
    await timeline(page).locator('.lanes button').first().click()
    await timeline(page).getByRole('button', { name: 'Show all actors' }).waitFor()
    const actor = new URLSearchParams(page.url().split('?')[1]).get('actor') ?? ''
    await expect.poll(() => timeline(page).locator('.lanes button').allInnerTexts()).toContain(actor)
    await timeline(page).locator('tbody').getByRole('link', { name: actor }).first().click()
    await page.getByRole('heading', { name: actor, level: 1 }).waitFor()

    // Nobody looked meanwhile, and it says so.
    await page.goBack()
    await timeline(page).getByText('nobody looked', { exact: false }).first().waitFor()
  }))

test('groups have their budgets, and a stopped actor is started', () =>
  look('/supervision', async ({ page }) => {
    const groups = page.getByRole('region', { name: 'Groups and their budgets' })
    const till = groups.locator('tr', { has: page.getByText('till', { exact: true }) })
    await till.getByText('5 restarts in 10 s').waitFor()
    await till.getByText('restaurant decides').waitFor()
    expect((await post('actors/station%2Fhouse%3Agrill/stop')).status).toBe(202)
    await page.getByRole('button', { name: 'Start station/house:grill' }).click()
    await page.getByText('station/house:grill goes on with what waits for it.').waitFor()
    await page.getByText('None is stopped.', { exact: false }).waitFor()
  }))
