import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Activity, type Resident } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { InspectionEvent, MessageId, NodeId } from '#ports'
import { actorStatuses, ClusterModel, nowhere, type Picture } from './cluster-model.ts'

const order = 'order/1' as ActorId
const bin = 'bin/rice' as ActorId
const at = 0 as Instant
const node = (name: string, life = 1, watch = 1): Activity => new Activity(name as NodeId, { life, watch })
const resident = (id: ActorId, state = 'idle', mailbox = 0): Resident => ({
  id,
  status: 'live',
  state,
  mailbox,
})
const turn = (actor: ActorId, from?: ActorId): InspectionEvent => ({
  kind: 'turn',
  actor,
  id: 'm' as MessageId,
  message: 'reserve',
  via: from === undefined ? 'request' : 'tell',
  ...(from !== undefined && { from }),
  state: 'idle',
  changed: true,
  at,
})

/** Actors by id, in words. */
function actorsIn({ ids, nodes, words, actors }: Picture) {
  return Object.fromEntries(
    ids.flatMap((id, n) =>
      id === ''
        ? []
        : [
            [
              id,
              {
                node: nodes[actors.node[n] ?? nowhere],
                type: words[actors.type[n] ?? nowhere],
                state: words[actors.state[n] ?? nowhere],
                status: actorStatuses[actors.status[n] ?? 0],
                mailbox: actors.mailbox[n],
                handled: actors.handled[n],
                cameFrom: nodes[actors.cameFrom[n] ?? nowhere],
              },
            ],
          ],
    ),
  )
}
const edgesIn = ({ ids, edges }: Picture) =>
  Array.from(edges.from, (from, n) => [ids[from] ?? 'outside', ids[edges.to[n] ?? nowhere], edges.count[n]])

describe('the picture', () => {
  test('has every actor where it is in memory', () => {
    const model = new ClusterModel()
    const [one, two] = [node('node-1'), node('node-2')]
    two.seen(turn(bin, order))
    model.fold(one.frame([resident(order, 'paying', 2)], at))
    model.fold(two.frame([resident(bin)], at))
    const picture = model.picture(0)
    expect(actorsIn(picture)).toMatchObject({
      [order]: { node: 'node-1', type: 'order', state: 'paying', status: 'live', mailbox: 2 },
      [bin]: { node: 'node-2', type: 'bin', handled: 1 },
    })
    expect(edgesIn(picture)).toEqual([[order, bin, 1]])
    expect(picture.types).toMatchObject([
      { node: 'node-1', type: 'order', residents: 1 },
      { node: 'node-2', type: 'bin', handled: 1 },
      { node: 'node-2', type: 'order', residents: 0 },
    ])
  })

  test('keeps the place of an actor that moves, and says where it came from', () => {
    const model = new ClusterModel()
    const [one, two] = [node('node-1'), node('node-2')]
    model.fold(one.frame([resident(order)], at))
    const place = model.picture(0).ids.indexOf(order)
    model.nodeEnded('node-1')
    const ended = model.picture(0)
    expect(actorsIn(ended)[order]).toMatchObject({ node: 'node-1', status: 'lost' })
    expect(ended.types).toMatchObject([{ type: 'order', residents: 0, mailbox: 0 }])
    model.fold(two.frame([resident(order, 'ready')], at))
    const picture = model.picture(0)
    expect(picture.ids.indexOf(order)).toBe(place)
    expect(actorsIn(picture)[order]).toMatchObject({ node: 'node-2', status: 'live', cameFrom: 'node-1' })
  })

  test('forgets what the life before of a node had', () => {
    const model = new ClusterModel()
    model.fold(node('node-1').frame([resident(order), resident(bin)], at))
    model.picture(0)
    model.fold(node('node-1', 2).frame([resident(bin)], at, true))
    const picture = model.picture(0)
    expect(Object.keys(actorsIn(picture))).toEqual([bin])
    expect(picture.freed).toHaveLength(2)
  })

  test('tells messages and incidents once', () => {
    const model = new ClusterModel()
    const one = node('node-1')
    one.seen(turn(bin, order))
    one.seen(turn(order))
    one.seen({ kind: 'restarted', actor: order, cause: bin, group: 'pantry', at })
    model.fold(one.frame([resident(order), resident(bin)], at))
    const { flow, incidents, ids, words } = model.picture(0)
    expect(flow.map(({ from, to, message }) => [ids[from] ?? 'outside', ids[to], words[message]])).toEqual([
      [order, bin, 'reserve'],
      ['outside', order, 'reserve'],
    ])
    expect(incidents).toMatchObject([{ node: 'node-1', incident: { kind: 'restarted' } }])
    expect(model.picture(0)).toMatchObject({ flow: [], incidents: [] })
  })
})

