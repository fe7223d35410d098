import { describe, expect, test } from 'vitest'
import { Activity, type Resident } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { ActorLook } from '#gateway'
import type { InspectionEvent, MessageId, NodeId } from '#ports'
import { ClusterModel, type Picture } from '../model/cluster-model.ts'
import type { Rgb } from './drawn.ts'
import {
  brokenLinksOf,
  fillOf,
  flashesOf,
  flightsOf,
  inhabitantsOf,
  linksOf,
  marksOf,
  type NodeShown,
  type Palette,
  threadsOf,
} from './topology-look.ts'
import { TopologyPlan } from './topology-plan.ts'

const rgb = (n: number): Rgb => [n, n, n]
const palette: Palette = {
  ...{ ink2: rgb(2), ink3: rgb(3), line2: rgb(4), line3: rgb(5), work: rgb(6) },
  ...{ carbon: rgb(7), moving: rgb(8), warn: rgb(9), bad: rgb(10) },
  node: (node) => rgb(100 + Number(node.slice(-1))),
}
const look: ActorLook = {
  type: 'order',
  glyph: 'docket',
  states: { cooking: 'working', paying: 'waiting', ready: 'rest', refunding: 'waiting' },
  undone: ['refunding'],
}
const looks = new Map([['order', look]])
const nodesOf = (...down: readonly string[]): readonly NodeShown[] => [
  ...['node-1', 'node-2'].map((id) => ({ id, isGateway: false, isUp: !down.includes(id) })),
  { id: 'edge-1', isGateway: true, isUp: true },
]
const order = 'order/1' as ActorId
const bin = 'bin/rice' as ActorId
const resident = (
  id: ActorId,
  state: string,
  mailbox = 0,
  status: Resident['status'] = 'live',
): Resident => ({
  ...{ id, status, state, mailbox },
})
const turn = (actor: ActorId, from: ActorId | undefined, at: number): InspectionEvent => ({
  ...{ kind: 'turn', actor, id: 'm' as MessageId, message: 'reserve', state: 'idle', changed: true },
  ...{ via: from === undefined ? 'request' : 'tell', at: at as Instant },
  ...(from !== undefined && { from }),
})
const frame = (node: string, residents: readonly Resident[], events: readonly InspectionEvent[] = []) => {
  const activity = new Activity(node as NodeId, { life: 1, watch: 1 })
  for (const event of events) activity.seen(event)
  return activity.frame(residents, 0 as Instant)
}

function drawn(picture: Picture, nodes = nodesOf(), zoom = 4, selected?: string) {
  const inhabitants = inhabitantsOf(picture, () => true)
  const arrangement = new TopologyPlan().arrange(nodes, inhabitants, picture.ids.length)
  const marks = marksOf(picture, inhabitants, arrangement, nodes, looks, palette, { zoom, selected })
  return {
    inhabitants,
    arrangement,
    marks,
    glyphs: marks.filter(({ shape }) => shape !== 'plate' && shape !== 'group'),
  }
}
const pictureOf = (...residents: readonly Resident[]): Picture => {
  const model = new ClusterModel()
  model.fold(frame('node-1', residents))
  return model.picture(0)
}

describe('an actor', () => {
  test.each([
    ['cooking', 'solid', 6],
    ['paying', 'waiting', 6],
    ['ready', 'rest', 6],
    ['refunding', 'waiting', 7],
  ] as const)('that is %s is drawn as %s', (state, fill, color) => {
    expect(drawn(pictureOf(resident(order, state))).glyphs).toMatchObject([
      { shape: 'docket', fill, color: rgb(color) },
    ])
  })

  test('of a type that nobody knows is a square at rest', () => {
    expect(drawn(pictureOf(resident(bin, 'ok'))).glyphs).toMatchObject([{ shape: 'square', fill: 'rest' }])
  })

  test('that was stopped is a cross, and one whose mailbox is deep has a halo', () => {
    expect(drawn(pictureOf(resident(order, 'ready', 0, 'stopped'))).glyphs).toMatchObject([
      { shape: 'cross' },
    ])
    expect(drawn(pictureOf(resident(order, 'ready', 50))).glyphs).toMatchObject([
      { shape: 'halo', color: rgb(9) },
      { shape: 'docket' },
    ])
  })

  test('that is too small to be drawn has its group do so: with a halo when its mailbox is deep', () => {
    const shapesFar = (mailbox: number) =>
      drawn(pictureOf(resident(order, 'ready', mailbox)), nodesOf(), 0.01).glyphs.map(({ shape }) => shape)
    expect(shapesFar(0)).toEqual(['disc'])
    expect(shapesFar(50)).toEqual(['halo', 'disc'])
  })

  test('whose node has ended is dashed in the hue of it, and a thread leads to where it comes back', () => {
    const model = new ClusterModel()
    model.fold(frame('node-1', [resident(order, 'ready')]))
    model.nodeEnded('node-1')
    const lost = model.picture(0)
    expect(drawn(lost, nodesOf('node-1')).glyphs).toMatchObject([{ fill: 'dashed', color: rgb(101) }])
    model.fold(frame('node-2', [resident(order, 'ready')]))
    const back = model.picture(0)
    const { inhabitants, arrangement, glyphs } = drawn(back, nodesOf('node-1'))
    expect(glyphs).toMatchObject([{ fill: 'rest', color: rgb(6) }])
    const [thread, ...more] = threadsOf(back, inhabitants, arrangement, nodesOf('node-1'), palette)
    expect(more).toEqual([])
    expect(thread).toMatchObject({
      from: [arrangement.plates[0]?.x, arrangement.plates[0]?.y],
      color: rgb(101),
    })
    expect(threadsOf(back, inhabitants, arrangement, nodesOf(), palette)).toEqual([])
  })

  test('is too small to be drawn from afar: its group stands for it', () => {
    expect(
      drawn(pictureOf(resident(order, 'ready'), resident(bin, 'ok')), nodesOf(), 0.1).glyphs,
    ).toMatchObject([{ shape: 'disc' }, { shape: 'disc' }])
  })
})

