import { expect, test } from 'vitest'
import type { Turn } from '../data/house.ts'
import { journalTime, type Sequence, sequenceOf } from './sequence.ts'

const turn = (id: string, second: number, type: string, more: Partial<Turn> = {}): Turn => ({
  sequence: Number(id.split(':')[1]),
  at: new Date(second * 1_000).toISOString(),
  id,
  message: { type },
  state: 'x',
  ...more,
})
const order = 'order/o'
const payment = 'payment/o'
const told = ({ lifelines, arrows }: Sequence): readonly string[] =>
  arrows.map(
    ({ from, to, words, count }) =>
      `${lifelines[from]?.name}→${lifelines[to]?.name} ${words}${count > 1 ? ` ×${count}` : ''}`,
  )

test('each turn is an arrow from whom it came, in the order of time', () => {
  const sequence = sequenceOf([
    {
      actor: order,
      turns: [
        turn('node-1.a:1', 1, 'order.place', { message: { type: 'order.place', total: 5_420 } }),
        turn('node-2.b:3', 4, 'payment.captured', { from: payment, cause: 'node-2.b:2' }),
        turn('node-1.a:9', 9, 'xstate.after.cookDeadline.order.cooking'),
      ],
    },
    {
      actor: payment,
      turns: [
        turn('node-1.a:2', 2, 'payment.request', { from: order, cause: 'node-1.a:1' }),
        turn('node-2.b:2', 3, 'call.done', {
          message: { type: 'call.done', call: 'provider.capture', result: { status: 'captured' } },
        }),
      ],
    },
  ])
  expect(told(sequence)).toEqual([
    'outside→order order.place 54.20',
    'order→payment payment.request',
    'provider→payment capture: captured',
    'payment→order payment.captured',
    'order→order cookDeadline is over',
  ])
  expect(sequence.arrows.map(({ kind }) => kind)).toEqual(['told', 'told', 'answer', 'answer', 'clock'])
  expect(sequence.arrows.map(({ tookMs }) => tookMs)).toEqual([undefined, 1_000, undefined, 1_000, undefined])
})

test('S1: what was caused at the same instant stands below its cause', () => {
  const sequence = sequenceOf([
    {
      actor: payment,
      turns: [turn('node-1.a:2', 1, 'payment.request', { from: order, cause: 'node-1.a:1' })],
    },
    { actor: order, turns: [turn('node-1.a:1', 1, 'order.place')] },
  ])
  expect(told(sequence)).toEqual(['outside→order order.place', 'order→payment payment.request'])
})

test('the same from many is one arrow with its count', () => {
  const held = [1, 2, 3].map((n) => turn(`node-1.a:${n}`, n, 'bin.held', { from: `bin/main:${n}` }))
  expect(told(sequenceOf([{ actor: 'reservation/o', turns: held }]))).toEqual([
    'bins→reservation bin.held ×3',
  ])
})

test('time is torn where more of it passes than there is room for', () => {
  const { arrows } = sequenceOf([
    { actor: order, turns: [turn('node-1.a:1', 1, 'order.place'), turn('node-1.a:2', 120, 'order.cancel')] },
  ])
  expect(arrows.map(({ tornMs, kind }) => [tornMs, kind])).toEqual([
    [undefined, 'told'],
    [119_000, 'undo'],
  ])
})

test('S2: an actor is on the node that named what it said, and moves when another did', () => {
  const { bands, lifelines } = sequenceOf([
    {
      actor: order,
      node: 'node-2',
      turns: [
        turn('node-9.c:1', 1, 'order.place'),
        turn('node-3.b:1', 3, 'payment.captured', { from: payment }),
      ],
    },
    {
      actor: payment,
      node: 'node-3',
      turns: [
        turn('node-1.a:2', 2, 'payment.request', { from: order }),
        turn('node-2.a:3', 4, 'payment.close', { from: order }),
      ],
    },
  ])
  const shown = bands.map(({ lifeline, node, from, to }) => [lifelines[lifeline]?.name, node, from, to])
  expect(shown).toEqual([
    ['order', 'node-1', 0, 3],
    ['order', 'node-2', 3, 4],
    ['payment', 'node-3', 0, 4],
  ])
})

test('the first time is told in full, the next from its minutes on', () => {
  const at = Date.parse('2026-05-01T19:42:04.280Z')
  expect([journalTime(at, undefined), journalTime(at + 22, at)]).toEqual(['19:42:04.280', '42:04.302'])
})
