import { beforeEach, describe, expect, test } from 'vitest'
import { Activity, type Resident } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { MessageId, NodeId } from '#ports'
import { ClusterModel } from '../model/cluster-model.ts'
import { Drawer, type View } from './drawer.ts'
import type { Rgb } from './drawn.ts'

const grey: Rgb = [0.5, 0.5, 0.5]
const view: View = {
  nodes: [{ id: 'node-1', isGateway: false, isUp: true }],
  ...{ broken: [], only: '', selected: undefined, looks: new Map(), zoom: 4, isOld: false },
  palette: {
    ...{ ink2: grey, ink3: grey, line2: grey, line3: grey, work: grey, carbon: grey, moving: grey },
    ...{ warn: grey, bad: grey },
  },
  hues: { 'node-1': [1, 0, 0] },
}
const residents = ['order/1', 'order/2', 'bin/rice'].map(
  (id): Resident => ({ id: id as ActorId, status: 'live', state: 'open', mailbox: 0 }),
)
const at = 1 as Instant

let activity: Activity
let model: ClusterModel
let drawer: Drawer
beforeEach(() => {
  activity = new Activity('node-1' as NodeId, { life: 1, watch: 1 })
  model = new ClusterModel()
  drawer = new Drawer()
})
const pass = (): void =>
  activity.seen({
    ...{ kind: 'turn', actor: 'bin/rice' as ActorId, from: 'order/1' as ActorId, at },
    ...{ id: 'm' as MessageId, message: 'reserve', via: 'tell', state: 'open', changed: true },
  })
function look() {
  model.fold(activity.frame(residents, at))
  const picture = model.picture(100)
  drawer.saw(picture)
  return picture
}

describe('a drawing', () => {
  test('is of nothing while nobody looks', () => {
    expect(drawer.drawing(look())).toBeUndefined()
  })

  test('has a mark for each plate, group and actor, in columns of as many numbers as they say', () => {
    drawer.look(view)
    const drawing = drawer.drawing(look())
    expect(drawing?.marks.count).toBe(1 + 2 + 3)
    expect(drawing?.marks.columns.aLook).toHaveLength(6 * 4)
    expect([...(drawing?.marks.columns.aColor.subarray(0, 3) ?? [])]).toEqual([1, 0, 0])
    expect(drawing?.plates.map(({ node }) => node)).toEqual(['node-1'])
    expect(drawing?.groups.map(({ type, count }) => [type, count])).toEqual(
      expect.arrayContaining([
        ['order', 2],
        ['bin', 1],
      ]),
    )
  })

  test('shows only actors whose id has what is asked for', () => {
    drawer.look({ ...view, only: ' bin ' })
    expect(drawer.drawing(look())?.groups.map(({ type }) => type)).toEqual(['bin'])
  })

  test('has each message once, also one of a picture that was made to be read', () => {
    drawer.look(view)
    look()
    pass()
    look()
    const picture = look()
    expect(drawer.drawing(picture)?.flights.count).toBe(1)
    expect(drawer.drawing(picture)?.flights.count).toBe(0)
  })

  test('of who comes again has no messages from before', () => {
    drawer.look(view)
    pass()
    look()
    drawer.look(undefined)
    drawer.look(view)
    expect(drawer.drawing(look())?.flights.count).toBe(0)
  })
})

test('who is at a point is the nearest within reach', () => {
  expect(drawer.actorAt(0, 0, 1_000)).toBeUndefined()
  drawer.look(view)
  drawer.drawing(look())
  expect(drawer.actorAt(10_000, 0, 1)).toBeUndefined()
  const anybody = drawer.actorAt(0, 0, 1_000)
  expect(residents.map(({ id }) => id)).toContain(anybody?.id)
})
