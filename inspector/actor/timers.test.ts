import { expect, test } from 'vitest'
import type { ActorDefinition } from '#actor'
import { definitions } from '#actors'
import { machineChart } from '#gateway'
import { countdownOf } from './timers.ts'

const chart = machineChart(definitions.find(({ type }) => type === 'order') as ActorDefinition)
const timer = (type: string, at: number, clock: 'world' | 'runtime' = 'world') => ({
  id: type,
  clock,
  at,
  message: { type },
})

test('a timer of the machine counts down from what the machine says', () => {
  const after = chart.states
    .flatMap(({ transitions }) => transitions)
    .find(({ after }) => after?.delay === 'askAgain')
  const ms = after?.after?.ms as number
  const now = 1_000_000
  const running = timer(after?.event as string, (now + ms / 4) * 1_000)
  expect(countdownOf(running, now, chart, new Map())).toMatchObject({
    name: 'askAgain',
    countdown: { leftMs: ms / 4, part: 0.25 },
  })
})

test('any other counts down from what was left when it was first seen', () => {
  const totals = new Map<string, number>()
  const running = timer('order.look', 9_000_000)
  expect(countdownOf(running, 1_000, chart, totals)).toMatchObject({
    name: 'look',
    countdown: { leftMs: 8_000, part: 1 },
  })
  expect(countdownOf(running, 7_000, chart, totals).countdown).toEqual({ leftMs: 2_000, part: 0.25 })
  expect(countdownOf(running, 10_000, chart, totals).countdown).toEqual({ leftMs: 0, part: 0 })
})

test('one of another clock runs, and nobody knows how long', () => {
  expect(countdownOf(timer('again', 5, 'runtime'), 1, chart, new Map())).toEqual({
    id: 'again',
    event: 'again',
    name: 'again',
  })
})
