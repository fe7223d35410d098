/**
 * What a guest is about to order.
 *
 * Owns:     quantities and substitutes of each dish, and what they come to by the menu that is shown.
 * Does not: know what is left of anything: a quote says so, and the order decides.
 *
 * Invariants:
 *   C1. A dish stands in it once, with a quantity from 1 to `quantityMax`.
 *   C2. What is asked for is on the menu and available; what is not stays in sight, and is not asked for.
 */
import type { Dish } from './answers.ts'
import { wordsOf } from './words.ts'

export interface Line {
  readonly dish: string
  readonly quantity: number
  /** Ingredients that the menu offers something else for. */
  readonly substitute: readonly string[]
}

export type Cart = readonly Line[]

/** A line as a quote and an order take it. */
export interface Wish {
  readonly dish: string
  readonly quantity: number
  readonly options?: { readonly substitute: readonly string[] }
}

/** The API takes as many of one dish. */
export const quantityMax = 50

export const quantityOf = (cart: Cart, dish: string): number =>
  cart.find((line) => line.dish === dish)?.quantity ?? 0

export function withMore(cart: Cart, dish: string, by: number): Cart {
  const quantity = Math.min(quantityMax, quantityOf(cart, dish) + by)
  if (quantity <= 0) return cart.filter((line) => line.dish !== dish)
  if (!cart.some((line) => line.dish === dish)) return [...cart, { dish, quantity, substitute: [] }]
  return cart.map((line) => (line.dish === dish ? { ...line, quantity } : line))
}

/** Asks for the substitute of one of its ingredients, or no more. */
export const withSwapped = (cart: Cart, dish: string, ingredient: string): Cart =>
  cart.map((line) => {
    if (line.dish !== dish) return line
    const others = line.substitute.filter((one) => one !== ingredient)
    const isAsked = others.length < line.substitute.length
    return { ...line, substitute: isAsked ? others : [...others, ingredient] }
  })

/** `mozzarella instead of cheddar`. */
export function swapIn({ ingredients }: Dish, ingredient: string): string {
  const { substitute = ingredient } = ingredients.find((one) => one.ingredient === ingredient) ?? {}
  return `${wordsOf(substitute)} instead of ${wordsOf(ingredient)}`
}

const dishIn = (menu: readonly Dish[], dish: string): Dish | undefined =>
  menu.find((one) => one.dish === dish)

/** Lines that can be ordered now, with what the menu says of each. */
export const orderable = (
  cart: Cart,
  menu: readonly Dish[],
): readonly { readonly line: Line; readonly dish: Dish }[] =>
  cart.flatMap((line) => {
    const dish = dishIn(menu, line.dish)
    return dish?.available ? [{ line, dish }] : []
  })

/** Dishes that were chosen, and cannot be had any more. */
export const soldOut = (cart: Cart, menu: readonly Dish[]): readonly string[] =>
  cart.flatMap(({ dish }) => {
    const known = dishIn(menu, dish)
    return known?.available ? [] : [known?.name ?? dish]
  })

export const dishCount = (cart: Cart, menu: readonly Dish[]): number =>
  orderable(cart, menu).reduce((sum, { line }) => sum + line.quantity, 0)

/** In cents. */
export const totalOf = (cart: Cart, menu: readonly Dish[]): number =>
  orderable(cart, menu).reduce((sum, { line, dish }) => sum + line.quantity * dish.price.amount, 0)

export const wishesOf = (cart: Cart, menu: readonly Dish[]): readonly Wish[] =>
  orderable(cart, menu).map(({ line: { dish, quantity, substitute } }) => ({
    dish,
    quantity,
    ...(substitute.length > 0 && { options: { substitute } }),
  }))

/** With what was ordered once, as it was ordered; what else is chosen stays. */
export const withAgain = (cart: Cart, items: readonly Wish[]): Cart => [
  ...cart.filter(({ dish }) => !items.some((one) => one.dish === dish)),
  ...items.map(({ dish, quantity, options }) => ({ dish, quantity, substitute: options?.substitute ?? [] })),
]
