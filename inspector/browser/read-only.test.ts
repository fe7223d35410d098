import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { brokenRules } from './axe.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { lookAt } from './page-seen.ts'

// A cluster whose operator listener was started read-only: everything is looked at, and nothing is changed.

let house: OpenHouse
beforeAll(async () => {
  vi.stubEnv('BRIGADE_OPS_READ_ONLY', '1')
  house = await openHouse()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await house?.close()
})

const why = 'Off: read-only mode'
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).first()
const go = (page: Page, place: string) => page.goto(`${house.url}#${place}`)
async function areOff(page: Page, ...names: readonly (string | RegExp)[]): Promise<void> {
  for (const name of names) {
    const one = button(page, name)
    await one.waitFor()
    expect([name, await one.isDisabled(), await one.getAttribute('title')]).toEqual([name, true, why])
  }
}

test('what would change something is off and says why, whoever presses it; what looks is not', () =>
  lookAt(house.browser, `${house.url}#/cluster`, {}, async ({ page, complaints }) => {
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.method() !== 'GET') asked.push(`${request.method()} ${request.url()}`)
    })
    const said = page.getByRole('status').getByText(`${why}.`)

    await button(page, 'node-2').click()
    await page.waitForURL('**/#/cluster?node=node-2')
    await areOff(page, 'Freeze node-2', 'Cordon node-2', 'Drain node-2', 'Crash node-2')
    await areOff(page, 'Cut node-1 from node-2', 'Add a node')
    expect(await brokenRules(page)).toEqual([])
    await button(page, 'Crash node-2').focus()
    await page.keyboard.press('Enter')
    await said.waitFor()
    expect(await page.getByText('Crash node-2?').count()).toBe(0)
    await page.getByRole('button', { name: 'dismiss' }).first().click()

    await go(page, '/chaos')
    await page.locator('[data-kind="crash-node"]').waitFor()
    await page.keyboard.press('1')
    await button(page, 'node-1, up').click()
    await page.getByText('It touches').waitFor()
    await areOff(page, 'Kill −9 node-1', 'Start schedule')
    await button(page, 'Kill −9 node-1').focus()
    await page.keyboard.press('Enter')
    await said.waitFor()

    await go(page, '/actors/menu%2Fmain')
    await areOff(page, /^Restart /, /^Stop /)
    await page.locator('[data-event]').first().click()
    await areOff(page, /^Send /)

    await go(page, '/orders')
    await areOff(page, 'Place an order')

    const letter = {
      id: '1',
      actor: 'menu/main',
      message: 'menu.put',
      reason: 'failed',
      detail: 'no',
      replays: 0,
    }
    await page.route('**/ops/v1/dead-letters**', (route) =>
      route.fulfill({ json: { items: [{ ...letter, at: '2026-05-01T18:00:00Z' }] } }),
    )
    await go(page, '/dead-letters')
    await areOff(page, 'Replay 1 dead letter', 'Replay')

    expect(asked).toEqual([])
    expect(complaints).toEqual([])
  }))

test('on a phone there is room to say that it is read-only', () =>
  lookAt(house.browser, house.url, { viewport: { width: 390, height: 844 } }, async ({ page }) => {
    const what = page.locator('.what')
    await what.getByText('read-only').waitFor()
    expect(await what.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)).toBe(true)
  }))
