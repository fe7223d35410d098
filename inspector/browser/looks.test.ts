import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rooms } from '../shell/rooms.ts'
import { brokenRules } from './axe.ts'
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
let places: readonly { readonly path: string; readonly title: string; readonly name: string }[]
beforeAll(async () => {
  house = await openHouse()
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const [placed] = await Promise.all(Array.from({ length: 24 }, () => house.up.place()))
  if (placed === undefined) throw new Error('No order was placed.')
  places = [
    ...rooms.map(({ path, title }) => ({ path, title, name: path.slice(1) || 'overview' })),
    { path: `/story/${placed.id}`, title: 'Order story', name: 'one-story' },
    {
      path: `/actors/${encodeURIComponent(`order/${placed.id}`)}`,
      title: `order/${placed.id}`,
      name: 'one-actor',
    },
  ]
})
afterAll(() => house?.close())

describe.each(sizes)('at $width × $height', (viewport) => {
  test.each(['dark', 'light'] as const)(
    '%s, no room is cut off or breaks a rule of access',
    async (colorScheme) => {
      const { page, complaints, close } = await openPage(house.browser, house.url, { viewport, colorScheme })
      await page.getByRole('link', { name: 'node-3, up' }).waitFor()
      // What is there to be read is the same at the width between.
      const isRead = viewport.width !== 1_180
      const found: Record<string, readonly string[]> = {}
      for (const { path, title, name } of places) {
        await page.goto(`${house.url}#${path}`)
        await page.getByRole('heading', { name: title, level: 1 }).waitFor({ state: 'attached' })
        await expect.poll(() => page.getByText(/^Waiting for /).count(), { timeout: 30_000 }).toBe(0)
        const cut = [...(await cutOff(page)), ...(isRead ? await brokenRules(page) : [])]
        if (cut.length > 0) found[name] = cut
        if (folder === undefined) continue
        await page.screenshot({ path: join(folder, `${name}-${viewport.width}-${colorScheme}.png`) })
      }
      expect(found).toEqual({})
      expect(complaints).toEqual([])
      await close()
    },
    180_000,
  )
})
