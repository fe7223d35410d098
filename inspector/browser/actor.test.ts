import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Placed } from '../../bin/testing/up.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, lookAt, type Seen } from './page-seen.ts'

// An order on a live cluster, seen in its room.

let house: OpenHouse
/** It has ended, so that it is the same however long the others take. */
let done: Placed
beforeAll(async () => {
  house = await openHouse()
  done = await ready()
  await house.up.collect(done)
})
afterAll(() => house?.close())

const look = (actor: string, see: (seen: Seen) => Promise<void>, options = {}): Promise<void> =>
  lookAt(house.browser, `${house.url}#/actors/${encodeURIComponent(actor)}`, options, async (seen) => {
    await seen.page.getByRole('heading', { name: actor, level: 1 }).waitFor()
    await see(seen)
  })
const actorOf = ({ id }: Placed): string => `order/${id}`
const lit = (page: Page, state: string) => page.locator(`[data-state="${state}"][data-active]`).waitFor()

async function ready(): Promise<Placed> {
  const placed = await house.up.place()
  await house.up.settled([placed])
  return placed
}

describe('the room of an order', () => {
  test('lights where it is, marks the arrow that it took, and follows', async () => {
    const placed = await house.up.place()
    await look(actorOf(placed), async ({ page, complaints }) => {
      await lit(page, 'ready')
      expect(await page.locator('[data-active]').count()).toBe(1)
      expect(await page.locator('[data-last]').getAttribute('data-arrow')).toBe('plating ready')
      await page.getByRole('list', { name: 'Timers' }).getByText('handover').waitFor()
      await house.up.collect(placed)
      await lit(page, 'completed')
      expect(await page.locator('[data-last]').getAttribute('data-arrow')).toBe('ready completed')
      await page.getByText('It takes nothing more').waitFor()
      expect(complaints).toEqual([])
    })
  })

  test('sends what is accepted now, and shows what came of it', async () => {
    await look(actorOf(await ready()), async ({ page }) => {
      const send = page.getByRole('region', { name: 'Send an event' })
      await send.getByRole('button', { name: 'order.collect' }).click()
      await send.getByRole('button', { name: 'Send order.collect' }).click()
      await send.locator('[data-outcome=done]').getByText('completed', { exact: true }).waitFor()
      await lit(page, 'completed')
    })
  })

  test('goes back to an earlier turn, and says what that one changed', () =>
    look(actorOf(done), async ({ page }) => {
      await lit(page, 'completed')
      await page.locator('[data-turn="1"]').click()
      await lit(page, 'reserving')
      await page.getByRole('heading', { name: 'Turn 1 changed' }).waitFor()
      await page.getByRole('definition').getByText(`"${done.id}"`).waitFor()
      await page.getByRole('button', { name: 'Back to now' }).click()
      await lit(page, 'completed')
    }))

  test('stops it after a second word, and lets it go on', async () => {
    const placed = await ready()
    await look(actorOf(placed), async ({ page }) => {
      await lit(page, 'ready')
      await page.getByRole('button', { name: /^Stop order/ }).click()
      await page.getByRole('button', { name: /its messages wait$/ }).click()
      await page.getByText('✕ stopped').waitFor()
      await page.getByText('what is sent would wait').waitFor()
      await page
        .getByRole('button', { name: /^Start order/ })
        .first()
        .click()
      await page.getByText('✕ stopped').waitFor({ state: 'detached' })
    })
  })

  test('is read with the keyboard: state by state, or as a table', () =>
    look(actorOf(done), async ({ page }) => {
      await lit(page, 'completed')
      const first = page.getByRole('option').first()
      await first.focus()
      expect(await first.getAttribute('aria-label')).toMatch(/^placed.*leads to reserving by place/)
      await page.keyboard.press('ArrowDown')
      const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-state'))
      expect(await focused()).toBe('reserving')
      await page.keyboard.press('End')
      expect(await focused()).toBe('expired')
      await page.keyboard.press('v')
      await page.getByRole('rowheader', { name: 'completed, here' }).waitFor()
    }))
})

test('a refusal is shown as it was answered, also of what no form would have sent', () =>
  look('menu/main', async ({ page }) => {
    await lit(page, 'published')
    const send = page.getByRole('region', { name: 'Send an event' })
    await send.getByRole('button', { name: 'menu.edit' }).click()
    await send.getByRole('button', { name: 'As JSON' }).click()
    const text = send.getByRole('textbox', { name: 'the message as JSON' })
    const button = send.getByRole('button', { name: 'Send menu.edit' })
    await text.fill('{"type":')
    expect(await button.isDisabled()).toBe(true)
    await text.fill('{"type":"menu.publish"}')
    await button.click()
    await send.locator('[data-outcome=refused]').getByText('event-not-accepted').waitFor()
    await lit(page, 'published')
  }))

test('a form says what is missing before it sends anything', () =>
  look('bin/main:basil', async ({ page }) => {
    const send = page.getByRole('region', { name: 'Send an event' })
    await send.getByRole('button', { name: 'bin.hold' }).click()
    await send.getByRole('button', { name: 'Send bin.hold' }).click()
    await send
      .getByText(/✕ \w+ has 1 to \d+ characters/)
      .first()
      .waitFor()
    expect(await send.locator('[data-outcome]').count()).toBe(0)
  }))

test('another actor is another room', () =>
  look(actorOf(done), async ({ page }) => {
    await lit(page, 'completed')
    await page.goto(`${house.url}#/actors/menu%2Fmain`)
    await page.getByRole('heading', { name: 'menu/main', level: 1 }).waitFor()
    await lit(page, 'published')
    expect(await page.title()).toBe('menu/main, Brigade')
    await page.getByRole('tab', { name: 'Context' }).click()
    await page.getByText('edition').first().waitFor()
  }))

test('an actor that never was is said to be none', () =>
  look('order/ord_nobody', async ({ page }) => {
    await page.getByText('There is no order/ord_nobody').waitFor()
  }))

const sizes = [
  { width: 1_440, height: 900 },
  { width: 1_180, height: 800 },
  { width: 390, height: 844 },
]
for (const viewport of sizes) {
  test(`at ${viewport.width} × ${viewport.height} no tab is cut off`, async () => {
    for (const actor of [actorOf(done), 'bin/main:basil']) {
      await look(
        actor,
        async ({ page, complaints }) => {
          await page.locator('[data-active]').first().waitFor()
          for (const tab of ['Chart', 'Mailbox', 'Journal', 'Supervision', 'Context']) {
            await page.getByRole('tab', { name: tab }).click()
            await page.getByRole('tabpanel', { name: tab }).waitFor()
            expect([actor, tab, await cutOff(page)]).toEqual([actor, tab, []])
          }
          expect(complaints).toEqual([])
        },
        { viewport },
      )
    }
  })
}
