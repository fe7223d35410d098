import { describe, expect, test } from 'vitest'
import { type Asked, fits, readFilter, selectorOf, whyNoBatch } from './actor-filter.ts'

const actor = (given: Readonly<Record<string, string | number>>): Asked => ({
  text: (field) => String(given[field] ?? ''),
  number: (field) => Number(given[field] ?? 0),
})
const one = actor({
  type: 'order',
  state: 'paying.charging',
  node: 'node-2',
  status: 'live',
  path: 'order/ord_1a',
  mailbox: 3,
  rate: 1.5,
  age: 120,
})

describe('what fits', () => {
  test.each([
    ['', true],
    ['type=order', true],
    ['type!=order', false],
    ['type=bin,order', true],
    ['type!=bin,order', false],
    ['state=paying', true],
    ['state=paying.charging', true],
    ['state=pay', false],
    ['state~charg', true],
    ['state!=ready', true],
    ['node=node-2 path~ord_', true],
    ['node=node-1 path~ord_', false],
    ['ord_1a', true],
    ['path!~ord_', false],
    ['path="order/ord_1a"', true],
    ['mailbox>2 mailbox<=3', true],
    ['mailbox=0,3', true],
    ['mailbox!=3', false],
    ['rate>=1.5', true],
    ['age>1m', true],
    ['age>2m', false],
    ['age<1h', true],
  ])('%s: %s', (text, expected) => {
    const { terms, problem } = readFilter(text)
    expect(problem).toBeUndefined()
    expect(fits(terms, one)).toBe(expected)
  })
})

describe('what cannot be read is told, and what to write instead', () => {
  test.each([
    ['typ=order', "typ=order: nobody knows 'typ', perhaps 'type'."],
    ['=order', "=order: nobody knows ''."],
    ['type=', 'type=: what type is compared with is missing.'],
    ['type=order,', 'type=order,: what type is compared with is missing.'],
    ['type>order', 'type>order: type is a word; compare it with =, !=, ~ or !~.'],
    ['mailbox~3', 'mailbox~3: mailbox is a number; compare it with =, !=, <, >, <= or >=.'],
    ['mailbox>many', "mailbox>many: 'many' is no number."],
    ['mailbox>1,2', 'mailbox>1,2: mailbox is compared with one number at a time.'],
    ['age>5w', "age>5w: '5w' is no age; write 30s, 5m, 2h or 1d."],
    ['status=alive', "status=alive: no status is 'alive'. There are live, stopped, archived."],
    ['path~"ord', 'path~"ord: a quote is not closed.'],
  ])('%s', (text, words) => {
    expect(readFilter(`type=order ${text}`).problem).toContain(words)
  })
})

test('what the API can select it selects, and the rest is left to the page', () => {
  const { terms } = readFilter(
    'type=order state=paying.charging node=node-2 path~ord_ path~1a mailbox>0 status!=archived',
  )
  const { selector, left } = selectorOf(terms)
  expect(selector).toEqual({ type: 'order', state: 'paying', node: 'node-2', path: 'ord_' })
  expect(left.map(({ source }) => source)).toEqual([
    'state=paying.charging',
    'path~1a',
    'mailbox>0',
    'status!=archived',
  ])
})

test.each([
  ['status=live', 'is for one type'],
  ['type=order,bin', 'is for one type'],
  ['type=order mailbox>0', 'cannot select by mailbox>0'],
  ['type=order status=archived', 'takes no commands'],
])('a command to many that would reach others than are shown is off: %s', (text, words) => {
  expect(whyNoBatch(readFilter(text).terms)).toContain(words)
})

test('a command to many is on when the cluster selects the same', () => {
  expect(whyNoBatch(readFilter('type=order state=paying node=node-2 status=live ord_').terms)).toBeUndefined()
})
