import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { hours, minutes } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { type ReplenisherView, refusedForMs, replenisher } from './replenisher.ts'
import { supplierAnswer } from './supplier-contract.ts'

const reached = new Set<string>()
const at = 1_000_000
const due = at + hours(2) * 1_000

const short = (amount = 50, ingredient = 'basil'): AnyMessage => ({
  type: 'replenisher.short',
  ingredient,
  amount,
})
const again = { type: 'replenisher.again', ingredient: 'basil' }
const receive = (amount: number, more: object = { order: 'main:basil:1' }): AnyMessage => ({
  type: 'replenisher.receive',
  ingredient: 'basil',
  amount,
  ...more,
})
const said = (result: unknown, call = 'supplier.order/basil/1'): AnyMessage => ({
  type: 'call.done',
  call,
  result,
})
const failed = (reason: 'refused' | 'expired', call = 'supplier.order/basil/1'): AnyMessage => ({
  type: 'call.failed',
  call,
  reason,
  detail: 'no',
})
const promised = said({ status: 'ordered', dueAt: due })
const looked = (result: unknown) => said(result, 'supplier.lookup/basil/1')

/** What a turn did, in short. */
function shortly(effect: Effect): unknown {
  switch (effect.kind) {
    case 'call':
      return `${effect.id} ${JSON.stringify(effect.args)}`
    case 'tell':
      return [effect.to, effect.message]
    case 'schedule':
      return `${effect.id} in ${effect.delayMs} of ${effect.clock}`
    case 'reply':
      return effect.message
    case 'cancel':
      return `no ${effect.id}`
    default:
      return effect.kind
  }
}

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(replenisher, 'main')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message, at)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`replenisher:${stage.state}`).add(`replenisher>${message.type}`)
  }
  const { orders, state } = stage.query<ReplenisherView>('view')
  return { did: effects.map(shortly), order: orders[0], orders, state }
}

const ordering = `supplier.order/basil/1 {"order":"main:basil:1","site":"main","ingredient":"basil","amount":50}`
const bring = (amount: number) => [
  'bin/main:basil',
  { type: 'bin.deliver', amount, order: { name: 'main:basil:1', amount: 50 } },
]

describe('an order', () => {
  test('R1: is made when a bin is short, and no other of that ingredient while it is open', () => {
    const first = walk(short())
    expect([first.did, first.state]).toEqual([[ordering, 'emit'], 'ordering'])
    for (const open of [[], [promised], [failed('refused')], [failed('expired')]])
      expect(walk(short(), ...open, short(70)).did).toEqual([])
    expect(walk(short(), short(70, 'leek')).orders).toMatchObject([
      { ingredient: 'basil', n: 1 },
      { ingredient: 'leek', n: 1 },
    ])
    expect(walk(short(), promised, receive(50), short(70)).order).toMatchObject({
      n: 2,
      amount: 70,
      state: 'asked',
    })
  })

  test('that is promised is told to its bin once, and looked for when it is due', () => {
    const { did, state } = walk(short(), promised)
    expect([did, state]).toEqual([
      [`again:basil in ${hours(2)} of world`, ['bin/main:basil', { type: 'bin.ordered', amount: 50 }]],
      'waiting',
    ])
    expect(walk(short(), promised, again).did).toEqual(['supplier.lookup/basil/1 {"order":"main:basil:1"}'])
    const later = walk(short(), promised, again, looked({ status: 'ordered', dueAt: due + 1_000_000 }))
    expect(later.did).toEqual([`again:basil in ${hours(2) + 1_000} of world`])
    const overdue = walk(short(), promised, again, looked({ status: 'ordered', dueAt: 1 }))
    expect(overdue.did).toEqual([`again:basil in ${minutes(1)} of world`])
  })

  test('R2: without an answer is asked for again under its own name, ever more slowly', () => {
    const { did, order } = walk(short(), failed('expired'))
    expect([did, order?.state]).toEqual([[expect.stringMatching(/^again:basil in \d+ of runtime$/)], 'asked'])
    expect(walk(short(), failed('expired'), again).did).toEqual([ordering])
    expect(walk(short(), said({ status: 'nonsense' })).order).toMatchObject({ state: 'asked', unanswered: 1 })
    const asked = walk(short(), promised, again, failed('expired', 'supplier.lookup/basil/1'))
    expect(asked.order).toMatchObject({ state: 'promised', unanswered: 1 })
    const forgotten = walk(short(), promised, again, looked({ status: 'none' }))
    expect([forgotten.did, forgotten.order?.state]).toEqual([[ordering], 'asked'])
  })

  test('that is refused is followed by another after a while', () => {
    const { did, state } = walk(short(), failed('refused'))
    expect([did, state]).toEqual([[`again:basil in ${refusedForMs} of world`], 'waiting'])
    expect(walk(short(), failed('refused'), again).order).toMatchObject({ n: 2, amount: 50, state: 'asked' })
  })
})

