import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, openPage, type Seen } from './page-seen.ts'

// A live cluster and a real browser: what guests order is cooked before one's eyes.

let house: OpenHouse
let seen: Seen
beforeAll(async () => {
  house = await openHouse()
  // Small: there is no graphics card that draws it.
  seen = await openPage(house.browser, `${house.url}#/kitchen`, { viewport: { width: 1_180, height: 680 } })
})
afterAll(() => house?.close())

const label = (text: string | RegExp) => seen.page.locator('.labels span:visible', { hasText: text })
const oven = () => seen.page.locator('.list tr', { hasText: 'oven 1' }).first()

test('the room has its stations and who runs them, in at most twelve draw calls', async () => {
  for (const station of ['Grill', 'Oven', 'Pastry', 'Garde-manger'])
    await label(new RegExp(`^n\\d ${station}`)).waitFor()
  const calls = await seen.page.locator('canvas').getAttribute('data-draw-calls')
  expect(Number(calls)).toBeGreaterThan(0)
  expect(Number(calls)).toBeLessThanOrEqual(12)
  expect(await cutOff(seen.page)).toEqual([])
  expect(seen.complaints).toEqual([])
})

test('an order that is placed hangs on the rail, and an oven warms for it', async () => {
  const { page } = seen
  const placed = await house.up.place('margherita-pizza')
  await page
    .locator('.list tr', { hasText: /oven \d+(preheating|loaded)/ })
    .first()
    .waitFor()
  await page.getByText(/^[1-9]\d* tickets?, /).waitFor()
  await page.keyboard.press('v')
  const ticket = page.getByRole('table', { name: 'Tickets on the rail' }).getByRole('row')
  await ticket
    .filter({ hasText: placed.id.slice(0, 10) })
    .getByText('cooking')
    .waitFor()
  await page.keyboard.press('v')
})

test('the tables have what the picture shows', async () => {
  const { page } = seen
  await page.goto(`${house.url}#/kitchen?view=table`)
  for (const [name, row] of [
    ['Devices', 'probe 1'],
    ['Stations', 'garde-manger'],
    ['Bins', 'basil'],
  ] as const)
    await page.getByRole('table', { name }).getByRole('row').filter({ hasText: row }).first().waitFor()
  await page.getByRole('button', { name: 'Room' }).click()
  await label(/^n\d Grill/).waitFor()
})

test('a device that is chosen is told of, and does as it is told', async () => {
  const { page } = seen
  await oven().click()
  const chosen = page.getByRole('region', { name: 'oven 1' })
  await chosen.getByRole('button', { name: 'Open the door' }).click()
  await chosen.getByText('open: no heat').waitFor()
  await label(/door open/)
    .first()
    .waitFor()
  await chosen.getByRole('button', { name: 'Shut the door' }).click()
  await chosen.getByText('shut', { exact: true }).waitFor()
})

test('what is broken is marked, until it is mended', async () => {
  const { page } = seen
  const chosen = page.getByRole('region', { name: 'oven 1' })
  await chosen.getByRole('button', { name: 'Break oven 1' }).click()
  await chosen.getByRole('button', { name: 'Break oven 1' }).click()
  await chosen.getByText('✕ broken by an operator').waitFor()
  await label(/^✕ oven 1/)
    .first()
    .waitFor()
  await chosen.getByRole('button', { name: 'Mend oven 1' }).click()
  await chosen.getByText('✕ broken by an operator').waitFor({ state: 'detached' })
})

test('keys walk from device to device, and open one', async () => {
  const { page } = seen
  await page.keyboard.press('Escape')
  await page.locator('canvas').focus()
  await page.keyboard.press('ArrowRight')
  const first = page.locator('.list tr[aria-current="true"]')
  await first.waitFor()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.waitForURL(/#\/actors\/(pan|probe|oven|kitchen-timer)%2Fmain/)
  await page.goBack()
  await label(/^n\d Grill/).waitFor()
})

test('a click on something opens its actor', async () => {
  const { page } = seen
  // The camera is there at once.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.getByRole('button', { name: 'Oven', exact: true }).click()
  await page.locator('.corners [aria-pressed="true"]', { hasText: 'Oven' }).waitFor()
  // In the middle of that corner are ovens, cooks before them, or the floor that they stand on: all of them are actors.
  await page.locator('canvas').click()
  await page.waitForURL(/#\/actors\/\w[\w-]*%2Fmain/)
  expect(seen.complaints).toEqual([])
})

test('without a graphics card there are the tables, and why', async () => {
  const { page, close } = await openPage(house.browser, `${house.url}#/dead-letters`)
  await page.evaluate(() => {
    HTMLCanvasElement.prototype.getContext = () => null
  })
  await page.evaluate(() => {
    location.hash = '#/kitchen'
  })
  await page.getByText('This browser draws no WebGL here.').waitFor()
  await page.getByRole('table', { name: 'Devices' }).getByRole('row').nth(4).waitFor()
  await close()
})
