import { expect, test } from 'vitest'
import { messageOutcomes } from '#activity'
import { readMessageFilter } from '../../gateway/message-filter.ts'
import type { ToldMessage } from '../../gateway/tap-words.ts'
import {
  curlOf,
  messagesAt,
  orderOf,
  outcomeMeans,
  outcomeOf,
  senderIn,
  sizeIn,
  timeIn,
} from './message-words.ts'

const message: ToldMessage = {
  ...{ n: 1, at: '2026-05-01T18:00:00.000Z', node: 'node-1', id: 'm1', to: 'order/ord_12ab', via: 'request' },
  ...{ message: 'order.note', bytes: 40, outcome: 'handled', attempt: 1, waitedUs: 0 },
  payload: { type: 'order.note', text: "it's late" },
}

test('whatever becomes of a message has words, and a mark when somebody may have to see to it', () => {
  for (const outcome of messageOutcomes) {
    const { mark, severity, words } = outcomeOf({ outcome, attempt: 2 })
    expect(words).not.toBe('')
    expect(mark === '').toBe(severity === '')
    expect(outcomeMeans[outcome]).toMatch(/\.$/)
  }
  expect(outcomeOf({ outcome: 'retried', attempt: 2 })).toMatchObject({ mark: '▲', words: 'failed, try 2' })
})

test.each([
  [{ to: 'a/1', from: 'b/1', via: 'tell' }, 'b/1'],
  [{ to: 'a/1', from: 'a/1', via: 'tell' }, 'itself'],
  [{ to: 'a/1', via: 'timer' }, 'its timer'],
  [{ to: 'a/1', via: 'call' }, 'a call'],
  [{ to: 'a/1', via: 'request' }, 'outside'],
] as const)('who sent %j: %s', (sent, words) => {
  expect(senderIn(sent)).toBe(words)
})

test('the order that it is about is found by either actor', () => {
  expect(orderOf({ to: 'dish/ord_12ab:0:1' })).toBe('ord_12ab')
  expect(orderOf({ to: 'bin/main:rice', from: 'reservation/ord_12ab' })).toBe('ord_12ab')
  expect(orderOf({ to: 'bin/main:rice' })).toBeUndefined()
})

test('times and sizes have three digits at most', () => {
  expect([0, 310, 1_500, 41_200, undefined].map(timeIn)).toEqual(['0 µs', '310 µs', '1.5 ms', '41 ms', ''])
  expect([212, 3_421, 12_345].map(sizeIn)).toEqual(['212 B', '3.42 kB', '12.3 kB'])
})

test('the address of messages leads to a filter that can be read', () => {
  const address = messagesAt({ from: 'order/1', to: 'bin/main:sea salt' })
  const filter = new URLSearchParams(address.slice(address.indexOf('?'))).get('filter') ?? ''
  expect(readMessageFilter(filter).terms).toEqual([
    { field: 'from', operator: '=', values: ['order/1'] },
    { field: 'to', operator: '=', values: ['bin/main:sea salt'] },
  ])
})

test('a message is sent again by a line for a shell, unless something of it is not told', () => {
  expect(curlOf(message, 'http://127.0.0.1:4001/')).toBe(
    `curl -X POST 'http://127.0.0.1:4001/ops/v1/actors/order%2Ford_12ab/messages' -H 'content-type: application/json' -d '{"message":{"type":"order.note","text":"it'\\''s late"}}'`,
  )
  const { payload: _, ...without } = message
  expect(curlOf(without, 'http://a')).toBeUndefined()
  expect(curlOf({ ...message, payload: { type: 'x', card: '<redacted>' } }, 'http://a')).toBeUndefined()
  expect(curlOf({ ...message, via: 'timer' }, 'http://a')).toBeUndefined()
})
