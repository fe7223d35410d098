import { describe, expect, test } from 'vitest'
import { runSimDay } from '#day'
import { days, fridayRush, nodeDiesInTheRush } from './index.ts'

const wall = () => performance.now()

test('every day is found under its own name', () => {
  expect(Object.entries(days).filter(([name, day]) => day.name !== name)).toEqual([])
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
