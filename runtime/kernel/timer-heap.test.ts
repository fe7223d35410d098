import { describe, expect, test } from 'vitest'
import { draw, type Instant } from '#actor'
import { TimerHeap } from './timer-heap.ts'

const forEver = Number.MAX_SAFE_INTEGER as Instant

function drained<T>(heap: TimerHeap<T>): T[] {
  const items: T[] = []
  for (let item = heap.takeDue(forEver); item !== undefined; item = heap.takeDue(forEver)) items.push(item)
  return items
}

/** Two hundred entries at few instants, so that many are equal; in order of instant, then of arrival. */
const entries = Array.from({ length: 200 }, (_, n) => ({ n, at: Math.floor(draw(1, 'at', n) * 20) }))
const inOrder = entries.toSorted((a, b) => a.at - b.at || a.n - b.n).map(({ n }) => n)

describe('a timer heap', () => {
  test('gives what is due by instant, equal ones in the order they went in, and nothing before its time', () => {
    const heap = new TimerHeap<number>()
    for (const { n, at } of entries) heap.add(at as Instant, n)
    expect(heap.takeDue(((heap.earliest as number) - 1) as Instant)).toBeUndefined()
    expect(drained(heap)).toEqual(inOrder)
  })

  test('keeps that order whatever is dropped on the way', () => {
    const heap = new TimerHeap<number>()
    const gone = new Set<number>()
    const counts = (n: number): boolean => !gone.has(n)
    for (const { n, at } of entries) {
      heap.add(at as Instant, n)
      if (n % 3 === 0) continue
      gone.add(n - 1)
      heap.dropped(counts)
    }
    expect(heap.size).toBeLessThan(entries.length)
    expect(drained(heap).filter(counts)).toEqual(inOrder.filter(counts))
  })

  test('does not grow with timers that are cancelled', () => {
    const heap = new TimerHeap<number>()
    let last = 0
    for (let n = 0; n < 10_000; n += 1) {
      heap.add(forEver, n)
      last = n
      heap.dropped((item) => item === last)
    }
    expect(heap.size).toBeLessThan(100)
  })
})