describe('R3: a delivery', () => {
  const received = (amount: number) => ({ type: 'replenisher.received', ingredient: 'basil', amount })

  test('is brought to its bin when the supplier says so, also at the first word of it', () => {
    for (const way of [
      [short(), promised, again, looked({ status: 'delivered', amount: 30 })],
      [short(), said({ status: 'delivered', amount: 30 })],
    ]) {
      const { did, order, state } = walk(...way)
      expect(did).toEqual(['no again:basil', bring(30)])
      expect([order, state]).toMatchObject([{ state: 'delivered', brought: 30 }, 'quiet'])
    }
  })

  test('is brought when the house says so, and only once, whoever tells it again', () => {
    const told = [short(), promised, receive(30)]
    expect(walk(...told).did).toEqual(['no again:basil', bring(30), received(30)])
    expect(walk(...told, receive(35)).did).toEqual([received(30)])
    expect(walk(...told, again).did).toEqual([])
    expect(walk(...told, looked({ status: 'delivered', amount: 30 })).did).toEqual([])
    expect(walk(...told, promised).did).toEqual([])
    expect(walk(short(), receive(30), promised).order).toMatchObject({ state: 'delivered' })
  })

  test('of an order that is not the last one is none', () => {
    const none = [{ type: 'replenisher.no-order' }]
    expect(walk(receive(30)).did).toEqual(none)
    expect(walk(short(), failed('refused'), receive(30)).did).toEqual(none)
    expect(walk(short(), receive(30), short(), receive(30)).did).toEqual(none)
  })

  test('that nobody announced goes to its bin as it is, and no order is closed by it', () => {
    const { did, order } = walk(short(), promised, receive(5, { lifeMs: 1_000 }))
    expect(did).toEqual([['bin/main:basil', { type: 'bin.deliver', amount: 5, lifeMs: 1_000 }], received(5)])
    expect(order?.state).toBe('promised')
    const known = receive(30, { order: 'main:basil:1', lifeMs: 1_000 })
    expect(walk(short(), known).did).toContainEqual([
      'bin/main:basil',
      { type: 'bin.deliver', amount: 30, lifeMs: 1_000, order: { name: 'main:basil:1', amount: 50 } },
    ])
  })
})

test('an answer of a supplier has one of three shapes', () => {
  for (const answer of [
    { status: 'none' },
    { status: 'ordered', dueAt: 5 },
    { status: 'delivered', amount: 1 },
  ])
    expect(supplierAnswer(answer)).toEqual(answer)
  for (const answer of [
    undefined,
    null,
    'none',
    { status: 'ordered' },
    { status: 'ordered', dueAt: 0.5 },
    { status: 'delivered', amount: 0 },
    { status: 'lost' },
  ])
    expect(supplierAnswer(answer)).toBeUndefined()
})

afterAll(() => expect(unreached(replenisher, reached)).toEqual([]))
