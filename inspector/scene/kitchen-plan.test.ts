import { describe, expect, test } from 'vitest'
import { type Box, groundOf, planOf, sizeOf } from './kitchen-plan.ts'
import { applianceThing, kitchenOf, stationThing, thingsIn, ticketThing } from './kitchen-things.test-kit.ts'

const overlap = (a: Box, b: Box): boolean =>
  [0, 1, 2].every(
    (axis) => a.min[axis as 0] < b.max[axis as 0] - 1e-6 && b.min[axis as 0] < a.max[axis as 0] - 1e-6,
  )

describe.each([0.1, 0.5, 1, 3])('a kitchen of size %s', (size) => {
  const plan = planOf(thingsIn(...kitchenOf(size)))
  const boxes = [...plan.boxes].filter(([id]) => !id.startsWith('probe/'))

  test('has a place for each appliance, probe, timer and bin', () => {
    const ids = kitchenOf(size).flatMap(({ id, kind }) => (kind === 'station' ? [] : [id]))
    expect([...plan.boxes.keys()].sort()).toEqual([...ids].sort())
  })

  test('has nothing in the place of another', () => {
    const clashes = boxes.flatMap(([a, one], n) =>
      boxes.slice(n + 1).flatMap(([b, other]) => (overlap(one, other) ? [`${a} ${b}`] : [])),
    )
    expect(clashes).toEqual([])
  })

  test('is as large as what stands in it', () => {
    const [halfWidth, halfDepth] = [plan.width / 2, plan.depth / 2]
    const outside = [...plan.boxes].filter(
      ([, { min, max }]) =>
        min[0] < -halfWidth || max[0] > halfWidth || min[2] < -halfDepth || max[2] > halfDepth || min[1] < 0,
    )
    expect(outside).toEqual([])
    for (const { floor, bank } of plan.stations)
      for (const strip of bank === undefined ? [floor] : [floor, bank]) {
        expect(strip.x0).toBeGreaterThanOrEqual(-halfWidth)
        expect(strip.x1).toBeLessThanOrEqual(halfWidth)
      }
  })

  test('has a place on the floor of a station for each of its cooks', () => {
    for (const { places, floor, name } of plan.stations) {
      const station = kitchenOf(size).find((thing) => thing.kind === 'station' && thing.name === name)
      expect(places).toHaveLength(station?.kind === 'station' ? station.cooks.length : -1)
      for (const [x, , z] of places) {
        expect(x).toBeGreaterThan(floor.x0)
        expect(x).toBeLessThan(floor.x1)
        expect(z).toBeGreaterThan(floor.z0)
        expect(z).toBeLessThan(floor.z1)
      }
    }
  })
})

test('nothing moves because something happened', () => {
  const before = thingsIn(...kitchenOf())
  const after = thingsIn(
    ...kitchenOf(),
    ticketThing('o1'),
    applianceThing('oven', 'oven', 1, { reading: 220, doorOpen: true }),
  )
  expect(groundOf(after)).toBe(groundOf(before))
  expect(planOf(after)).toEqual(planOf(before))
})

test('one more oven is another room', () => {
  const before = thingsIn(...kitchenOf())
  const oven = stationThing(
    'oven',
    Array.from({ length: 12 }, (_, n) => ({ kind: 'oven', n: n + 1 })),
    4,
  )
  expect(groundOf(thingsIn(...kitchenOf(), oven))).not.toBe(groundOf(before))
})

test('each corner that can be looked at has some size', () => {
  const { corners } = planOf(thingsIn(...kitchenOf()))
  expect(Object.keys(corners)).toEqual(['Whole room', 'Grill', 'Oven', 'Garde-manger', 'Pass', 'Pantry'])
  for (const corner of Object.values(corners)) expect(Math.min(...sizeOf(corner))).toBeGreaterThan(0.5)
})

test('a kitchen of which nothing is known yet is an empty room', () => {
  const plan = planOf(thingsIn())
  expect([plan.stations, [...plan.boxes]]).toEqual([[], []])
})
