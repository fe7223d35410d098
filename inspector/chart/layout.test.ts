import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import { type ActorDefinition, defineActor } from '#actor'
import { definitions } from '#actors'
import { type MachineChart, machineChart } from '#gateway'
import { type Box, type Layout, layout, type Point, type StateBox } from './layout.ts'

// What no machine of the restaurant has: regions side by side, an arrow into a frame from inside it, and one from a
// frame to a state inside.
const unusual = defineActor({
  type: 'unusual',
  accepts: Type.Union(
    ['go', 'halt', 'again', 'late'].map((type) => Type.Object({ type: Type.Literal(type) })),
  ),
  creates: ['go'],
  machine: setup({}).createMachine({
    id: 'unusual',
    initial: 'both',
    states: {
      both: {
        type: 'parallel',
        on: { halt: 'over', again: '.left.on' },
        states: {
          left: {
            initial: 'off',
            states: { off: { on: { go: 'on' } }, on: { on: { go: '#unusual.both', late: 'off' } } },
          },
          right: { initial: 'one', states: { one: { after: { 500: 'two' } }, two: { on: { go: 'one' } } } },
        },
      },
      over: { type: 'final' },
    },
  }),
})
const alone = defineActor({
  type: 'alone',
  accepts: Type.Object({ type: Type.Literal('add') }),
  creates: ['add'],
  machine: setup({}).createMachine({ on: { add: {} } }),
})

const all: readonly ActorDefinition[] = [...definitions, unusual, alone]

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
const within = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height
const isInside = (inner: string, outer: string): boolean => inner.startsWith(`${outer}.`)
const pairs = <T>(items: readonly T[]): [T, T][] =>
  items.flatMap((a, at) => items.slice(at + 1).map((b): [T, T] => [a, b]))
/** Each stretch of a line as a box without width or height. */
const stretches = (points: readonly Point[]): Box[] =>
  points.slice(1).map((b, at) => {
    const a = points[at] as Point
    const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)]
    return { x, y, width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) }
  })
const leaves = ({ states }: Layout): StateBox[] => states.filter(({ kind }) => kind !== 'frame')

describe.each(all.map((definition) => ({ type: definition.type, definition })))(
  'the chart of $type',
  ({ definition }) => {
    const chart: MachineChart = machineChart(definition)
    const drawn = layout(chart)

    test('every state is drawn once, and apart from the others', () => {
      const ids = drawn.states.filter(({ kind, id }) => kind !== 'any' && id !== '').map(({ id }) => id)
      expect(ids.toSorted()).toEqual(
        chart.states
          .map(({ id }) => id)
          .filter((id) => id !== '')
          .toSorted(),
      )
      for (const [a, b] of pairs(drawn.states)) {
        const nested = isInside(a.id, b.id) ? within(a, b) : isInside(b.id, a.id) ? within(b, a) : undefined
        expect([a.id, b.id, nested ?? !overlap(a, b)]).toEqual([a.id, b.id, true])
      }
    })

    test('every transition is drawn once: as part of an arrow, or inside its state', () => {
      const shown = [
        ...drawn.arrows.flatMap(({ transitions }) =>
          transitions.map(({ state, index }) => `${state} ${index}`),
        ),
        ...[...drawn.states.flatMap(({ stays }) => stays), ...drawn.stays]
          .flat()
          .flatMap(({ state, indexes }) => indexes.map((index) => `${state} ${index}`)),
      ]
      const there = chart.states.flatMap(({ id, transitions }) =>
        transitions.map((_, index) => `${id} ${index}`),
      )
      expect(shown.toSorted()).toEqual(there.toSorted())
      expect(new Set(drawn.arrows.map(({ from, to }) => `${from} ${to}`)).size).toBe(drawn.arrows.length)
    })

    test('no label overlaps a state or another label', () => {
      for (const label of drawn.labels) {
        for (const state of leaves(drawn))
          expect([label.lines, state.id, overlap(label, state)]).toContain(false)
      }
      for (const [a, b] of pairs(drawn.labels)) expect([a.lines, b.lines, overlap(a, b)]).toContain(false)
    })

    test('an arrow begins and ends at its states, and crosses no other and no label', () => {
      const box = new Map(drawn.states.map((state) => [state.id, state]))
      for (const { from, to, points } of drawn.arrows) {
        const [first, last] = [points[0] as Point, points.at(-1) as Point]
        for (const [point, id] of [[first, from] as const, [last, to] as const]) {
          const { x, y, width, height } = box.get(id) as StateBox
          const onEdge = point.x === x || point.x === x + width || point.y === y || point.y === y + height
          const inRange = point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height
          expect([from, to, id, onEdge && inRange]).toEqual([from, to, id, true])
        }
        for (const stretch of stretches(points)) {
          for (const state of leaves(drawn))
            expect([from, to, state.id, overlap(stretch, state)]).toContain(false)
          for (const label of drawn.labels)
            expect([from, to, label.lines, overlap(stretch, label)]).toContain(false)
        }
      }
    })

    test('all of it is inside the bounds, and the same each time', () => {
      const bounds = { x: 0, y: 0, width: drawn.width, height: drawn.height }
      const lines = drawn.arrows.flatMap(({ points }) => stretches(points))
      for (const box of [...drawn.states, ...drawn.labels, ...lines])
        expect([box, within(box, bounds)]).toContain(true)
      expect(layout(structuredClone(chart))).toEqual(drawn)
    })
  },
)

test('work goes down the left, and what takes it back stands to its right', () => {
  const { states } = layout(machineChart(definitions.find(({ type }) => type === 'order') as ActorDefinition))
  const of = (id: string): StateBox => states.find((state) => state.id === id) as StateBox
  const path = [
    'placed',
    'reserving',
    'paying',
    'confirmed',
    'queued',
    'cooking',
    'plating',
    'ready',
    'completed',
  ]
  const tops = path.map((id) => of(id).y)
  expect(tops).toEqual(tops.toSorted((a, b) => a - b))
  for (const id of [
    'unwinding',
    'cancelling',
    'refunding',
    'releasing',
    'rejected',
    'cancelled',
    'expired',
  ]) {
    expect(of(id).x).toBeGreaterThan(of('reserving').x + of('reserving').width)
  }
})
