import { expect, test } from 'vitest'
import type { ActorId } from '#actor'
import type { ActorRequest, ClusterClient } from '#gateway'
import type { Outcome } from '#ports'
import { openHouse, openingsOf } from './open-house.ts'

const house = { site: 'main', kitchenScale: 1, stockScale: 1 }
const done: Outcome = { kind: 'done', state: 'ok', version: 1 }

/** A cluster that answers `request` alone. */
function clientOf(request: (request: ActorRequest) => Promise<Outcome>): ClusterClient {
  return { request } as Partial<ClusterClient> as ClusterClient
}

test('the menu is opened last: before it is there nobody can order, and then there is all that an order needs', async () => {
  const asked: ActorId[] = []
  const opened: ActorId[] = []
  const client = clientOf(async ({ actor }) => {
    asked.push(actor)
    await new Promise((resolve) => setImmediate(resolve))
    opened.push(actor)
    return done
  })
  const openings = openingsOf(house)
  await openHouse(client, openings, () => false)
  expect(opened).toHaveLength(openings.length)
  expect(asked.at(-1)).toBe('menu/main')
  expect(opened.indexOf('menu/main' as ActorId)).toBe(openings.length - 1)
})

test('what cannot be reached is asked again, and what is there already is left as it is', async () => {
  const outcomes: Outcome[] = [{ kind: 'timeout' }, { kind: 'key-expired' }]
  const client = clientOf(async () => outcomes.shift() ?? done)
  await openHouse(client, openingsOf(house).slice(0, 1), () => false)
  expect(outcomes).toEqual([])
})
