import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, openPage, type Seen } from './page-seen.ts'

// A live cluster and a real browser; the last test kills a node.

let house: OpenHouse
let seen: Seen
beforeAll(async () => {
  house = await openHouse()
  seen = await openPage(house.browser, `${house.url}#/topology`)
})
afterAll(() => house?.close())

const label = (text: string) => seen.page.locator('.labels span:visible', { hasText: text })

test('the picture has every node, in at most six draw calls, and the browser has nothing against it', async () => {
  for (const node of ['node-1', 'node-2', 'node-3', 'edge-1']) await label(node).waitFor()
  const calls = await seen.page.locator('canvas').getAttribute('data-draw-calls')
  expect(Number(calls)).toBeGreaterThan(0)
  expect(Number(calls)).toBeLessThanOrEqual(6)
  expect(await cutOff(seen.page)).toEqual([])
  expect(seen.complaints).toEqual([])
})

test('an order that is placed is in the table, with what it makes the others do', async () => {
  const { page } = seen
  await page.keyboard.press('v')
  const row = (type: string) =>
    page.getByRole('row').filter({ has: page.getByRole('cell', { name: type, exact: true }) })
  await house.up.place()
  for (const type of ['order', 'payment', 'reservation', 'ticket']) await row(type).first().waitFor()
  await page.keyboard.press('v')
  await page.locator('canvas').waitFor()
})

test('an actor is chosen by its address, and its own room is one step away', async () => {
  const { page } = seen
  const { id } = await house.up.place()
  await page.goto(`${house.url}#/topology?actor=order/${id}`)
  const link = page.getByRole('link', { name: `order/${id}` })
  await link.waitFor()
  expect(await link.getAttribute('href')).toContain(encodeURIComponent(`order/${id}`))
  await page.goto(`${house.url}#/topology`)
})

test('in three dimensions it is the same picture', async () => {
  const { page } = seen
  await page.getByRole('button', { name: '3D' }).click()
  await page.waitForURL('**/#/topology?view=3d')
  await label('node-2').waitFor()
  await page.getByRole('button', { name: '2D' }).click()
})

test('a node that is killed is a broken plate until it is back', async () => {
  await house.up.execute({ kind: 'crash', node: 'node-2' as NodeId })
  await label('✕ node-2 is').waitFor()
  await label('✕ node-2 is').waitFor({ state: 'detached' })
  await label('node-2').waitFor()
  expect(seen.complaints).toEqual([])
})

test('who leaves for a room without the picture is no viewer any more', async () => {
  await seen.page.goto(`${house.url}#/dead-letters`)
  const observed = async (): Promise<number> => {
    const { items } = await house.up.ops<{
      readonly items: readonly { readonly gauges: Record<string, number> }[]
    }>('nodes')
    return items.reduce((sum, { gauges }) => sum + (gauges.eventsObserved ?? 0), 0)
  }
  // The watch ends by itself, three seconds after it was asked for the last time.
  await expect
    .poll(
      async () => {
        const before = await observed()
        await house.up.settled([await house.up.place()])
        return (await observed()) - before
      },
      { timeout: 40_000 },
    )
    .toBe(0)
})
