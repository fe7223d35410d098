import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arrangement, type Inhabitant, plateRadius, TopologyPlan } from './topology-plan.ts'

const nodesOf = (owners: number, gateways = 1) => [
  ...Array.from({ length: owners }, (_, n) => ({ id: `node-${n + 1}`, isGateway: false })),
  ...Array.from({ length: gateways }, (_, n) => ({ id: `edge-${n + 1}`, isGateway: true })),
]
const inhabitant = (place: number, type: string, node: string): Inhabitant => ({
  place,
  id: `${type}/${place}`,
  type,
  node,
})
const positionOf = ({ positions }: Arrangement, place: number): readonly number[] => [
  positions[place * 2] ?? Number.NaN,
  positions[place * 2 + 1] ?? Number.NaN,
]
interface Circle {
  readonly x: number
  readonly y: number
  readonly r: number
}
const gapBetween = (a: Circle, b: Circle): number => Math.hypot(a.x - b.x, a.y - b.y) - a.r - b.r
function assertApart(circles: readonly Circle[], gap = 0): void {
  for (const [n, a] of circles.entries())
    for (const b of circles.slice(n + 1)) expect(gapBetween(a, b)).toBeGreaterThan(gap - 0.01)
}

const houses = fc.record({
  owners: fc.integer({ min: 1, max: 10 }),
  gateways: fc.integer({ min: 0, max: 4 }),
  counts: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 }),
})

test('plates, groups and actors lie apart, each inside what it belongs to (TP1)', () => {
  fc.assert(
    fc.property(houses, ({ owners, gateways, counts }) => {
      const all = counts.flatMap((count, type) =>
        Array.from({ length: count }, (_, n) => ({ type: `type-${type}`, node: `node-${1 + (n % owners)}` })),
      )
      const inhabitants = all.map(({ type, node }, place) => inhabitant(place, type, node))
      const found = new TopologyPlan().arrange(nodesOf(owners, gateways), inhabitants, all.length)
      assertApart(found.plates)
      for (const { x, y, r } of found.plates) {
        expect(Math.abs(x) + r).toBeLessThanOrEqual(found.width / 2 + 0.01)
        expect(Math.abs(y) + r).toBeLessThanOrEqual(found.height / 2 + 0.01)
      }
      for (const plate of found.plates) {
        const groups = found.groups.filter(({ node }) => node === plate.node)
        // More than an actor's size lies between two groups: a name has room there.
        assertApart(groups, found.glyphRadius * 1.2)
        for (const { x, y, r } of groups)
          expect(Math.hypot(x - plate.x, y - plate.y) + r).toBeLessThanOrEqual(plateRadius + 0.01)
      }
      for (const group of found.groups) {
        const inside = inhabitants.filter(({ node, type }) => node === group.node && type === group.type)
        expect(inside).toHaveLength(group.count)
        const circles = inside.map(({ place }) => {
          const [x = Number.NaN, y = Number.NaN] = positionOf(found, place)
          return { x, y, r: found.glyphRadius * 0.8 }
        })
        assertApart(circles)
        for (const { x, y } of circles)
          expect(Math.hypot(x - group.x, y - group.y) + found.glyphRadius).toBeLessThanOrEqual(group.r + 0.01)
      }
    }),
    { numRuns: 50 },
  )
})

test('who stays is where it was, whoever comes and goes beside it (TP2)', () => {
  const plan = new TopologyPlan()
  const nodes = nodesOf(3)
  const before = plan.arrange(
    nodes,
    [0, 1, 2, 3].map((n) => inhabitant(n, 'order', 'node-1')),
    9,
  )
  const after = plan.arrange(
    nodes,
    [1, 3, 4].map((n) => inhabitant(n, 'order', 'node-1')),
    9,
  )
  for (const place of [1, 3]) expect(positionOf(after, place)).toEqual(positionOf(before, place))
  expect(positionOf(after, 4)).toEqual(positionOf(before, 0))
  expect(positionOf(after, 2)).toEqual([Number.NaN, Number.NaN])
})

test('a node that loses all it has keeps its plate, and the others stay where they are', () => {
  const plan = new TopologyPlan()
  const all = [inhabitant(0, 'bin', 'node-1'), inhabitant(1, 'bin', 'node-2')]
  const before = plan.arrange(nodesOf(2), all, 2)
  const after = plan.arrange(nodesOf(2), all.slice(1), 2)
  expect(after.plates).toEqual(before.plates)
  expect(positionOf(after, 1)).toEqual(positionOf(before, 1))
  expect(after.groups.map(({ node }) => node)).toEqual(['node-2'])
})

test('the same from the same', () => {
  const all = Array.from({ length: 50 }, (_, n) => inhabitant(n, `type-${n % 7}`, `node-${1 + (n % 3)}`))
  const arrange = () => new TopologyPlan().arrange(nodesOf(3), all, 50)
  expect(arrange()).toEqual(arrange())
})

test('a cluster without nodes is an empty picture', () => {
  expect(new TopologyPlan().arrange([], [], 0)).toMatchObject({ plates: [], groups: [] })
})