test('of a machine in several regions the busiest counts', () => {
  expect([fillOf('ready | cooking', look), fillOf('ready | paying', look), fillOf('ready', look)]).toEqual([
    'solid',
    'waiting',
    'rest',
  ])
  expect(fillOf('cooking', undefined)).toBe('rest')
})

test('a node that has ended is a broken plate', () => {
  const plates = drawn(pictureOf(), nodesOf('node-2')).marks.filter(({ shape }) => shape === 'plate')
  expect(plates.map(({ fill }) => fill)).toEqual(['solid', 'dashed', 'solid'])
})

test('messages fly from who sent them, those from outside from the gateway, as far apart as they were', () => {
  const model = new ClusterModel()
  const residents = [resident(order, 'ready'), resident(bin, 'ok')]
  model.fold(frame('node-1', residents, [turn(order, undefined, -100_000), turn(bin, order, 0)]))
  const picture = model.picture(0)
  const { arrangement } = drawn(picture)
  const position = (place: number) => Array.from(arrangement.positions.subarray(place * 2, place * 2 + 2))
  const [first, second] = flightsOf(picture, arrangement, [7, 8], palette)
  expect(first).toMatchObject({ from: [7, 8], to: position(picture.ids.indexOf(order)), delayMs: 0 })
  expect(second).toMatchObject({
    from: position(picture.ids.indexOf(order)),
    to: position(picture.ids.indexOf(bin)),
  })
  expect(second?.delayMs).toBeGreaterThan(first?.delayMs ?? Number.NaN)
})

test('rings are round who has come back elsewhere, and round whose turn has failed', () => {
  const model = new ClusterModel()
  model.fold(frame('node-1', [resident(order, 'ready'), resident(bin, 'ok')]))
  const before = model.picture(0)
  expect(flashesOf(undefined, before, drawn(before).arrangement, palette)).toEqual([])
  model.nodeEnded('node-1')
  const failure: InspectionEvent = {
    kind: 'failure',
    actor: bin,
    id: 'm' as MessageId,
    message: 'reserve',
    error: 'no rice',
    directive: 'restart',
    attempt: 1,
    at: 0 as Instant,
  }
  model.fold(frame('node-2', [resident(order, 'ready')], [failure]))
  const now = model.picture(0)
  const { arrangement } = drawn(now)
  const flashes = flashesOf(before, now, arrangement, palette)
  expect(flashes.map(({ color, kind }) => [color, kind])).toEqual([
    [rgb(101), 4],
    [rgb(10), 4],
  ])
  expect(flashesOf(now, model.picture(0), arrangement, palette)).toEqual([])
})

test('links are as wide as they are busy, and idle ones are not drawn', () => {
  const model = new ClusterModel()
  const residents = [resident(order, 'ready'), resident(bin, 'ok')]
  const activity = new Activity('node-1' as NodeId, { life: 1, watch: 1 })
  model.fold(activity.frame(residents, 0 as Instant))
  model.picture(0)
  for (let n = 0; n < 9; n += 1) activity.seen(turn(bin, order, 0))
  activity.seen(turn(order, undefined, 0))
  model.fold(activity.frame(residents, 0 as Instant))
  const picture = model.picture(1_000)
  const { arrangement } = drawn(picture)
  const [busy, quiet, ...more] = linksOf(picture, arrangement, [0, 0], palette)
  expect(more).toEqual([])
  expect(busy?.width).toBeGreaterThan(quiet?.width ?? Number.NaN)
  for (let n = 0; n < 20; n += 1) model.picture(1_000)
  expect(linksOf(model.picture(1_000), arrangement, [0, 0], palette)).toEqual([])
})

describe('links that are broken on purpose', () => {
  const plate = (node: string, x: number) => ({ node, x, y: 0, r: 10, isGateway: false })
  const arrangement = { plates: [plate('node-1', 0), plate('node-2', 100)], glyphRadius: 2 }

  test('are dashed from rim to rim when they are cut, with a cross two thirds along', () => {
    const { links, marks } = brokenLinksOf([{ a: 'node-1', b: 'node-2', isCut: true }], arrangement, palette)
    expect(links).toMatchObject([{ from: [10, 0], to: [90, 0], isDashed: true, color: palette.bad }])
    expect(marks).toMatchObject([{ shape: 'cross', color: palette.bad, y: 0 }])
    expect(marks[0]?.x).toBeCloseTo(62.8)
  })

  test('are doubled when they are slowed', () => {
    const { links, marks } = brokenLinksOf([{ a: 'node-1', b: 'node-2', isCut: false }], arrangement, palette)
    expect(links.map(({ from, isDashed }) => [from[0], Math.abs(from[1]), isDashed])).toEqual([
      [10, 1, false],
      [10, 1, false],
    ])
    expect(marks).toEqual([])
  })

  test('of a node that is not drawn are not drawn', () =>
    expect(brokenLinksOf([{ a: 'node-1', b: 'node-9', isCut: true }], arrangement, palette).links).toEqual(
      [],
    ))
})
