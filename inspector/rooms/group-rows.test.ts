import { expect, test } from 'vitest'
import { groupRowsOf, typeRowsOf } from './group-rows.ts'

const type = (type: string, node: string, rate: number, residents = 2) => ({
  ...{ node, type, residents, mailbox: 1, rate, handled: 9, failed: 1, restarts: 0, deadLetters: 0 },
})

test('groups are listed with the busiest first, and those that are neither there nor busy are not', () => {
  const rows = groupRowsOf([type('bin', 'n1', 0), type('order', 'n1', 3), type('cook', 'n1', 0.01, 0)])
  expect(rows.map(({ type }) => type)).toEqual(['order', 'bin'])
})

test('of each type all nodes are added up', () => {
  const rows = groupRowsOf([type('order', 'n1', 3), type('bin', 'n1', 4), type('order', 'n2', 2)])
  expect(typeRowsOf(rows)).toMatchObject([
    { type: 'order', rate: 5, actors: 4, waiting: 2, failed: 2 },
    { type: 'bin', rate: 4, actors: 2 },
  ])
})
