import { describe, expect, test } from 'vitest'
import type { Dish } from './answers.ts'
import {
  type Cart,
  dishCount,
  quantityMax,
  quantityOf,
  soldOut,
  swapIn,
  totalOf,
  wishesOf,
  withAgain,
  withMore,
  withSwapped,
} from './cart.ts'
import { clockOf, dishesIn, listOf, moneyIn, shortOrder, totalIn } from './words.ts'

const dish = (name: string, amount: number, available = true): Dish => ({
  dish: name.toLowerCase(),
  name,
  price: { amount, currency: 'EUR' },
  available,
  ingredients: [{ ingredient: 'feta', substitute: 'mozzarella' }, { ingredient: 'olive-oil' }],
})
const menu = [dish('Salad', 980), dish('Soup', 455), dish('Fish', 2_450, false)]
const cart: Cart = [
  { dish: 'salad', quantity: 2, substitute: ['feta'] },
  { dish: 'fish', quantity: 1, substitute: [] },
  { dish: 'gone', quantity: 1, substitute: [] },
]

describe('a cart', () => {
  test('C1: has a dish once, from one to as many as the API takes', () => {
    let now = withMore(withMore([], 'salad', 1), 'salad', 2)
    expect(now).toEqual([{ dish: 'salad', quantity: 3, substitute: [] }])
    now = withMore(now, 'salad', 1_000)
    expect(quantityOf(now, 'salad')).toBe(quantityMax)
    expect(withMore(now, 'salad', -quantityMax)).toEqual([])
    expect(withMore([], 'salad', -1)).toEqual([])
  })

  test('C2: asks for what can be had, and says what cannot', () => {
    expect(wishesOf(cart, menu)).toEqual([{ dish: 'salad', quantity: 2, options: { substitute: ['feta'] } }])
    expect(soldOut(cart, menu)).toEqual(['Fish', 'gone'])
    expect([dishCount(cart, menu), totalOf(cart, menu)]).toEqual([2, 1_960])
  })

  test('swaps an ingredient, and back', () => {
    const swapped = withSwapped(withMore([], 'salad', 1), 'salad', 'feta')
    expect(swapped[0]?.substitute).toEqual(['feta'])
    expect(withSwapped(swapped, 'salad', 'feta')[0]?.substitute).toEqual([])
    expect(swapIn(dish('Salad', 1), 'feta')).toBe('mozzarella instead of feta')
  })

  test('takes an order again as it was, with its substitutes, and keeps what else is chosen', () => {
    const items = [
      { dish: 'salad', quantity: 1, options: { substitute: ['feta'] } },
      { dish: 'soup', quantity: 2 },
    ]
    const again = [
      { dish: 'salad', quantity: 1, substitute: ['feta'] },
      { dish: 'soup', quantity: 2, substitute: [] },
    ]
    expect(withAgain([], items)).toEqual(again)
    expect(wishesOf(again, menu)).toEqual(items)
    const chosen = [
      { dish: 'fish', quantity: 1, substitute: [] },
      { dish: 'soup', quantity: 1, substitute: [] },
    ]
    expect(withAgain(chosen, items)).toEqual([chosen[0], ...again])
  })
})

test('money has two decimals, from cents, and its sign on totals alone', () => {
  expect([0, 5, 71_50, 100_000].map(moneyIn)).toEqual(['0.00', '0.05', '71.50', '1000.00'])
  expect(totalIn({ amount: 71_50, currency: 'EUR' })).toBe('€ 71.50')
  expect(totalIn({ amount: 1, currency: 'CHF' })).toBe('CHF 0.01')
})

test('times are of the restaurant’s clock, and names are short', () => {
  expect(clockOf('2026-05-01T19:42:04.280Z')).toBe('19:42')
  expect(shortOrder('ord_0123456789abcdef')).toBe('abcdef')
  expect([dishesIn(1), dishesIn(3)]).toEqual(['1 dish', '3 dishes'])
  expect([listOf([]), listOf(['a']), listOf(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
})
