import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { brokenRules } from './axe.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, lookAt, openPage, type Seen } from './page-seen.ts'

// A guest with a phone, before a house of processes. With BRIGADE_SCREENSHOTS=DIR what is looked at is also a picture there.

const folder = process.env.BRIGADE_SCREENSHOTS
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true } as const

let house: OpenHouse
beforeAll(async () => {
  // An order that nobody pays is looked at, too: at this speed it lives for half a minute.
  house = await openHouse({ speed: 30 })
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
})
afterAll(() => house?.close())

const visit = (see: (seen: Seen) => Promise<void>, options: BrowserContextOptions = phone): Promise<void> =>
  lookAt(house.browser, `${house.up.url}/`, options, async (seen) => {
    await see(seen)
    // An answer that is no is one that the page has words for; the browser complains of it all the same.
    expect(seen.complaints.filter((words) => !words.startsWith('Failed to load resource'))).toEqual([])
  })

const title = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('heading', { name, level: 1 }).waitFor()
const add = (page: Page, dish: string): Promise<void> =>
  page.getByRole('button', { name: `Add one ${dish}`, exact: true }).click()

/** Up to the button that orders it. */
async function choose(page: Page, dish: string, card = 'A good card'): Promise<void> {
  await add(page, dish)
  await page.getByRole('button', { name: 'Order', exact: true }).click()
  await page.getByRole('radio', { name: card }).check()
  await page.locator('button[type=submit][aria-disabled=false]').waitFor()
}
const crash = (node: string) => house.up.execute({ kind: 'crash', node: node as NodeId })
const order = (page: Page): Promise<void> => page.getByRole('button', { name: /^Order(,| and)/ }).click()

