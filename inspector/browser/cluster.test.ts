import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { type OpenHouse, openHouse } from './open-house.ts'
import { lookAt, type Seen } from './page-seen.ts'

let house: OpenHouse
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())

const look = (see: (seen: Seen) => Promise<void>): Promise<void> =>
  lookAt(house.browser, `${house.url}#/cluster`, {}, async (seen) => {
    await seen.page.getByRole('button', { name: 'node-2', exact: true }).click()
    await seen.page.waitForURL('**/#/cluster?node=node-2')
    await see(seen)
    expect(seen.complaints).toEqual([])
  })

test('a node takes no more shards, and Ctrl Z takes that back', () =>
  look(async ({ page }) => {
    await page.getByRole('button', { name: 'Cordon node-2', exact: true }).click()
    await page.getByText('node-2 keeps its shards and takes no more.').waitFor()
    await page.getByRole('button', { name: 'Uncordon node-2', exact: true }).waitFor()
    await page.keyboard.press('Control+z')
    await page.getByText('node-2 takes shards again.').waitFor()
    await page.getByRole('button', { name: 'Cordon node-2', exact: true }).waitFor()
  }))

test('each of the last commands can be taken back, while nothing on the page moves; who did them is listed', () =>
  look(async ({ page }) => {
    const room = page.locator('main')
    const before = await room.boundingBox()
    await page.getByRole('button', { name: 'Cordon node-2', exact: true }).click()
    await page.getByText('node-2 keeps its shards and takes no more.').waitFor()
    await page.getByRole('button', { name: 'node-3', exact: true }).click()
    await page.getByRole('button', { name: 'Cordon node-3' }).click()
    await page.getByText('node-3 keeps its shards and takes no more.').waitFor()
    const strip = page.getByRole('status').getByRole('listitem')
    expect(await strip.locator('.words').allTextContents()).toEqual([
      'node-3 keeps its shards and takes no more.',
      'node-2 keeps its shards and takes no more.',
    ])
    expect(await room.boundingBox()).toEqual(before)
    await strip.getByRole('button', { name: 'Uncordon node-2' }).click()
    await page.getByText('node-2 takes shards again.').waitFor()
    await page.keyboard.press('Control+z')
    await page.getByText('node-3 takes shards again.').waitFor()
    const commands = page.getByRole('region', { name: 'Commands: who did what' })
    await commands.getByText('uncordoned node-3').first().waitFor()
    await commands.getByText('uncordoned node-2').first().waitFor()
  }))

test('a link is cut, and whole again from the strip that says so; what somebody else broke stays broken', () =>
  look(async ({ page }) => {
    const links = page.getByRole('list', { name: 'Troubled links' })
    const all = page.getByRole('button', { name: 'Revert all 2 faults' })
    const delay = { kind: 'delay-frames', target: { a: ['node-2'], b: ['node-3'] }, params: { byMs: 20 } }
    const set = await fetch(`${house.url}ops/v1/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(delay),
    })
    expect(set.ok).toBe(true)
    const ofSomebodyElse = links.getByRole('button', { name: 'Heal node-2 – node-3: Delay 20 ms' })
    await ofSomebodyElse.waitFor()
    await page.getByLabel('How long').selectOption('for 10 min')
    await page.getByRole('button', { name: 'Cut node-1 from node-2' }).click()
    await page.getByText('lose sight of each other for 10 min').waitFor()
    await page.getByRole('button', { name: 'Cut node-1 from node-2' }).click()
    await page.getByText('The link between node-1 and node-2 is cut').waitFor()
    await links.getByRole('button', { name: 'Heal node-1 – node-2: Cut' }).waitFor()
    await all.waitFor()
    await page.getByRole('status').getByRole('button', { name: 'Heal node-1 – node-2' }).click()
    await page.getByText('Cut node-1 from node-2 is reverted.').waitFor()
    await all.waitFor({ state: 'detached' })
    await ofSomebodyElse.click()
    await page.getByText('Delay between node-2 and node-3 is reverted.').waitFor()
    await links.waitFor({ state: 'detached' })
    expect(await page.getByRole('button', { name: /^Revert/ }).count()).toBe(0)
  }))

test('a node is killed only after its shards were named, its shards move, and it comes back', () =>
  look(async ({ page }) => {
    const crash = page.getByRole('button', { name: 'Crash node-2' })
    await crash.click()
    await page.getByText(/\d+ shards and \d+ actors? in memory go to node-1 and node-3\./).waitFor()
    await page.keyboard.press('Escape')
    expect(await crash.evaluate((button) => document.activeElement === button)).toBe(true)
    expect((await house.up.status('node-2' as NodeId)).life).toBe(1)
    await crash.click()
    // It names again what it is about to do.
    await crash.click()
    await page.getByText('node-2 was killed.').waitFor()
    await page.getByText('up in life 2').first().waitFor()
    await page.getByText(/every shard has an owner again, after [\d.]+ m?s/).waitFor()
  }))

test('one more node joins a group', () =>
  look(async ({ page }) => {
    await page.getByRole('button', { name: 'Add a node' }).click()
    await page.getByText('A node joins kitchen.').waitFor()
    await page.getByRole('link', { name: 'node-4, up' }).waitFor()
  }))
