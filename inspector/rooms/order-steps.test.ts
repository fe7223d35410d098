import { expect, test } from 'vitest'
import type { Turn } from '../data/house.ts'
import { stepsOf } from './order-steps.ts'

const turn = (second: number, state: unknown): Turn => ({
  sequence: second,
  at: new Date(second * 1_000).toISOString(),
  id: `node-1.a:${second}`,
  message: { type: 'x' },
  state,
})
const told = (turns: readonly Turn[]) =>
  stepsOf(turns).map(({ stage, is, tookMs }) => `${stage} ${is}${tookMs === undefined ? '' : ` ${tookMs}`}`)

test('what it has been through, where it is, and what is to come', () => {
  expect(
    told([turn(1, 'reserving'), turn(3, { paying: 'deciding' }), turn(4, { paying: 'charging' })]),
  ).toEqual([
    'reserving done 2000',
    'paying now',
    'confirmed to-come',
    'queued to-come',
    'cooking to-come',
    'plating to-come',
    'ready to-come',
    'completed to-come',
  ])
})

test('of an order that is being undone nothing is to come, and what undoes it says so', () => {
  expect(told([turn(1, 'reserving'), turn(2, { paying: 'charging' }), turn(5, 'refunding')])).toEqual([
    'reserving done 1000',
    'paying done 3000',
    'refunding undone',
  ])
  expect(told([turn(1, 'reserving'), turn(2, 'rejected')])).toEqual([
    'reserving done 1000',
    'rejected undone',
  ])
})

test('one that is complete ends there', () => {
  expect(told([turn(1, 'ready'), turn(2, 'completed')])).toEqual(['ready done 1000', 'completed end'])
})