async function operate(method: string, path: string, body: object, tag?: string): Promise<Response> {
  const response = await fetch(`${house.up.opsUrl}/ops/v1/${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
      ...(tag !== undefined && { 'if-match': tag }),
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response
}
async function setOpen(value: boolean): Promise<void> {
  const { headers } = await fetch(`${house.up.opsUrl}/ops/v1/config`)
  await operate('PUT', 'config/orders.open', { value }, headers.get('etag') ?? '')
}
const offer = (dish: string, available: boolean): Promise<Response> =>
  operate('POST', `actors/${encodeURIComponent('menu/main')}/messages`, {
    message: { type: 'menu.avail', dish, available },
  })

test('an order is followed to its end, though nodes are killed under it, and the house has told all of it', () =>
  visit(async ({ page }) => {
    await title(page, 'What would you like?')
    await choose(page, 'Caprese')
    expect(await crash('node-1')).toEqual({ kind: 'done' })
    await order(page)
    await title(page, /cooking|plated|Paid|ready/)
    expect(await crash('node-2')).toEqual({ kind: 'done' })
    await title(page, 'It is ready')
    await page.getByRole('button', { name: 'I have it' }).click()
    await title(page, 'Enjoy your meal')

    await page.getByRole('button', { name: /^Inbox/ }).click()
    for (const words of ['Your receipt', 'Your order is ready', 'In the kitchen', 'Payment received'])
      await page.getByRole('dialog', { name: 'Inbox' }).getByText(words).waitFor()
    expect(await page.getByRole('dialog').getByText('Order received').count()).toBe(1)
  }))

test('tapped twice, unanswered and reloaded in the middle, it is one order', () =>
  visit(async ({ page }) => {
    const keys = new Set<string>()
    let lost = 0
    await page.route('**/api/v1/orders', async (route) => {
      keys.add((await route.request().allHeaders())['idempotency-key'] ?? '')
      if (lost === 0) {
        // It arrives, and its answer does not.
        await route.fetch()
      }
      lost += 1
      await (lost <= 2 ? route.abort() : route.continue())
    })
    await choose(page, 'Caprese')
    // Both before the page is drawn again.
    await page.locator('dialog[open] form').evaluate((form: HTMLFormElement) => {
      form.requestSubmit()
      form.requestSubmit()
    })
    await expect.poll(() => lost).toBeGreaterThan(0)
    await page.reload()
    await title(page, /cooking|plated|Paid|ready|payment|order/)
    expect(keys.size).toBe(1)
    expect(await page.getByRole('article').count()).toBe(1)
    expect(await page.getByText('Also under way').count()).toBe(0)
    const kept = await page.evaluate(() => localStorage.getItem('brigade.storefront.attempt'))
    expect(kept).toBe('null')
  }))

test('a card is declined, and another one pays', () =>
  visit(async ({ page }) => {
    await choose(page, 'Greek salad', 'An empty card')
    await order(page)
    await title(page, 'Your card was declined')
    await page.getByText('Nothing was charged. Another card may do.').first().waitFor()
    await page.getByRole('button', { name: 'Try another card' }).click()
    await page.getByRole('radio', { name: 'A good card' }).check()
    await page.locator('button[type=submit][aria-disabled=false]').waitFor()
    await order(page)
    await title(page, /cooking|plated|Paid|ready/)
    await page.getByText('Before').click()
    await page.getByRole('button', { name: /Your card was declined/ }).waitFor()
  }))

test('it is paid later, and cancelled: the money comes back', () =>
  visit(async ({ page }) => {
    await choose(page, 'Potato gratin', 'Later')
    await order(page)
    await title(page, 'Please pay')
    await page.getByRole('button', { name: /^Pay € 11.90/ }).click()
    await title(page, /cooking|Paid/)
    await page.getByRole('button', { name: 'Cancel this order' }).click()
    await page.getByRole('button', { name: 'Yes, cancel it' }).click()
    await title(page, 'Your order is cancelled')
    await page.getByText('€ 11.90 went back to your card.').first().waitFor()
    await page.getByText('We return 11.90 EUR to your card.').waitFor()
  }))

test('what sells out is seen to, and is no part of the order', () =>
  visit(async ({ page }) => {
    await add(page, 'Apple tart')
    await add(page, 'Caprese')
    await offer('apple-tart', false)
    try {
      await page.getByText('Sold out').waitFor()
      expect(await page.getByRole('button', { name: 'Add one Apple tart' }).count()).toBe(0)
      await page.getByRole('button', { name: 'Order', exact: true }).click()
      await page.getByText('Apple tart is sold out, and not part of this order.').waitFor()
      await page.getByRole('button', { name: /^Order and pay € 10.50/ }).waitFor()
    } finally {
      await offer('apple-tart', true)
    }
  }))

test('a house that is closed says so, and what was chosen stays', () =>
  visit(async ({ page }) => {
    await choose(page, 'Caprese')
    // Of another price than the menu's: where orders are taken, this one is not.
    const wish = { items: [{ dish: 'caprese', quantity: 1 }], total: { amount: 1, currency: 'EUR' } }
    const asked = async (): Promise<number> =>
      (await house.up.post('orders', crypto.randomUUID(), wish)).status
    // The gateway hears of it a little later.
    const becomes = (status: number) => expect.poll(asked, { timeout: 30_000 }).toBe(status)
    await setOpen(false)
    try {
      await becomes(503)
      await order(page)
      await page.getByText('The last order has been called.').waitFor()
      await page.getByRole('button', { name: 'One Caprese less' }).first().waitFor()
    } finally {
      await setOpen(true)
      await becomes(409)
    }
  }))

test('without a network it tells what it knows, and goes on by itself when there is one', () =>
  visit(async ({ page }) => {
    await choose(page, 'Potato gratin')
    await order(page)
    await title(page, /cooking|Paid/)
    await page.context().setOffline(true)
    await page.getByText('You are offline.').waitFor()
    await page.getByText('This is the menu as we knew it last.').waitFor()
    await page.context().setOffline(false)
    await page.getByText('You are offline.').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Cancel this order' }).click()
    await page.getByRole('button', { name: 'Yes, cancel it' }).click()
    await title(page, 'Your order is cancelled')
  }))

test('where streams are switched off, what happens is asked for page by page', () =>
  visit(async ({ page }) => {
    await page.route('**/events', async (route) =>
      route.continue({ headers: { ...(await route.request().allHeaders()), accept: 'application/json' } }),
    )
    await choose(page, 'Caprese')
    await order(page)
    await title(page, 'It is ready')
    expect(await page.getByText('The kitchen has begun.').count()).toBe(1)
  }))

test('of what there is too little, a substitute is offered before anything is ordered', () =>
  visit(async ({ page }) => {
    await page.route('**/api/v1/quotes', async (route) => {
      const response = await route.fetch()
      const isSwapped = route.request().postData()?.includes('cheddar') === true
      const shortages = isSwapped ? [] : [{ ingredient: 'cheddar', needed: 40, free: 0 }]
      await route.fulfill({ response, json: { ...(await response.json()), shortages } })
    })
    await add(page, 'Cheeseburger')
    await page.getByRole('button', { name: 'Order', exact: true }).click()
    await page.getByText('There is too little cheddar left.').waitFor()
    expect(await page.locator('button[type=submit]').getAttribute('aria-disabled')).toBe('true')
    await page.getByRole('button', { name: 'Cheeseburger: mozzarella instead of cheddar' }).click()
    await page.locator('button[type=submit][aria-disabled=false]').waitFor()
  }))

test('beside a wide screen it has a code for phones, where a phone can come', async () => {
  const context = await house.browser.newContext({ viewport: { width: 1_180, height: 800 } })
  const page = await context.newPage()
  await page.route('http://house.example/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill({ response: await route.fetch({ url: `${house.up.url}${pathname}` }) })
  })
  await page.goto('http://house.example/')
  await page.getByRole('img', { name: 'Code that leads to house.example' }).waitFor()
  expect(await brokenRules(page)).toEqual([])
  if (folder !== undefined) await page.screenshot({ path: join(folder, 'storefront-code-1180-light.png') })
  await context.close()
})

test('the inspector leads here', async () => {
  const { page, close } = await openPage(house.browser, house.url)
  const link = page.getByRole('link', { name: /^Storefront/ })
  const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()])
  await title(opened, 'What would you like?')
  expect(opened.url()).toBe(`${house.up.url}/`)
  await close()
})

describe.each([
  { width: 360, height: 740 },
  { width: 390, height: 844 },
  { width: 1_180, height: 800 },
])('at $width × $height', (viewport) => {
  test.each([
    ['dark', '100%'],
    ['light', '100%'],
    ['light', '200%'],
  ] as const)('%s, text at %s: nothing is cut off, and nobody is kept out', (colorScheme, zoom) =>
    visit(
      async ({ page }) => {
        const found: Record<string, readonly string[]> = {}
        const look = async (what: string): Promise<void> => {
          const against = [...(await cutOff(page)), ...(await brokenRules(page))]
          if (against.length > 0) found[what] = against
          if (folder === undefined) return
          const name = `storefront-${what}-${viewport.width}-${colorScheme}-${zoom.slice(0, -1)}.png`
          await page.screenshot({ path: join(folder, name) })
        }
        await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), zoom)
        await add(page, 'Cheeseburger')
        await look('menu')
        await page.getByRole('button', { name: 'Order', exact: true }).click()
        await page.getByRole('radio', { name: 'Later' }).check()
        await page.locator('button[type=submit][aria-disabled=false]').waitFor()
        await look('checkout')
        await order(page)
        await title(page, 'Please pay')
        await look('unpaid')
        await page.getByRole('button', { name: 'Cancel this order' }).click()
        await page.getByRole('button', { name: 'Yes, cancel it' }).click()
        await title(page, /cancelled|not paid/)
        await look('undone')
        await page.getByRole('button', { name: /^Inbox/ }).click()
        await page.getByRole('dialog', { name: 'Inbox' }).getByText('Order received').waitFor()
        await look('inbox')
        expect(found).toEqual({})
      },
      { viewport, colorScheme },
    ),
  )
})
