import { describe, expect, test } from 'vitest'
import { orderDeadlines } from '../../actors/orders/order-delays.ts'
import type { ActorItem } from '../data/answers.ts'
import { docketPitch, limitsMin, railOf } from './rail.ts'

const now = Date.parse('2026-05-01T19:00:00.000Z')
const order = (id: string, state: unknown, ageMin: number): ActorItem => ({
  id,
  status: 'live',
  state,
  version: 1,
  shard: 'orders.0',
  at: new Date(now - ageMin * 60_000).toISOString(),
})
const many = (count: number, state: string) =>
  Array.from({ length: count }, (_, n) => order(`order/${n}`, state, n / 100))

describe('the rail', () => {
  test('shows the way of an order also while there is none', () => {
    const { stages, count, late } = railOf([], now, 1_200)
    expect(stages.map(({ name }) => name)).toEqual([
      'placed',
      'reserving',
      'paying',
      'confirmed',
      'queued',
      'cooking',
      'plating',
      'ready',
    ])
    expect([count, late]).toEqual([0, 0])
  })

  test('each order hangs at its stage, the oldest first, and is late past the limit of that stage', () => {
    const { stages, late } = railOf(
      [order('a', { paying: 'charging' }, 1), order('b', { paying: 'awaiting' }, 6), order('c', 'ready', 1)],
      now,
      1_200,
    )
    const paying = stages.find(({ name }) => name === 'paying')
    expect(paying).toMatchObject({ count: 2, late: 1, isUndo: false })
    expect(paying?.dockets).toEqual([
      { id: 'b', orders: 1, age: 6 / 5 },
      { id: 'a', orders: 1, age: 1 / 5 },
    ])
    expect(late).toBe(1)
  })

  test('what is undone comes after what goes on, and what nobody knows comes last', () => {
    const { stages } = railOf([order('a', 'on-the-moon', 1), order('b', 'refunding', 1)], now, 1_200)
    expect(stages.slice(-2).map(({ name, isUndo }) => [name, isUndo])).toEqual([
      ['refunding', true],
      ['on-the-moon', false],
    ])
  })

  test.each([0, 1, 97, 1_000, 5_000])(
    'of %d orders none is missing, and no docket lies on another',
    (count) => {
      const width = 1_200
      const { stages, ordersPerDocket } = railOf(many(count, 'cooking'), now, width)
      const shown = stages.flatMap(({ dockets }) => dockets)
      expect(shown.reduce((sum, { orders }) => sum + orders, 0)).toBe(count)
      expect(shown.every(({ orders }) => orders <= ordersPerDocket)).toBe(true)
      for (const [i, { x, dockets }] of stages.entries())
        expect(x + dockets.length * docketPitch).toBeLessThanOrEqual(stages[i + 1]?.x ?? width)
    },
  )

  test('where ages have no room, names and counts still do', () => {
    const wide = railOf(many(35, 'ready'), now, 1_204)
    const narrow = railOf(many(35, 'ready'), now, 890)
    expect([wide.hasAges, wide.ordersPerDocket]).toEqual([true, 1])
    expect([narrow.hasAges, narrow.ordersPerDocket]).toEqual([false, 1])
  })

  test('an order is late before it gives up', () => {
    const deadlines = {
      reserving: orderDeadlines.reserveDeadline,
      revising: orderDeadlines.reviseDeadline,
      paying: orderDeadlines.payDeadline,
      confirmed: orderDeadlines.confirmDeadline,
      queued: orderDeadlines.queueDeadline,
      cooking: orderDeadlines.cookDeadline,
      plating: orderDeadlines.platingDeadline,
    }
    for (const [name, deadlineMs] of Object.entries(deadlines))
      expect((limitsMin.get(name) ?? Number.POSITIVE_INFINITY) * 60_000, name).toBeLessThan(deadlineMs)
  })
})
