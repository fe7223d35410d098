import { describe, expect, test } from 'vitest'
import { checkMode, runSimDay } from '#day'
import { days, everythingAtOnce, fridayRush, nodeDiesInTheRush } from './index.ts'

const wall = () => performance.now()

test('every day is found under its own name', () => {
  expect(Object.entries(days).filter(([name, day]) => day.name !== name)).toEqual([])
})

describe('a day on which something goes wrong', { timeout: 120_000 }, () => {
  const names = [
    'oven-breaks-at-eight',
    'split-kitchen',
    'payment-outage',
    'late-delivery',
    'everything-at-once',
  ]
  test.each(names)('%s: every fault strikes, it comes to what it is about, and every check holds', (name) => {
    const { checks, faults } = runSimDay(days[name]!, { seed: 7 })
    expect(checks.filter(({ held }) => !held)).toEqual([])
    expect(checks.map(({ id }) => id)).toContain('reached')
    expect(faults.every(({ fired }) => fired)).toBe(true)
  })

  test('a live run says which of its faults it cannot have', () => {
    const live = { kind: 'live', speed: 60 } as const
    checkMode(days['oven-breaks-at-eight']!, live)
    expect(() => checkMode(everythingAtOnce, live)).toThrow(/faults\[\d+\].*cannot do/)
  })
})

describe('the long days', { timeout: 180_000 }, () => {
  test('a thousand guests in twelve hours on five nodes, and every check holds', () => {
    const result = runSimDay(fridayRush, { seed: 7, nodes: 5, wall })
    console.log(
      `friday-rush: ${result.wallSeconds.toFixed(1)} s, ${result.events} events, ${result.orders.attempted} guests`,
    )
    expect(result.checks.filter(({ held }) => !held)).toEqual([])
    expect(result.orders.attempted).toBeGreaterThan(1_000)
    expect(result.orders.completed).toBeGreaterThan(0.8 * result.orders.attempted)
  })

  test('nodes die in the rush, and no order is lost', () => {
    const result = runSimDay(nodeDiesInTheRush, { seed: 7, wall })
    expect(result.checks.filter(({ held }) => !held)).toEqual([])
    expect(result.faults.every(({ fired }) => fired)).toBe(true)
    expect(result.restarts).toBe(4)
  })
})
