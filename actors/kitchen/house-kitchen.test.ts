import { expect, test } from 'vitest'
import type { Message } from '#actor'
import { draw, drawInteger, keyOf, minutes, typeOf } from '#actor'
import { hardwareActors } from '../hardware/index.ts'
import type { DishName } from '../orders/menu-data.ts'
import { recipes } from '../orders/menu-data.ts'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { houseKitchen } from './house-kitchen.ts'
import { kitchenActors } from './index.ts'
import { stationRef } from './kitchen-messages.ts'
import { ticketRef } from './ticket-messages.ts'

const site = 'riverside'
const dishNames = Object.keys(recipes) as readonly DishName[]

// 2,000 dishes in twelve hours are 2.8 a minute; here come 7 a minute, for more than an hour.
test('in the rush of 1,000 guests every ticket is plated, 19 of 20 within an hour', () => {
  const stage = new Rehearsal({ actors: [...kitchenActors, ...hardwareActors], delayMs: 100 })
  for (const open of houseKitchen(site)) stage.tell(stationRef(site, open.name), open)
  const tickets = 240
  const opened = Array.from({ length: tickets }, (_, n) =>
    minutes((tickets * 2 * draw(21, 'arrival', n)) / 7),
  )
  for (const [n, at] of opened.entries()) {
    const items = [0, 1].map((line) => ({
      line,
      dish: dishNames[drawInteger(dishNames.length, 21, 'menu', 2 * n + line)]!,
      quantity: 1,
    }))
    const promisedAt = Math.round((at + minutes(30)) * 1_000)
    stage.later(at, ticketRef(`o-${n}`), {
      type: 'ticket.open',
      order: `o-${n}`,
      site,
      items,
      promisedAt,
    } as Message)
  }
  const times: number[] = []
  let seen = 0
  const allPlated = stage.runUntil(() => {
    for (const { to, message } of stage.sent.slice(seen)) {
      if (message.type === 'ticket.plated') {
        times.push((stage.now / 1_000 - opened[Number(keyOf(to).slice(2))]!) / 60_000)
      }
    }
    seen = stage.sent.length
    return times.length === tickets
  })
  expect(allPlated).toBe(true)
  const sorted = times.toSorted((a, b) => a - b)
  expect(sorted[tickets / 2]).toBeLessThan(40)
  expect(sorted[(tickets * 19) / 20]).toBeLessThan(60)
  stage.run(minutes(30))
  expect(stage.living.filter((id) => ['ticket', 'dish'].includes(typeOf(id)))).toEqual([])
  expect(stage.deadLetters).toEqual([])
})

test('a larger house has more of everything, the smallest one of each', () => {
  expect(houseKitchen(site, 2).map(({ cooks, ovens, pans, fryers }) => [cooks, ovens, pans, fryers])).toEqual(
    [
      [12, 0, 20, 4],
      [8, 22, 0, 0],
      [30, 0, 0, 0],
      [6, 18, 0, 0],
    ],
  )
  expect(houseKitchen(site, 0.01).map(({ cooks }) => cooks)).toEqual([1, 1, 1, 1])
})
