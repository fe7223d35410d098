import { describe, expect, test } from 'vitest'
import { messageOutcomes, vias } from '#activity'
import { filterOf, messageFilterBounds, readMessageFilter } from './message-filter.ts'

test('a filter is read as terms of a tap', () => {
  expect(
    readMessageFilter('order=ord_1 to=bin,reservation outcome!=handled waited>2s size<=2kB hold'),
  ).toEqual({
    terms: [
      { field: 'key', operator: '=', values: ['ord_1'] },
      { field: 'to', operator: '=', values: ['bin', 'reservation'] },
      { field: 'outcome', operator: '!=', values: ['handled'] },
      { field: 'waited', operator: '>', values: ['2000'] },
      { field: 'size', operator: '<=', values: ['2000'] },
      { field: 'any', operator: '~', values: ['hold'] },
    ],
  })
  expect(readMessageFilter('  ')).toEqual({ terms: [] })
})

test('what becomes of a message, and how it came, is named as the runtime does', () => {
  expect(readMessageFilter(`outcome=${messageOutcomes.join(',')}`).problem).toBeUndefined()
  expect(readMessageFilter(`via=${vias.join(',')}`).problem).toBeUndefined()
})

describe('what cannot be read is told, and what to write instead', () => {
  test.each([
    ['type=order', "nobody knows 'type', perhaps 'to'"],
    ['key=1', "nobody knows 'key'"],
    ['any~x', "nobody knows 'any', perhaps 'actor'"],
    ['outcome=lost', "no outcome is 'lost'. There are handled, refused"],
    ['via=post', "no via is 'post'"],
    ['waited>long', "'long' is no time; write 5ms, 2s or 1m"],
    ['took>5h', "'5h' is no time"],
    ['attempt>2s', "'2s' is no number"],
    ['to>order', 'to is a word'],
    ['to="ord', 'a quote is not closed'],
    ['x'.repeat(messageFilterBounds.textMax + 1), 'at most 400 characters'],
    ['a '.repeat(messageFilterBounds.termsMax + 1), 'at most 16 terms'],
    [`to=${'a,'.repeat(messageFilterBounds.valuesMax)}b`, 'at most 16 values'],
  ])('%s', (text, words) => {
    const { terms, problem } = readMessageFilter(text)
    expect([terms, problem]).toEqual([[], expect.stringContaining(words)])
  })
})

test('a filter that is made is read as it was meant', () => {
  expect(filterOf({ from: 'order/1', to: 'bin/a b' })).toBe('from=order/1 to="bin/a b"')
  expect(readMessageFilter(filterOf({ to: 'bin/a b' })).terms).toEqual([
    { field: 'to', operator: '=', values: ['bin/a b'] },
  ])
  expect(readMessageFilter(filterOf({ to: 'bin/a,b' })).terms).toEqual([
    { field: 'to', operator: '=', values: ['bin/a,b'] },
  ])
  expect(readMessageFilter('to="a,b",c').terms).toEqual([
    { field: 'to', operator: '=', values: ['a,b', 'c'] },
  ])
})
