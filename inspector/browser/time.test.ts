import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineDay } from '#day'
import { type RunningSimulation, startSimulated } from '../../bin/simulated/up-simulated.ts'
import { startBrowser } from './chromium.ts'
import { buildPage } from './open-house.ts'
import { lookAt, type Seen } from './page-seen.ts'

// A simulated evening, whose time is in the hand of who looks.

const day = defineDay({
  name: 'short',
  open: '18:00',
  lastOrder: '18:20',
  close: '18:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 90 },
      { at: '18:20', perHour: 90 },
    ],
  },
})

let house: RunningSimulation
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  buildPage('inspector')
  house = await startSimulated({ day, seed: 5, speed: 1, port: 0, opsPort: 0 })
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
})

const look = (see: (seen: Seen) => Promise<void>): Promise<void> =>
  lookAt(browser, `${house.opsUrl}/`, {}, async (seen) => {
    await seen.page.getByText('seed 5, simulated').waitFor()
    await see(seen)
    expect(seen.complaints).toEqual([])
  })
const time = async (): Promise<{ readonly state: string; readonly events: number; readonly now: string }> =>
  (await fetch(`${house.opsUrl}/ops/v1/time`)).json()
const says = (page: Page, words: string) => page.getByText(words, { exact: true }).waitFor()

test('Space stops the world, a point lets one message happen, and Space lets it go on', () =>
  look(async ({ page }) => {
    await page.keyboard.press(' ')
    await says(page, 'The world stands still.')
    const { state, events } = await time()
    expect(state).toBe('paused')
    await page.getByText('seed 5, simulated, paused').waitFor()
    await page.keyboard.press('.')
    await says(page, 'One message was handled.')
    expect((await time()).events).toBeGreaterThan(events)
    await page.keyboard.press(' ')
    await says(page, 'The world goes on.')
    expect((await time()).state).toBe('running')
  }))

test('the speed is chosen, and a click on the bar goes to that moment', () =>
  look(async ({ page }) => {
    await page.getByRole('button', { name: '×300' }).click()
    await says(page, 'The world goes at ×300.')
    const box = await page.locator('.line svg').boundingBox()
    if (box === null) throw new Error('The time bar is not there.')
    await page.mouse.click(box.x + box.width * 0.2, box.y + 30)
    await page.getByText(/^On the way to 1[89]:|^On the way to 2/).waitFor()
    await expect.poll(async () => (await time()).state, { timeout: 30_000 }).toBe('paused')
  }))
