import { expect, test } from 'vitest'
import type { Journal } from './answers.ts'
import { joined } from './journal-pages.ts'

const page = (from: number, to: number, nextCursor?: string): Journal => ({
  items: Array.from({ length: from - to + 1 }, (_, n) => ({
    sequence: from - n,
    at: '2026-01-01T00:00:00.000Z',
    id: `m.${from - n}`,
    message: { type: 'any' },
    state: 'here',
  })),
  ...(nextCursor !== undefined && { nextCursor }),
})
const numbers = ({ items }: Journal): number[] => items.map(({ sequence }) => sequence)

test('a new page goes before what is known, and what is in both is there once', () => {
  const all = joined(page(6, 2, 'older'), page(8, 5, 'newer'))
  expect([numbers(all), all.nextCursor]).toEqual([[8, 7, 6, 5, 4, 3, 2], 'older'])
})

test('when all older turns are known, there is nothing more to ask for', () => {
  const all = joined(page(3, 1), page(5, 3, 'newer'))
  expect([numbers(all), all.nextCursor]).toEqual([[5, 4, 3, 2, 1], undefined])
})

test('over a gap nothing is joined', () => {
  const all = joined(page(3, 1), page(9, 6, 'newer'))
  expect([numbers(all), all.nextCursor]).toEqual([[9, 8, 7, 6], 'newer'])
})

test('an empty page is the journal, as is the first one', () => {
  expect(joined(page(3, 1), { items: [] }).items).toEqual([])
  expect(numbers(joined(undefined, page(2, 1)))).toEqual([2, 1])
})
