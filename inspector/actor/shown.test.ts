import { expect, test } from 'vitest'
import { briefOf, calledIn, instantOf, isInstant, senderOf, shortId } from './shown.ts'

test('an instant is told by its name and its size', () => {
  const at = Date.parse('2026-01-01T19:42:04.280Z')
  expect(instantOf(at)).toBe('19:42:04.280')
  expect(isInstant('promisedAt', at * 1_000)).toBe(true)
  expect(isInstant('at', 12)).toBe(false)
  expect(isInstant('total', at * 1_000)).toBe(false)
  expect(briefOf(at * 1_000, 'since')).toBe('19:42:04.280')
})

const long = 'x'.repeat(60)
const brief: readonly (readonly [unknown, string])[] = [
  ['ada', '"ada"'],
  [null, 'null'],
  [undefined, 'nothing'],
  [[long], '1 entry'],
  [[long, long], '2 entries'],
  [{ a: long, b: 1 }, '{a, b}'],
  [{ a: long, b: 1, c: 1, d: 1, e: 1 }, '{a, b, c, d, …}'],
  [long, `"${'x'.repeat(46)}…`],
]
for (const [value, words] of brief) {
  test(`in one line: ${words}`, () => expect(briefOf(value, 'any')).toBe(words))
}

test('an id that is long is short in the middle', () => {
  expect(shortId('menu/main')).toBe('menu/main')
  expect(shortId('order/ord_12bf6c10fccf1e6ced22285cda100077')).toBe('order/ord_12bf…0077')
})

test('who sent it is its own where the key is the same', () => {
  expect(senderOf('payment/o-1', 'order/o-1')).toBe('its payment')
  expect(senderOf('cook/main:1', 'order/o-1')).toBe('cook/main:1')
})

test('a timer of the machine is called by its delay', () => {
  expect(calledIn('xstate.after.payDeadline.order.paying')).toBe('after payDeadline')
  expect(calledIn('order.pay')).toBe('order.pay')
})
