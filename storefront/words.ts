/** Money, times and names as this page writes them. */
import type { Order } from '#gateway'

/** `71.50`, from cents. */
export function moneyIn(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`
}

/** `€ 71.50`: for totals. */
export const totalIn = ({ amount, currency }: Order['total']): string =>
  `${currency === 'EUR' ? '€' : currency} ${moneyIn(amount)}`

/** `19:42` of the restaurant's day. */
export const clockOf = (timestamp: string): string => timestamp.slice(11, 16)

/** The end of an id is enough to tell a guest's orders apart; the house's messages have the same. */
export const shortOrder = (id: string): string => id.slice(-6)

/** `1 dish`, `3 dishes`. */
export const dishesIn = (count: number): string => `${count} ${count === 1 ? 'dish' : 'dishes'}`

/** `pizza dough` of `pizza-dough`. */
export const wordsOf = (id: string): string => id.replaceAll('-', ' ')

/** `tomatoes, basil and butter`. */
export function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
