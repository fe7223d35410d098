import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TapLine } from '../../gateway/tap-words.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, lookAt, openPage, type Seen } from './page-seen.ts'

// Messages as they are handled: seen, filtered, held, opened and taken along; and looked at by no node when nobody looks.

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
const tapped = ({ page }: Seen): Promise<void> => page.getByText('3 nodes are tapped.').waitFor()
const filterOf = ({ page }: Seen) => page.getByRole('searchbox', { name: 'Filter of messages' })
const taps = async (): Promise<readonly { readonly filter: string }[]> =>
  (await house.up.ops<{ readonly items: readonly { readonly filter: string }[] }>('taps')).items

test('an order that is placed is seen message by message, and each can be looked into', () =>
  look('/messages', async (seen) => {
    const { page } = seen
    await tapped(seen)
    await filterOf(seen).fill('message=order.place,reservation.hold')
    await page.waitForURL(/filter=message=order\.place/)
    await tapped(seen)
    const order = await house.up.place()
    const hold = page.getByRole('button', { name: 'reservation.hold' }).first()
    await hold.waitFor()
    await page.getByRole('button', { name: 'outside' }).first().waitFor()

    await hold.click()
    const details = page.getByRole('complementary', { name: 'The message' })
    await details.getByText('Its turn is done.').waitFor()
    await details.getByRole('link', { name: `order/${order.id}`, exact: true }).waitFor()
    await details.getByRole('link', { name: '1 of its journal' }).waitFor()
    expect(await details.getByRole('button', { name: 'Copy as curl' }).isEnabled()).toBe(true)
    await page.keyboard.press('k')
    await page.keyboard.press('j')

    await details.getByRole('link', { name: 'All of its order' }).click()
    await page.waitForURL(/filter=order(=|%3D)ord_/)
    expect(await filterOf(seen).inputValue()).toBe(`order=${order.id}`)
    await page.keyboard.press('Escape')
    await details.waitFor({ state: 'detached' })
  }))

test('while it is paused what comes is counted, and then shown; rows are taken along as lines', () =>
  look('/messages?filter=message%3Dorder.place', async (seen) => {
    const { page } = seen
    await tapped(seen)
    await house.up.place()
    const rows = page.locator('.rows .row')
    await rows.first().waitFor()
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    const before = await rows.count()
    await house.up.place()
    await house.up.place()
    await page.getByRole('button', { name: 'Go on, 2 more' }).waitFor()
    expect(await rows.count()).toBe(before)
    await page.getByRole('button', { name: 'Go on, 2 more' }).click()
    await rows.nth(before + 1).waitFor()

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^messages-.*\.ndjson$/)
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n')
    const messages = lines.map((line) => JSON.parse(line) as TapLine)
    expect(messages).toHaveLength(before + 2)
    for (const line of messages) expect(line).toMatchObject({ kind: 'message', message: 'order.place' })
    expect(lines.join()).not.toContain('tok_ok')

    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByText('No message has fitted message=order.place since you look.').waitFor()
  }))

test('a filter that cannot be read is told, and the messages of the one before go on', () =>
  look('/messages?filter=message%3Dorder.place', async (seen) => {
    const { page } = seen
    await tapped(seen)
    await filterOf(seen).fill('type=order')
    await page.getByText("nobody knows 'type', perhaps 'to'").waitFor()
    await house.up.place()
    await page.locator('.rows .row').first().waitFor()
    expect(page.url()).toContain('filter=message')
  }))

test('what goes over the cap is said', () =>
  look('/messages', async (seen) => {
    const { page } = seen
    await tapped(seen)
    await page.getByRole('combobox', { name: 'Messages a second' }).selectOption('50')
    await tapped(seen)
    const over = page.getByText(/Not here: .* over the cap/)
    let isOver = false
    while (!isOver) {
      await Promise.all(Array.from({ length: 12 }, () => house.up.place()))
      isOver = await over.isVisible()
    }
  }))

test('a room of an actor leads to its messages', async () => {
  const order = await house.up.place()
  await look(`/actors/${encodeURIComponent(`order/${order.id}`)}`, async (seen) => {
    await seen.page.getByTitle('What it is sent and sends, as it happens').click()
    await tapped(seen)
    expect(await filterOf(seen).inputValue()).toBe(`actor=order/${order.id}`)
  })
})

test('who goes to another room taps no more', async () => {
  await look('/messages?filter=to%3Dvault', async (seen) => {
    await tapped(seen)
    while (!(await taps()).some(({ filter }) => filter === 'to=vault')) await seen.page.waitForTimeout(50)
    await seen.page.getByRole('link', { name: 'Dead letters' }).click()
    await seen.page.getByRole('heading', { name: 'Dead letters', level: 1 }).waitFor()
    while ((await taps()).some(({ filter }) => filter === 'to=vault')) await seen.page.waitForTimeout(50)
  })
})

test.each([1_440, 1_180, 390])(
  'at a width of %i nothing is cut off, also with a message open',
  async (width) => {
    const seen = await openPage(house.browser, `${house.url}#/messages`, { viewport: { width, height: 844 } })
    await tapped(seen)
    await house.up.place()
    const rows = seen.page.locator('.rows .row')
    await rows.first().waitFor()
    expect(await cutOff(seen.page)).toEqual([])
    await rows.first().click()
    await seen.page.getByRole('complementary', { name: 'The message' }).waitFor()
    expect(await cutOff(seen.page)).toEqual([])
    expect(seen.complaints).toEqual([])
    await seen.close()
  },
)
