import { expect, test } from 'vitest'
import {
  amountIn,
  type Bin,
  levelOf,
  moneyHolds,
  type Payment,
  standings,
  stockHolds,
  urgency,
} from './stock-figures.ts'

const bin = (given: Partial<Bin> = {}): Bin => ({
  ingredient: 'rice',
  state: 'ok',
  unit: 'g',
  opening: 1_000,
  delivered: 500,
  adjusted: -100,
  free: 700,
  held: 300,
  issued: 350,
  spoiled: 50,
  par: 2_000,
  low: 200,
  ordered: 0,
  lots: [
    { amount: 400, expires: 1 },
    { amount: 600, expires: 2 },
  ],
  holds: [
    { amount: 100, firm: true },
    { amount: 200, firm: false },
  ],
  waiting: [],
  ...given,
})
const payment = (id: string, captured: number, refunded = 0, state = 'captured'): Payment => {
  const money = (amount: number) => ({ amount, currency: 'EUR' })
  return { id, state, amount: money(1_000), captured: money(captured), refunded: money(refunded) }
}
const balance = (account: string, cents: number) => ({ account, debits: 0, credits: 0, balance: cents })
const broken = (
  all: readonly { readonly holds: boolean; readonly words: string; readonly detail: string }[],
) => all.filter(({ holds }) => !holds).map(({ words, detail }) => `${words}. ${detail}`)

test('bins that add up hold all of it', () => {
  expect(broken(stockHolds([bin(), bin({ ingredient: 'basil' })]))).toEqual([])
})

test.each([
  [{ issued: 360 }, 'No stock is lost or made. rice: 1.4 kg came, 1.41 kg is accounted for'],
  [{ holds: [] }, 'What is held has a holder. rice: 300 g held, by holds of 0 g'],
  [{ lots: [] }, 'The lots are what is there. rice: lots of 0 g, 1 kg there'],
  [
    {
      free: 1_050,
      issued: 0,
      spoiled: 50,
      lots: [{ amount: 1_350, expires: 1 }],
      adjusted: -100,
      delivered: 500,
    },
    undefined,
  ],
  [{ spoiled: -50, issued: 450 }, 'Nothing is less than nothing. rice: less than nothing'],
])('%j', (given, words) => {
  expect(broken(stockHolds([bin(given)]))).toEqual(words === undefined ? [] : [words])
})

test('the level is a share of what there could be, held apart', () => {
  expect(levelOf(bin())).toEqual({ free: 0.35, firm: 0.05, asked: 0.1, low: 0.1 })
  expect(levelOf(bin({ par: 0, low: 5_000 }))).toEqual({ free: 0.7, firm: 0.1, asked: 0.2, low: 1 })
})

test('what is empty or low stands first', () => {
  const bins = [bin(), bin({ ingredient: 'eggs', state: 'low' }), bin({ ingredient: 'salt', state: 'empty' })]
  expect(bins.sort(urgency).map(({ ingredient }) => ingredient)).toEqual(['salt', 'eggs', 'rice'])
})

test('the books, captures and refunds hold, or say by how much and where not', () => {
  const balances = [balance('provider', 1_500), balance('guests', -500), balance('revenue', -1_000)]
  expect(broken(moneyHolds(balances, [payment('a', 1_000, 1_000), payment('b', 0)]))).toEqual([])
  expect(broken(moneyHolds([balance('provider', 150)], [payment('a', 2_000), payment('b', 10, 20)]))).toEqual(
    [
      'The books balance. 1.50 too much: provider 1.50',
      'Nobody is charged twice. more than the bill: a',
      'Nothing is refunded that was not captured. more than was captured: b',
    ],
  )
})

test('payments are counted by where they stand, the most first', () => {
  expect(standings([payment('a', 1), payment('b', 1, 0, 'unknown'), payment('c', 1)])).toEqual([
    ['captured', 2],
    ['unknown', 1],
  ])
})

test.each([
  [320, 'g', '320 g'],
  [58_180, 'g', '58.2 kg'],
  [1_200, 'piece', '1,200'],
] as const)('%d %s is %s', (amount, unit, words) => expect(amountIn(amount, unit)).toBe(words))
