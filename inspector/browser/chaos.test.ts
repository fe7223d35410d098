/** Chaos lab, as a person uses it: each fault is armed, aimed, struck and reverted by the page, and its end is seen. */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, lookAt, type Seen } from './page-seen.ts'

let house: OpenHouse
let isOpen = true
let guests: Promise<unknown>
beforeAll(async () => {
  house = await openHouse()
  // Told when all is done: an answer that nobody waits for would end the run.
  guests = comeAndGo().catch((error: unknown) => error)
})
afterEach(() => fetch(`${house.url}ops/v1/faults`, { method: 'DELETE' }))
afterAll(async () => {
  isOpen = false
  const trouble = await guests
  await house?.close()
  expect(trouble).toBeUndefined()
})
async function comeAndGo(): Promise<void> {
  // Not one dish alone: what it is made of would be used up.
  const dishes = ['caprese', 'greek-salad', 'apple-tart', 'roast-chicken', 'potato-gratin']
  for (let n = 0; isOpen; n += 1) {
    const items = [{ dish: dishes[n % dishes.length], quantity: 1 }]
    // Each tries once: who insisted on a dish that is sold out would keep the next one from paying, and the provider idle.
    await house.up
      .post('orders', crypto.randomUUID(), { items, payment: { token: 'tok_ok' } })
      .catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

const look = (see: (seen: Seen) => Promise<void>, options = {}): Promise<void> =>
  lookAt(house.browser, `${house.url}#/chaos`, options, async (seen) => {
    await kind(seen.page, 'crash-node').waitFor()
    await see(seen)
    // Whose actors are away is told so: the browser notes each such answer.
    expect(seen.complaints.filter((words) => !/status of 50[34] /.test(words))).toEqual([])
  })
const kind = (page: Page, of: string) => page.locator(`[data-kind="${of}"]`)
const active = (page: Page, of: string) => page.locator(`[data-fault="${of}"]`)
const isOver = (page: Page, of: string) => page.locator(`[data-over="${of}"]`).first()
const panel = (page: Page) => page.getByRole('region', { name: 'Before it strikes' })
const strike = (page: Page) => panel(page).locator('[type=submit]').click()
/** What it touches is told before it strikes. */
async function aimed(page: Page): Promise<void> {
  await panel(page).getByText('It touches').waitFor()
  await panel(page).getByText('counting …').waitFor({ state: 'detached' })
  await panel(page).locator('[type=submit]:not([disabled])').waitFor()
}

/** Until its effect is seen; then it is taken back, and seen to be over. */
async function struckAndReverted(page: Page, of: string): Promise<void> {
  await aimed(page)
  await strike(page)
  await active(page, of).locator('[data-fired=true]').waitFor()
  await active(page, of).getByRole('button', { name: 'Revert' }).click()
  // By this, and not because its time was over.
  await isOver(page, of).getByText('reverted').waitFor()
  await active(page, of).waitFor({ state: 'detached' })
}
/** Many faults, one after the other, on a machine that may be busy. */
const bound = { timeout: 300_000 }

test('each fault of links is aimed at one, shows, and is reverted', bound, () =>
  look(async ({ page }) => {
    for (const of of [
      ...['partition', 'delay-frames', 'drop-frames'],
      ...['duplicate-frames', 'reorder-frames', 'corrupt-frames'],
    ]) {
      await kind(page, of).click()
      await page.getByRole('button', { name: 'node-1 and node-2', exact: true }).click()
      await struckAndReverted(page, of)
    }
  }),
)

test('each fault of a node is aimed at one, shows, and is reverted', bound, () =>
  look(async ({ page }) => {
    for (const of of ['long-gc', 'clock-step', 'drain-node']) {
      await kind(page, of).click()
      await page.getByRole('button', { name: 'node-2, up', exact: true }).click()
      await struckAndReverted(page, of)
    }
    await page.getByRole('button', { name: 'node-2, up', exact: true }).waitFor()
  }),
)

test('a node is killed and another one frozen, and both come back by themselves', bound, () =>
  look(async ({ page }) => {
    for (const [of, node] of [
      ['crash-node', 'node-2'],
      ['pause-node', 'node-3'],
    ] as const) {
      await kind(page, of).click()
      await page.getByRole('button', { name: `${node}, up`, exact: true }).click()
      await aimed(page)
      await strike(page)
      await isOver(page, of).getByTitle('fired', { exact: true }).waitFor()
      await page.getByRole('button', { name: `${node}, up`, exact: true }).waitFor()
    }
  }),
)

test('each fault of the disk and of the provider strikes the whole, shows, and is reverted', bound, () =>
  look(async ({ page }) => {
    for (const of of [
      ...['slow-disk', 'full-disk'],
      ...['provider-slow', 'provider-outage', 'provider-declines', 'provider-silent'],
    ]) {
      await kind(page, of).click()
      await struckAndReverted(page, of)
    }
  }),
)

test('each fault of who is outside is set and reverted: who writes or orders meanwhile meets it', bound, () =>
  look(async ({ page }) => {
    for (const of of ['supplier-outage', 'mail-outage', 'sms-outage', 'webhook-outage']) {
      await kind(page, of).click()
      await aimed(page)
      await strike(page)
      await active(page, of).getByRole('button', { name: 'Revert' }).click()
      await isOver(page, of).getByText('reverted').waitFor()
    }
  }),
)

test('what spoils stays so, and all nodes restart one after the other', bound, () =>
  look(async ({ page }) => {
    await kind(page, 'spoilage').click()
    const select = panel(page).locator('select')
    await select.locator('option').nth(1).waitFor({ state: 'attached' })
    await select.selectOption({ index: 1 })
    await aimed(page)
    await panel(page).getByText('It cannot be undone.').waitFor()
    await strike(page)
    await isOver(page, 'spoilage').getByTitle('fired', { exact: true }).waitFor()
    const lives = (): Promise<readonly number[]> =>
      Promise.all(
        ['node-1', 'node-2', 'node-3'].map(async (id) => (await house.up.status(id as NodeId)).life),
      )
    const before = await lives()
    await kind(page, 'rolling-restart').click()
    await aimed(page)
    await strike(page)
    await isOver(page, 'rolling-restart').getByTitle('fired', { exact: true }).waitFor({ timeout: 120_000 })
    expect(await lives()).toEqual(before.map((life) => life + 1))
  }),
)

test('each fault of the kitchen is aimed at an actor from a list, shows, and is reverted', bound, () =>
  look(async ({ page }) => {
    for (const of of [
      ...['appliance-breakdown', 'sensor-stuck', 'sensor-drift', 'runaway-heat', 'door-open'],
      ...['probe-silent', 'timer-stopped', 'cook-ill'],
    ]) {
      await kind(page, of).click()
      const select = panel(page).locator('select')
      await select.locator('option').nth(1).waitFor({ state: 'attached' })
      await select.selectOption({ index: 1 })
      await struckAndReverted(page, of)
    }
  }),
)

test('a fault is dragged onto a node, and a second node may not be taken meanwhile', () =>
  look(async ({ page }) => {
    await kind(page, 'drain-node').dragTo(page.getByRole('button', { name: 'node-3, up', exact: true }))
    await panel(page).getByRole('heading', { name: 'Drain node-3' }).waitFor()
    await aimed(page)
    await strike(page)
    await active(page, 'drain-node').locator('[data-fired=true]').waitFor()
    await kind(page, 'crash-node').click()
    await page.getByRole('button', { name: 'node-1, up', exact: true }).click()
    await panel(page).getByText('At most 1 of 3 nodes may be down').waitFor()
    expect(await panel(page).locator('[type=submit]').isDisabled()).toBe(true)
    await active(page, 'drain-node').getByRole('button', { name: 'Revert' }).click()
    await page.getByRole('button', { name: 'node-3, up', exact: true }).waitFor()
  }))

test('by keys alone: a digit arms, Enter aims and strikes, Ctrl Z reverts', () =>
  look(async ({ page }) => {
    await page.keyboard.press('5')
    await panel(page).getByRole('heading', { name: 'Delay' }).waitFor()
    await page.getByRole('button', { name: 'node-1 and node-2', exact: true }).focus()
    await page.keyboard.press('Enter')
    await aimed(page)
    await panel(page).locator('[type=submit]').focus()
    await page.keyboard.press('Enter')
    await active(page, 'delay-frames').waitFor()
    await page.keyboard.press('Control+z')
    await isOver(page, 'delay-frames').getByText('reverted').waitFor()
    await page.keyboard.press('1')
    await panel(page).getByRole('heading', { name: 'Kill −9' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Nothing is armed.').waitFor()
  }))

test('what is written wrongly is told beside it, and does not strike', () =>
  look(async ({ page }) => {
    await kind(page, 'delay-frames').click()
    await page.getByRole('button', { name: 'node-1 and node-2', exact: true }).click()
    await aimed(page)
    await panel(page).getByLabel('byMs').fill('0')
    await strike(page)
    await panel(page).getByText('a whole number from 1 to 10000').waitFor()
    expect(await active(page, 'delay-frames').count()).toBe(0)
  }))

test('what cannot be done here is dimmed and says why', () =>
  look(async ({ page }) => {
    expect(await kind(page, 'power-loss').getAttribute('aria-disabled')).toBe('true')
    await kind(page, 'crash-node').click()
    await kind(page, 'power-loss').click({ force: true })
    await panel(page)
      .getByText(/^Power loss is off: .*which keeps its power/)
      .waitFor()
    // What was armed stays so.
    expect(await panel(page).locator('[type=submit]').textContent()).toContain('Kill −9')
  }))

test('all nodes are killed only by who types it, and all come back', () =>
  look(async ({ page }) => {
    const life = (await house.up.status('node-1' as NodeId)).life
    await kind(page, 'restart-cluster').click()
    await panel(page).getByText('It touches').waitFor()
    expect(await panel(page).locator('[type=submit]').isDisabled()).toBe(true)
    await panel(page).getByLabel('Type kill all').fill('kill all')
    await aimed(page)
    await strike(page)
    await isOver(page, 'restart-cluster').waitFor()
    expect((await house.up.status('node-1' as NodeId)).life).toBe(life + 1)
    await page.getByRole('button', { name: 'node-1, up', exact: true }).waitFor()
  }))

test('everything is reverted at once, and the bar above says so meanwhile', () =>
  look(async ({ page }) => {
    for (const of of ['slow-disk', 'provider-slow']) {
      await kind(page, of).click()
      await aimed(page)
      await strike(page)
      await active(page, of).waitFor()
    }
    await page.getByRole('link', { name: '2 active faults' }).waitFor()
    await page.getByRole('button', { name: 'Revert all 2 faults' }).click()
    await page.getByText('nothing is broken').waitFor()
    expect(await page.getByRole('link', { name: /active fault/ }).count()).toBe(0)
    await page.getByText('reverted everything').first().waitFor()
  }))

test('a schedule is started with a seed, strikes, and is stopped', () =>
  look(async ({ page }) => {
    const schedule = page.getByRole('region', { name: 'Schedule' })
    await schedule.getByLabel('seed').fill('11')
    await schedule.getByLabel('one in').fill('1')
    await schedule.getByRole('button', { name: 'Start schedule' }).click()
    await schedule.getByText(/seed 11, [1-9]\d* of \d+ struck/).waitFor()
    await schedule.getByRole('button', { name: 'Stop schedule' }).click()
    await schedule.getByRole('button', { name: 'Start schedule' }).waitFor()
    await schedule.getByText(/seed 11, .*over/).waitFor()
  }))

test.each([
  [390, 844],
  [1_180, 800],
  [1_440, 900],
])('at %i × %i nothing is cut off', (width, height) =>
  look(
    async ({ page }) => {
      await kind(page, 'partition').click()
      await page.getByRole('button', { name: 'node-1 and node-2', exact: true }).click()
      await aimed(page)
      expect(await cutOff(page)).toEqual([])
    },
    { viewport: { width, height } },
  ),
)
