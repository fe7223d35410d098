import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenHouse, openHouse } from './open-house.ts'
import { lookAt, type Seen } from './page-seen.ts'

// The rooms of the house: orders, the story of one, actors, stock and money. One cluster for all.

let house: OpenHouse
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())

const look = (path: string, see: (seen: Seen) => Promise<void>): Promise<void> =>
  lookAt(house.browser, `${house.url}#${path}`, {}, async (seen) => {
    await see(seen)
    expect(seen.complaints).toEqual([])
  })

test('an order that is placed on the board is followed, its story is read, and it is cancelled', () =>
  look('/orders', async ({ page }) => {
    await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Place an order' }).first().click()
    await page.getByRole('button', { name: 'One Greek salad more' }).click()
    await page.getByRole('button', { name: 'Place it', exact: true }).click()
    await page.getByText(/^ord_[0-9a-f]{32} is placed/).waitFor()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByRole('heading', { name: /^Following ord_/ }).waitFor()
    await page.locator('.docket').first().waitFor()

    await page.getByRole('link', { name: 'Read its story' }).click()
    await page.getByRole('heading', { name: 'Why it waits' }).waitFor()
    await page.getByText('1 Greek salad').waitFor()
    await page.getByText('outside to order, order.place').waitFor({ state: 'attached' })
    expect(page.url()).toMatch(/#\/story\/ord_/)

    await page.getByRole('button', { name: /^Cancel ord_/ }).click()
    await page.getByRole('button', { name: /^Cancel ord_/ }).click()
    await page.getByRole('heading', { name: 'How it ended' }).waitFor()
    await page.getByText('It holds no stock, no ticket and no money any more').waitFor()
  }))

test('the story of a guest’s order is at an address of its own', async () => {
  const placed = await house.up.place()
  await look(`/story/${placed.id}`, async ({ page }) => {
    await page
      .getByRole('article', { name: `Bill of ${placed.id}` })
      .getByText('1 Caprese')
      .waitFor()
    await page.getByRole('link', { name: 'reservation' }).first().waitFor()
  })
  await look('/story/nobody', async ({ page }) => {
    await page.getByText('There is no order').waitFor()
  })
})

test('actors are filtered, a word that is none is told, and a command to many is counted first', () =>
  look('/actors', async ({ page }) => {
    const filter = page.getByRole('searchbox', { name: 'Filter of actors' })
    await filter.fill('type=bin path~tomatoes')
    await page.getByRole('link', { name: 'bin/main:tomatoes' }).waitFor()
    await page.getByRole('link', { name: 'bin/main:cherry-tomatoes' }).waitFor()
    await page.getByText('2 actors', { exact: true }).waitFor()
    expect(page.url()).toContain('q=type=bin')

    await page.getByRole('button', { name: 'Restart …' }).click()
    await page.getByRole('button', { name: 'Restart 2 actors' }).click()
    await page.getByText('Restart: 2 of 2 actors.').waitFor()

    await filter.fill('typ=bin')
    await page.getByText("nobody knows 'typ', perhaps 'type'").waitFor()
    expect(await page.getByRole('link', { name: 'bin/main:tomatoes' }).count()).toBe(1)
  }))

test('everything that should hold of stock and money holds, also after a delivery', () =>
  look('/stock', async ({ page }) => {
    await page.getByText('12 of 12 held').waitFor()
    await page.getByRole('button', { name: 'basil', exact: true }).click()
    await page.getByRole('spinbutton', { name: 'grams' }).fill('1500')
    await page.getByRole('button', { name: 'Deliver basil' }).click()
    await page.getByText('1.5 kg of basil delivered.').waitFor()
    await page.getByRole('row', { name: 'delivered 1.5 kg' }).waitFor()
    await page.getByText('12 of 12 held').waitFor()
  }))
