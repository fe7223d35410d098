import { describe, expect, test } from 'vitest'
import type { ActorDefinition } from '#actor'
import { definitions } from '#actors'
import { machineChart } from '#gateway'
import { activeOf, firedBetween, leavesOf, sinceOf, staysOf, waysOf } from './activity.ts'

const chartOf = (type: string) =>
  machineChart(definitions.find((one) => one.type === type) as ActorDefinition)

const values = [
  ['ready', ['ready'], ['', 'ready']],
  [{ paying: 'charging' }, ['paying.charging'], ['', 'paying', 'paying.charging']],
  [{ a: 'x', b: { c: 'y' } }, ['a.x', 'b.c.y'], ['', 'a', 'a.x', 'b', 'b.c', 'b.c.y']],
  [{}, [], []],
  [undefined, [], []],
] as const
for (const [value, leaves, active] of values) {
  test(`${JSON.stringify(value)} is read as ids`, () => {
    expect(leavesOf(value)).toEqual(leaves)
    expect([...activeOf(value)].toSorted()).toEqual(active)
  })
}

describe('which way it went', () => {
  const ways = [
    ['order', 'placed', 'order.place', 'reserving', ['placed']],
    ['order', 'placed', 'order.place', 'rejected', ['placed']],
    // Into a frame, and on from its first state at once.
    ['order', 'reserving', 'reservation.held', { paying: 'charging' }, ['reserving', 'paying.deciding']],
    ['order', { paying: 'charging' }, 'payment.captured', 'confirmed', ['paying.charging']],
    // By the frame's own transition, through a state that nobody ever sees.
    ['order', { paying: 'awaiting' }, 'order.cancel', 'releasing', ['paying', 'unwinding']],
    ['order', 'cancelling', 'ticket.started', 'cancelling', []],
    ['order', 'refunding', 'xstate.after.askAgain.order.refunding', 'refunding', ['refunding']],
    // A message that is taken anywhere, after which a guard holds.
    ['oven', 'off', 'appliance.heat', 'preheating', ['off']],
    ['session', 'active', 'session.revoke', 'revoked', ['']],
    ['order', 'ready', 'nonsense', 'placed', []],
  ] as const
  for (const [type, before, event, after, states] of ways) {
    test(`${type}: ${JSON.stringify(before)} to ${JSON.stringify(after)} with ${event}`, () => {
      const chart = chartOf(type)
      const fired = firedBetween(chart, before, event, after)
      expect(fired.map(({ state }) => state)).toEqual(states)
      for (const { state, index } of fired)
        expect(chart.states.find(({ id }) => id === state)?.transitions[index]).toBeDefined()
    })
  }

  test('of two branches it is the one that leads there', () => {
    const chart = chartOf('order')
    const [place] = firedBetween(chart, 'reserving', 'reservation.held', 'revising')
    const state = chart.states.find(({ id }) => id === place?.state)
    expect(state?.transitions[place?.index ?? -1]).toMatchObject({
      guard: 'hasRevision',
      targets: ['revising'],
    })
  })
})

describe('where a message can lead', () => {
  const ways = [
    // The machine's own handler is not asked where the state's has no guard.
    ['ticket', 'waiting', 'ticket.cancel', ['cancelling'], true],
    ['order', 'queued', 'ticket.failed', ['unwinding'], false],
    ['order', { paying: 'awaiting' }, 'order.cancel', ['unwinding'], true],
    ['order', 'queued', 'reservation.expired', [''], true],
    ['session', 'active', 'session.rotate', ['rotated', 'revoked'], false],
  ] as const
  for (const [type, value, event, targets, isSure] of ways) {
    test(`${type}: ${event} in ${JSON.stringify(value)}`, () => {
      expect(waysOf(chartOf(type), value, event)).toEqual({ targets, isSure })
    })
  }
})

test('each stay is told until the actor left, and since when it is where it is', () => {
  const turn = (second: number, state: unknown) => ({
    at: `2026-01-01T10:00:0${second}.000Z`,
    message: { type: 'any' },
    state,
  })
  const turns = [turn(0, 'a'), turn(2, 'b'), turn(3, { c: 'x' }), turn(5, { c: 'y' }), turn(6, { c: 'y' })]
  expect([...staysOf(turns)]).toEqual([
    ['a', 2_000],
    ['b', 1_000],
    ['c.x', 2_000],
  ])
  expect(sinceOf(turns)).toBe(turn(5, '').at)
  expect(sinceOf([])).toBeUndefined()
})
