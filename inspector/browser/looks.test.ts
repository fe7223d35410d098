import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rooms } from '../shell/rooms.ts'
import { startBrowser } from './chromium.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, openPage } from './page-seen.ts'

// Every room at three widths, dark and light. With BRIGADE_SCREENSHOTS=DIR (`npm run screenshots`) each is also a picture there.

const folder = process.env.BRIGADE_SCREENSHOTS
const sizes = [
  { width: 1_440, height: 900 },
  { width: 1_180, height: 800 },
  { width: 390, height: 844 },
]

let house: OpenHouse
let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
  house = await openHouse()
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  await Promise.all(Array.from({ length: 24 }, () => house.up.place()))
})
afterAll(async () => {
  await browser?.close()
  await house?.close()
})

describe.each(sizes)('at $width × $height', (viewport) => {
  test.each(['dark', 'light'] as const)('%s, no room is cut off', async (colorScheme) => {
    const { page, complaints, close } = await openPage(browser, house.url, { viewport, colorScheme })
    await page.getByRole('link', { name: 'node-3, up' }).waitFor()
    const found: Record<string, readonly string[]> = {}
    for (const { path, title } of rooms) {
      await page.goto(`${house.url}#${path}`)
      await page.getByRole('heading', { name: title, level: 1 }).waitFor({ state: 'attached' })
      const cut = await cutOff(page)
      if (cut.length > 0) found[title] = cut
      if (folder === undefined) continue
      const name = `${path === '/' ? 'overview' : path.slice(1)}-${viewport.width}-${colorScheme}.png`
      await page.screenshot({ path: join(folder, name) })
    }
    expect(found).toEqual({})
    expect(complaints).toEqual([])
    await close()
  })
})
