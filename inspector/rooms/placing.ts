/**
 * Placing orders from here: what an order of these plates is, and many of them one after the other.
 *
 * They are messages of an operator to an actor. The public door, with its quotas, its look at the stock and its keys for
 * retries, is not asked; the order itself decides all else.
 */
import type { Dish, Menu } from '../data/house.ts'

export interface Wish {
  readonly dish: string
  readonly quantity: number
}

/** What the provider that comes with Brigade does with each. */
export const cards = [
  { token: 'tok_ok', words: 'a card that pays' },
  { token: 'tok_declined', words: 'a card that is declined' },
  { token: 'tok_slow', words: 'a card whose answer comes late' },
  { token: 'tok_timeout_captured', words: 'a card that is charged, and nobody hears of it' },
  { token: 'tok_flaky', words: 'a card that fails now and then' },
] as const

/** Minutes of the restaurant; the public door reckons with the longest dish instead. */
export const promisedMin = 45
export const burst = 50
const atOnce = 4

export const totalOf = (menu: readonly Dish[], wishes: readonly Wish[]): number =>
  wishes.reduce((sum, { dish, quantity }) => sum + quantity * (priceOf(menu, dish) ?? 0), 0)

const priceOf = (menu: readonly Dish[], name: string): number | undefined =>
  menu.find(({ dish }) => dish === name)?.price

/** `now`: of the world, in milliseconds. */
export function orderOf(
  { site, items: menu }: Menu,
  wishes: readonly Wish[],
  { now, token, serve }: { readonly now: number; readonly token: string; readonly serve: string },
): object {
  const asked = wishes.filter(({ quantity }) => quantity > 0)
  const needs = new Map<string, number>()
  for (const { dish, quantity } of asked)
    for (const need of menu.find((one) => one.dish === dish)?.needs ?? [])
      needs.set(need.ingredient, (needs.get(need.ingredient) ?? 0) + need.amount * quantity)
  return {
    type: 'order.place',
    site,
    items: asked.map((wish) => ({ ...wish, price: priceOf(menu, wish.dish) ?? 0 })),
    needs: [...needs].map(([ingredient, amount]) => ({ ingredient, amount })),
    total: totalOf(menu, asked),
    serve,
    promisedAt: Math.round((now + promisedMin * 60_000) * 1_000),
    token,
  }
}

/** Some at once, until all are done; what came of each is told as it comes. */
export async function inTurn(
  count: number,
  place: () => Promise<unknown>,
  told: (placed: number, refused: number) => void,
): Promise<void> {
  let [begun, placed, refused] = [0, 0, 0]
  const work = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      await place().then(
        () => {
          placed += 1
        },
        () => {
          refused += 1
        },
      )
      told(placed, refused)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work))
}

/** The same as a guest, for a terminal. */
export const asGuest = (wishes: readonly Wish[]): string => {
  const asked = wishes.filter(({ quantity }) => quantity > 0)
  const items = JSON.stringify(asked.length > 0 ? asked : [{ dish: 'caprese', quantity: 1 }])
  return [
    'curl -i http://127.0.0.1:4000/api/v1/orders \\',
    "  -H 'content-type: application/json' \\",
    '  -H "idempotency-key: $(openssl rand -hex 16)" \\',
    `  -d '{"items":${items},"payment":{"token":"tok_ok"}}'`,
  ].join('\n')
}
