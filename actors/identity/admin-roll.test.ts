import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { adminRoll, adminsCountedMax } from './admin-roll.ts'

const reached = new Set<string>()
const enter = (account: string): AnyMessage => ({ type: 'roll.enter', account })
const leave = (account: string, wish = 1): AnyMessage => ({ type: 'roll.leave', account, wish })

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(adminRoll, 'all')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`admin-roll:${stage.state}`).add(`admin-roll>${message.type}`)
  }
  return {
    told: effects.flatMap((e) => (e.kind === 'tell' ? [[e.to, e.message]] : [])),
    admins: stage.query<readonly string[]>('admins'),
  }
}

test('R1: of two who leave at once one has to stay', () => {
  const both = [enter('a'), enter('b')]
  expect(walk(...both, leave('a', 3))).toEqual({
    told: [['account/a', { type: 'roll.left', wish: 3 }]],
    admins: ['b'],
  })
  expect(walk(...both, leave('a'), leave('b', 7))).toEqual({
    told: [['account/b', { type: 'roll.refused', wish: 7 }]],
    admins: ['b'],
  })
})

test('asking twice does no harm', () => {
  expect(walk(enter('a'), enter('a')).admins).toEqual(['a'])
  expect(walk(enter('a'), enter('b'), leave('a'), leave('a'))).toMatchObject({
    told: [['account/a', { type: 'roll.left' }]],
    admins: ['b'],
  })
})

test('who is not counted may leave', () => {
  expect(walk(leave('a')).told).toEqual([['account/a', { type: 'roll.left', wish: 1 }]])
})

test('counts no more than it can hold', () => {
  const many = Array.from({ length: adminsCountedMax + 5 }, (_, n) => enter(`a${n}`))
  expect(walk(...many).admins).toHaveLength(adminsCountedMax)
})

afterAll(() => expect(unreached(adminRoll, reached)).toEqual([]))
