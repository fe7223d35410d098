import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { type KeyRingView, keyLastsMs, keyRing, retiredMax, retiringMax, retiringMs } from './key-ring.ts'

const reached = new Set<string>()
const rotate = (kid: string, after: string | null): AnyMessage => ({
  type: 'key-ring.rotate',
  kid,
  x: `public ${kid}`,
  sealed: `sealed ${kid}`,
  after,
})
const retire = (kid: string): AnyMessage => ({ type: 'key-ring.retire', kid })
const age = { type: 'key-ring.age' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(keyRing, 'main')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`key-ring:${stage.state}`).add(`key-ring>${message.type}`)
  }
  const { keys, isDue } = stage.query<KeyRingView>('view')
  const reply = effects.find((e) => e.kind === 'reply')?.message
  const timers = effects.flatMap((e) => (e.kind === 'schedule' ? [[e.id, e.delayMs, e.clock]] : []))
  return { keys: keys.map(({ kid, status }) => `${kid} ${status}`), all: keys, isDue, reply, timers }
}

test('the first key signs', () => {
  expect(walk(rotate('a', null)).keys).toEqual(['a active'])
})

test('of two that follow the same key the first is taken, and the second learns of it', () => {
  const { keys, reply } = walk(rotate('a', null), rotate('b', 'a'), rotate('c', 'a'))
  expect(keys).toEqual(['b active', 'a retiring'])
  expect(reply).toMatchObject({ type: 'key-ring.view', keys: [{ kid: 'b' }, { kid: 'a' }] })
  expect(walk(rotate('a', null), rotate('b', null)).keys).toEqual(['a active'])
})

test('K1: a key that does not sign any more has no private part', () => {
  const { all } = walk(rotate('a', null), rotate('b', 'a'))
  expect(all.map(({ sealed }) => sealed)).toEqual(['sealed b', null])
})

test('K2: it verifies for a while, and is then retired', () => {
  const messages = [rotate('a', null), rotate('b', 'a')]
  expect(walk(...messages).timers).toContainEqual(['retire-a', retiringMs, 'runtime'])
  expect(walk(...messages, retire('a')).keys).toEqual(['b active', 'a retired'])
  // The key that signs is never retired, whatever fires.
  expect(walk(...messages, retire('b')).keys).toEqual(['b active', 'a retiring'])
})

test('it says when the next one is due, and a new key ends that', () => {
  expect(walk(rotate('a', null)).timers).toEqual([['age', keyLastsMs, 'runtime']])
  expect(walk(rotate('a', null), age).isDue).toBe(true)
  expect(walk(rotate('a', null), age, rotate('b', 'a')).isDue).toBe(false)
})

const many = Array.from({ length: retiringMax + 1 }, (_, n) => rotate(`k${n}`, n === 0 ? null : `k${n - 1}`))

test('no more keys are retiring than there may be', () => {
  const { reply, keys } = walk(...many, rotate('more', `k${retiringMax}`))
  expect(reply).toEqual({ type: 'key-ring.full' })
  expect(keys).toHaveLength(retiringMax + 1)
  expect(walk(...many, retire('k0'), rotate('more', `k${retiringMax}`)).keys[0]).toBe('more active')
})

test('of the retired ones the last few are kept', () => {
  const messages: AnyMessage[] = [rotate('k0', null)]
  for (let n = 1; n < 12; n += 1) messages.push(rotate(`k${n}`, `k${n - 1}`), retire(`k${n - 1}`))
  const { keys } = walk(...messages)
  expect(keys).toEqual(['k11 active', ...Array.from({ length: retiredMax }, (_, n) => `k${10 - n} retired`)])
})

afterAll(() => expect(unreached(keyRing, reached)).toEqual([]))
