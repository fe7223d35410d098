import { describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { Envelope, MessageId, MessageOutcome, NodeId } from '#ports'
import { MessageTaps, type TapBatch, type TapTerm, tapBounds } from './message-tap.ts'

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const envelope = (more: Partial<Envelope> = {}): Envelope => ({
  id: 'n1.s:1' as MessageId,
  to: 'reservation/ord_1' as ActorId,
  from: 'order/ord_1' as ActorId,
  message: { type: 'reservation.hold' },
  trace,
  ...more,
})
const term = (source: string): TapTerm => {
  const [, field = '', operator = '', values = ''] = /^(\w+)([!=<>~]+)(.*)$/.exec(source) ?? []
  return { field, operator, values: values.split(',') } as unknown as TapTerm
}
function tapped(...sources: readonly string[]): MessageTaps {
  const taps = new MessageTaps({ node: 'node-1' as NodeId, life: 1 }, () => 5)
  taps.add('tap', { terms: sources.map(term), perSecond: 10 })
  return taps
}
function turn(taps: MessageTaps, of: Envelope = envelope(), outcome: MessageOutcome = 'handled'): void {
  const begun = taps.begin(of)
  if (begun === undefined) return
  taps.ended({ envelope: of, outcome, at: 7 as Instant, attempt: 1, waitedUs: 2_500, sequence: 3, begun })
}
const taken = (taps: MessageTaps, nowMs = 0): TapBatch | undefined => [...taps.take(nowMs)][0]?.[1]
const count = (taps: MessageTaps): number => taken(taps)?.messages.length ?? 0

describe('what fits', () => {
  test.each([
    ['to=reservation', true],
    ['to=reservation/ord_1', true],
    ['to=reserv', false],
    ['to~serv', true],
    ['to!=order', true],
    ['to=bin,reservation', true],
    ['to!=bin,reservation', false],
    ['from=order', true],
    ['from=outside', false],
    ['actor=order', true],
    ['actor=bin', false],
    ['key=ord_1', true],
    ['key=ord_', false],
    ['key~ord_', true],
    ['message=reservation.hold', true],
    ['message=hold', false],
    ['message!~hold', false],
    ['via=tell', true],
    ['via=ask,tell', true],
    ['trace=0af7651916cd43dd8448eb211c80319c', true],
    [`trace=${trace}`, true],
    ['trace=b7ad6b7169203331', false],
    ['trace~b7ad6b7169203331', true],
    ['node=node-1', true],
    ['node=node-2', false],
    ['any~hold', true],
    ['any~pay', false],
    ['outcome=handled', true],
    ['outcome!=handled', false],
    ['outcome=failed,handled', true],
    ['size>10', true],
    ['size<10', false],
    ['waited>=2.5', true],
    ['waited>2.5', false],
    ['attempt=1', true],
    ['attempt!=1', false],
  ])('%s: %s', (source, expected) => {
    const taps = tapped(source)
    turn(taps)
    expect(count(taps)).toBe(expected ? 1 : 0)
  })

  test('is what fits every term', () => {
    const taps = tapped('to=reservation', 'outcome=handled')
    turn(taps)
    turn(taps, envelope(), 'retried')
    turn(taps, envelope({ to: 'order/ord_1' as ActorId }))
    expect(count(taps)).toBe(1)
  })

  test('by its key is of those whose key goes on behind it, and of no longer one', () => {
    const taps = tapped('key=ord_1')
    for (const to of ['dish/ord_1:0:2', 'dish/ord_12', 'payment/ord_1'])
      turn(taps, envelope({ to: to as ActorId, from: 'station/hot' as ActorId }))
    expect(taken(taps)?.messages.map(({ to }) => to)).toEqual(['dish/ord_1:0:2', 'payment/ord_1'])
  })

  test('from outside is what no actor has sent', () => {
    const taps = tapped('from=outside')
    const { from: _, ...request } = envelope()
    turn(taps, request)
    expect(taken(taps)?.messages).toMatchObject([{ to: 'reservation/ord_1' }])
  })
})

test('a message is told with all that is known of it', () => {
  const taps = tapped()
  const message = { type: 'reservation.hold', dish: 'Crème brûlée 🍮' }
  turn(taps, envelope({ message }))
  const payload = JSON.stringify(message)
  expect(taken(taps)?.messages).toEqual([
    {
      ...{ at: 7, id: 'n1.s:1', from: 'order/ord_1', to: 'reservation/ord_1', via: 'tell' },
      ...{ message: 'reservation.hold', bytes: Buffer.byteLength(payload), payload },
      ...{ outcome: 'handled', attempt: 1, sequence: 3, waitedUs: 2_500, tookUs: 0, trace },
    },
  ])
})

test('a payload that is too long is left out, and its length is told', () => {
  const taps = tapped()
  turn(taps, envelope({ message: { type: 'note', text: 'x'.repeat(tapBounds.payloadBytesMax) } as never }))
  const [message] = taken(taps)?.messages ?? []
  expect(message?.payload).toBeUndefined()
  expect(message?.bytes).toBeGreaterThan(tapBounds.payloadBytesMax)
})

test('what is over the cap is counted, and a second later there is room again (MT1)', () => {
  const taps = tapped()
  taken(taps, 0)
  for (let n = 0; n < 25; n += 1) turn(taps)
  expect(taken(taps, 100)).toMatchObject({ matched: 25, over: 15, told: 10 })
  turn(taps)
  expect(taken(taps, 900)).toMatchObject({ matched: 26, over: 16, told: 10, messages: [] })
  taken(taps, 1_000)
  turn(taps)
  expect(taken(taps, 1_100)).toMatchObject({ matched: 27, over: 16, told: 11 })
})

test('a filter of what is known after the turn counts only what fits, also over the cap', () => {
  const taps = tapped('outcome=failed')
  for (let n = 0; n < 30; n += 1) turn(taps, envelope(), n % 2 === 0 ? 'failed' : 'handled')
  expect(taken(taps)).toMatchObject({ matched: 15, over: 5, told: 10 })
})

test('a tap says that it is there, and then nothing while nothing fits', () => {
  const taps = tapped('to=bin')
  expect(taken(taps, 0)).toMatchObject({ matched: 0, messages: [] })
  turn(taps)
  expect(taken(taps, 100)).toBeUndefined()
  expect(taps.looked).toBe(1)
})

test('taps of one node are apart, and one that has ended is told nothing', () => {
  const taps = tapped('to=bin')
  taps.add('other', { terms: [], perSecond: 10 })
  turn(taps)
  expect([...taps.take(0)].map(([id, { messages }]) => [id, messages.length])).toEqual([
    ['tap', 0],
    ['other', 1],
  ])
  taps.remove('other')
  turn(taps)
  expect(taps.begin(envelope())).toBeUndefined()
})
