import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { rooms } from '../shell/rooms.ts'
import { type OpenHouse, openHouse } from './open-house.ts'
import { cutOff, lookAt, type Seen } from './page-seen.ts'

// One cluster for all: what changes it comes last.

let house: OpenHouse
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house?.close())

const look = (see: (seen: Seen) => Promise<void>, options = {}, path = '#/'): Promise<void> =>
  lookAt(house.browser, `${house.url}${path}`, options, async (seen) => {
    await seen.page.getByRole('link', { name: 'node-3, up' }).waitFor()
    await see(seen)
  })
const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
const dark = 'rgb(8, 14, 13)'
const light = 'rgb(237, 241, 240)'

describe('the page', () => {
  test('names the nodes, and the browser has nothing against it', () =>
    look(async ({ page, complaints }) => {
      for (const node of ['node-1', 'node-2', 'node-3', 'edge-1'])
        expect(await page.getByRole('link', { name: `${node}, up` }).count()).toBe(1)
      expect(await page.title()).toBe('Overview, Brigade')
      expect(complaints).toEqual([])
    }))

  test('loads nothing but files of its own server', () =>
    look(async ({ page }) => {
      const loaded = await page.evaluate(() =>
        performance.getEntriesByType('resource').map(({ name }) => name),
      )
      expect(loaded.length).toBeGreaterThan(3)
      expect(loaded.filter((name) => !name.startsWith(house.url))).toEqual([])
    }))

  test('has a room at each address, and a word for one that is none', () =>
    look(async ({ page, complaints }) => {
      for (const { path, title, load } of rooms) {
        await page.goto(`${house.url}#${path}`)
        await page.getByRole('heading', { name: title, level: 1 }).waitFor({ state: 'attached' })
        expect(await page.getByText('Off: this room is not built yet').count()).toBe(
          load === undefined ? 1 : 0,
        )
      }
      await page.goto(`${house.url}#/no-such-room`)
      await page.getByText('There is no room at').waitFor()
      expect(complaints).toEqual([])
    }))

  test('shows an order on the rail, at its stage', () =>
    look(async ({ page }) => {
      const placed = await house.up.place()
      const rail = page.getByRole('region', { name: 'Live orders by stage' })
      await rail.getByText('1 live order, 0 late').waitFor({ state: 'attached' })
      expect(await rail.locator('.docket').count()).toBe(1)
      await rail.locator('.docket .hand').click()
      await page.waitForURL('**/#/orders')
      expect(await rail.locator('.docket.chosen').count()).toBe(1)
      await house.up.settled([placed])
      await house.up.collect(placed)
      await rail.getByText('0 live orders').waitFor({ state: 'attached' })
    }))
})

describe('its colours', () => {
  test('are those that the system wishes, until another is chosen', async () => {
    await look(async ({ page }) => expect(await background(page)).toBe(dark), { colorScheme: 'dark' })
    await look(
      async ({ page }) => {
        expect(await background(page)).toBe(light)
        await page.emulateMedia({ colorScheme: 'dark' })
        await expect.poll(() => background(page)).toBe(dark)
        await page.keyboard.press('d')
        expect(await background(page)).toBe(light)
        await page.reload()
        await page.getByRole('link', { name: 'node-3, up' }).waitFor()
        expect(await background(page)).toBe(light)
      },
      { colorScheme: 'light' },
    )
  })
})

describe('its keys', () => {
  test('find a screen, a node and an actor', () =>
    look(async ({ page }) => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('node-2')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/#/cluster?node=node-2')
      await page.keyboard.press('Control+k')
      await page.keyboard.type('main:basil')
      await page.getByRole('option', { name: 'bin/main:basil' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog', { name: 'Find' }).waitFor({ state: 'hidden' })
    }))

  test('go to a screen by G and its letter, also backwards through history', () =>
    look(async ({ page }) => {
      await page.keyboard.press('g')
      await page.keyboard.press('d')
      await page.waitForURL('**/#/dead-letters')
      await page.goBack()
      await page.waitForURL('**/#/')
    }))

  test('show their map, fold the rail, and present', () =>
    look(async ({ page }) => {
      await page.keyboard.press('?')
      const map = page.getByRole('dialog', { name: 'Keys' })
      await map.getByText('fold the rail').waitFor()
      await page.keyboard.press('Escape')
      await map.waitFor({ state: 'hidden' })
      const height = () => page.locator('.rail').evaluate((rail) => rail.getBoundingClientRect().height)
      expect(await height()).toBe(66)
      await page.keyboard.press('r')
      expect(await height()).toBeLessThan(30)
      await page.keyboard.press('p')
      expect(await page.getByRole('navigation').isVisible()).toBe(false)
      expect(await cutOff(page)).toEqual([])
      await page.keyboard.press('p')
      expect(await page.getByRole('navigation').isVisible()).toBe(true)
    }))

  test('say why the time of a live cluster is not to be turned', () =>
    look(async ({ page }) => {
      await page.keyboard.press(' ')
      await page.getByText('Off: a live cluster’s time is everybody’s').waitFor()
    }))
})

test('on a phone the rooms are behind a menu', () =>
  look(
    async ({ page }) => {
      expect(await page.getByRole('navigation').isVisible()).toBe(false)
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.getByRole('link', { name: 'Supervision' }).click()
      await page.waitForURL('**/#/supervision')
      await page.getByRole('dialog', { name: 'Menu' }).waitFor({ state: 'hidden' })
    },
    { viewport: { width: 390, height: 844 } },
  ))

test('whoever wants no motion sees none', () =>
  look(
    async ({ page }) => {
      const moving = await page.evaluate(
        () =>
          [...document.querySelectorAll('*')].filter((element) => {
            const { transitionDuration, animationName } = getComputedStyle(element)
            return transitionDuration !== '0s' || animationName !== 'none'
          }).length,
      )
      expect(moving).toBe(0)
    },
    { reducedMotion: 'reduce' },
  ))

describe('when nobody answers', () => {
  test('it says so, keeps what it knows, and goes on when somebody does', () =>
    look(async ({ page }) => {
      await page.context().setOffline(true)
      await page.getByText('nobody answers for').waitFor()
      expect(await page.locator('.rail.gone').count()).toBe(1)
      expect(await page.locator('.area.old canvas').count()).toBe(1)
      expect(await page.getByRole('link', { name: 'node-1, up' }).count()).toBe(1)
      await page
        .getByText(/\d (ms|s) old/)
        .first()
        .waitFor()
      await page.context().setOffline(false)
      // It may have tried by itself before.
      void page
        .getByRole('button', { name: 'Try now' })
        .click()
        .catch(() => {})
      await page.getByText('nobody answers for').waitFor({ state: 'detached' })
      expect(await page.locator('.rail.gone').count()).toBe(0)
    }))

  test('it finds an edge that was killed again by itself, in its next life', () =>
    look(async ({ page }) => {
      await house.up.execute({ kind: 'crash', node: 'edge-1' as NodeId, force: true })
      await page.getByText('edge-1 is up in life 2', { exact: true }).waitFor()
      expect(await page.locator('.rail.gone').count()).toBe(0)
    }))
})