describe('a frame that is missed', () => {
  test('is noticed, and what follows it is not folded before a whole one (CM2)', () => {
    const model = new ClusterModel()
    const one = node('node-1')
    expect(model.fold(one.frame([resident(order)], at, true))).toBe(true)
    one.frame([resident(order), resident(bin)], at)
    expect(model.fold(one.frame([resident(order, 'ready')], at))).toBe(false)
    expect(actorsIn(model.picture(0))[order]?.state).toBe('idle')
    expect(model.fold(one.frame([resident(order, 'ready'), resident(bin)], at, true))).toBe(true)
    expect(Object.keys(actorsIn(model.picture(0))).sort()).toEqual([bin, order])
  })

  test('makes no count wrong', () => {
    const model = new ClusterModel()
    const one = node('node-1')
    model.fold(one.frame([resident(bin)], at, true))
    for (let n = 0; n < 3; n += 1) one.seen(turn(bin, order))
    one.frame([resident(bin)], at)
    one.seen(turn(bin, order))
    model.fold(one.frame([resident(bin)], at, true))
    const picture = model.picture(0)
    expect(actorsIn(picture)[bin]?.handled).toBe(4)
    expect(edgesIn(picture)).toEqual([[order, bin, 4]])
  })
})

test('rates follow what is handled, and fall when nothing is', () => {
  const model = new ClusterModel()
  const one = node('node-1')
  const rateOf = (sinceMs: number): number => {
    model.fold(one.frame([resident(bin)], at))
    return model.picture(sinceMs).actors.rate[0] ?? Number.NaN
  }
  rateOf(0)
  for (let n = 0; n < 100; n += 1) {
    for (let turns = 0; turns < 5; turns += 1) one.seen(turn(bin, order))
    rateOf(100)
  }
  expect(rateOf(0)).toBeCloseTo(50, 1)
  for (let n = 0; n < 50; n += 1) rateOf(100)
  expect(rateOf(0)).toBeLessThan(0.5)
})

test('rates do not jump when a node begins anew', () => {
  const model = new ClusterModel()
  const one = node('node-1')
  for (let turns = 0; turns < 1_000; turns += 1) one.seen(turn(bin, order))
  model.fold(one.frame([resident(bin)], at))
  model.picture(0)
  model.picture(1_000)
  model.fold(node('node-1', 2).frame([resident(bin)], at, true))
  const { actors, ids } = model.picture(100)
  expect(Math.abs(actors.rate[ids.indexOf(bin)] ?? Number.NaN)).toBeLessThan(1_000)
  expect(actors.rate[ids.indexOf(bin)]).toBeGreaterThanOrEqual(0)
})

test('differences, and what was missed, lead to what whole frames tell (CM1)', () => {
  const actors = Array.from({ length: 6 }, (_, n) => `${n % 2 === 0 ? 'order' : 'bin'}/${n}` as ActorId)
  const any = fc.constantFrom(...actors)
  const one = fc.constantFrom(0, 1)
  const step = fc.oneof(
    fc.record({ on: one, to: any, from: fc.option(any, { nil: undefined }) }),
    fc.record({
      on: one,
      isMissed: fc.boolean(),
      residents: fc.uniqueArray(any),
      state: fc.constantFrom('a', 'b'),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const nodes = [node('node-1'), node('node-2')]
      const residents: Resident[][] = [[], []]
      const model = new ClusterModel()
      for (const step of steps) {
        const { on } = step
        if ('to' in step) nodes[on]?.seen(turn(step.to, step.from))
        else {
          // An actor is in the memory of one node.
          residents[on] = step.residents.map((id) => resident(id, step.state))
          residents[1 - on] = (residents[1 - on] ?? []).filter(({ id }) => !step.residents.includes(id))
          for (const [n, activity] of nodes.entries()) {
            const frame = activity.frame(residents[n] ?? [], at)
            if (!step.isMissed && !model.fold(frame)) model.fold(activity.frame(residents[n] ?? [], at, true))
          }
        }
      }
      const whole = new ClusterModel()
      for (const [n, activity] of nodes.entries()) {
        const frame = activity.frame(residents[n] ?? [], at, true)
        whole.fold(frame)
        model.fold(frame)
      }
      const inMemory = (picture: Picture) =>
        Object.entries(actorsIn(picture))
          .filter(([, { status }]) => status === 'live')
          .map(([id, { cameFrom: _, ...told }]) => [id, told])
          .sort()
      const [known, fresh] = [model.picture(0), whole.picture(0)]
      expect(inMemory(known)).toEqual(inMemory(fresh))
      expect(edgesIn(known).sort()).toEqual(edgesIn(fresh).sort())
      expect(known.types.map(({ rate: _, ...totals }) => totals)).toEqual(
        fresh.types.map(({ rate: _, ...totals }) => totals),
      )
    }),
  )
})
