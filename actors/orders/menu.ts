/**
 * What a site sells today, and for how much.
 *
 * Owns:     the published dishes with price, availability and needs, and a draft while there is one.
 * Does not: hold recipes (`menu-data.ts`): a dish can be sold only if the kitchen knows how to make it.
 *
 * Invariants:
 *   M1. Guests see the published list, whole: a draft replaces it in one turn.
 *   M2. Every dish of the list has a recipe, and every ingredient of it a bin.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, emit, reply } from '#actor'
import type { StockLine } from '../pantry/messages.ts'
import { stateName } from '../state-name.ts'
import { ingredients, recipeOf, recipes } from './menu-data.ts'
import type { MenuItem, OrderItem } from './messages.ts'
import { MenuMessage } from './messages.ts'

export interface MenuContext {
  readonly site: string
  /** Grows with each change that guests can see. */
  readonly edition: number
  readonly items: readonly MenuItem[]
  readonly draft: readonly MenuItem[] | null
}

/** What somebody would like: `substitute` names ingredients that may be replaced by their stand-ins. */
export interface Wish {
  readonly dish: string
  readonly quantity: number
  readonly substitute?: readonly string[]
}

/** All that `order.place` takes from the menu. */
export interface Quote {
  readonly items: readonly OrderItem[]
  readonly needs: readonly StockLine[]
  readonly total: number
  /** What cannot be sold as it is wished for. With one of them the rest is not an order. */
  readonly refused: readonly RefusedWish[]
}

/** `item` is the wish's place in the list, `substitute` that of the ingredient in the wish's own. */
export type RefusedWish = { readonly item: number; readonly dish: string } & (
  | { readonly why: 'unknown' | 'unavailable' }
  | { readonly why: 'no-substitute'; readonly substitute: number }
)

export function quote(menu: readonly MenuItem[], wishes: readonly Wish[]): Quote {
  const items: OrderItem[] = []
  const refused: RefusedWish[] = []
  const needs = new Map<string, number>()
  for (const [item, { dish, quantity, substitute = [] }] of wishes.entries()) {
    const entry = menu.find((one) => one.dish === dish)
    if (entry === undefined || !entry.available) {
      refused.push({ item, dish, why: entry === undefined ? 'unknown' : 'unavailable' })
      continue
    }
    items.push({ dish, quantity, price: entry.price })
    const standIns = new Map(entry.needs.map((need) => [need.ingredient, need.substitute]))
    for (const [n, ingredient] of substitute.entries()) {
      if (standIns.get(ingredient) === undefined)
        refused.push({ item, dish, why: 'no-substitute', substitute: n })
    }
    for (const need of entry.needs) {
      const ingredient = substitute.includes(need.ingredient)
        ? (need.substitute ?? need.ingredient)
        : need.ingredient
      needs.set(ingredient, (needs.get(ingredient) ?? 0) + need.amount * quantity)
    }
  }
  return {
    items,
    needs: [...needs].map(([ingredient, amount]) => ({ ingredient, amount })),
    total: items.reduce((sum, { quantity, price }) => sum + quantity * price, 0),
    refused,
  }
}

const houseMenu: readonly MenuItem[] = Object.entries(recipes).map(([dish, { name, price, needs }]) => ({
  dish,
  name,
  price,
  available: true,
  needs,
}))

/** What the house lacks to make it. Without a bin, an order would wait for the ingredient until it expires, and then for the bin to say that it is free. */
function lackingOf({ dish, needs }: MenuItem): string | undefined {
  if (recipeOf(dish) === undefined) return `a recipe for '${dish}'`
  const unknown = needs
    .flatMap(({ ingredient, substitute = ingredient }) => [ingredient, substitute])
    .find((ingredient) => !Object.hasOwn(ingredients, ingredient))
  return unknown === undefined ? undefined : `a bin of '${unknown}'`
}

const put = (items: readonly MenuItem[], item: MenuItem): MenuItem[] =>
  items.some(({ dish }) => dish === item.dish)
    ? items.map((entry) => (entry.dish === item.dish ? item : entry))
    : [...items, item]

const avail = (items: readonly MenuItem[], dish: string, available: boolean): MenuItem[] =>
  items.map((item) => (item.dish === dish ? { ...item, available } : item))

export const menuMachine = setup({
  types: {
    context: {} as MenuContext,
    events: {} as Delivered<MenuMessage>,
    input: {} as Birth,
  },
  guards: {
    lacks: ({ event }) => event.type === 'menu.put' && lackingOf(event.item) !== undefined,
    isTaken: ({ context: { items, draft }, event }) =>
      event.type === 'menu.put' &&
      event.isNew === true &&
      (draft ?? items).some(({ dish }) => dish === event.item.dish),
    isListed: ({ context, event }) =>
      event.type === 'menu.avail' && context.items.some(({ dish }) => dish === event.dish),
  },
  actions: {
    nextEdition: assign({ edition: ({ context }) => context.edition + 1 }),
    publish: emit(({ context: { site, edition } }) => ({ type: 'menu.changed', site, edition })),
    showEdition: reply(({ context: { edition } }) => ({ type: 'menu.edition', edition })),
    refuse: reply(({ event }) => ({
      type: 'menu.no-recipe',
      lacks: (event.type === 'menu.put' && lackingOf(event.item)) || '',
    })),
    refuseTaken: reply({ type: 'menu.taken' }),
  },
}).createMachine({
  id: 'menu',
  version: '1',
  context: ({ input }) => ({ site: input.key, edition: 0, items: [], draft: null }),
  initial: 'closed',
  states: {
    closed: {
      tags: 'rest',
      on: {
        'menu.open': {
          target: 'published',
          actions: [assign({ items: houseMenu }), 'nextEdition', 'publish', 'showEdition'],
        },
      },
    },
    published: {
      tags: 'rest',
      on: {
        'menu.edit': { target: 'editing', actions: assign({ draft: ({ context }) => context.items }) },
        'menu.put': [
          { guard: 'lacks', actions: 'refuse' },
          { guard: 'isTaken', actions: 'refuseTaken' },
          {
            actions: [
              assign({ items: ({ context, event }) => put(context.items, event.item) }),
              'nextEdition',
              'publish',
              'showEdition',
            ],
          },
        ],
        'menu.avail': {
          guard: 'isListed',
          actions: [
            assign({ items: ({ context, event }) => avail(context.items, event.dish, event.available) }),
            'nextEdition',
            'publish',
            'showEdition',
          ],
        },
      },
    },
    editing: {
      tags: 'working',
      on: {
        'menu.put': [
          { guard: 'lacks', actions: 'refuse' },
          { guard: 'isTaken', actions: 'refuseTaken' },
          {
            actions: [
              assign({ draft: ({ context, event }) => put(context.draft ?? context.items, event.item) }),
              'showEdition',
            ],
          },
        ],
        // A dish that has run out cannot wait for the draft.
        'menu.avail': {
          guard: 'isListed',
          actions: [
            assign({
              items: ({ context, event }) => avail(context.items, event.dish, event.available),
              draft: ({ context, event }) =>
                avail(context.draft ?? context.items, event.dish, event.available),
            }),
            'nextEdition',
            'publish',
            'showEdition',
          ],
        },
        'menu.publish': {
          target: 'published',
          actions: [
            assign({ items: ({ context }) => context.draft ?? context.items, draft: null }),
            'nextEdition',
            'publish',
            'showEdition',
          ],
        },
        'menu.discard': { target: 'published', actions: assign({ draft: null }) },
      },
    },
  },
})

export const menu = defineActor({
  type: 'menu',
  glyph: 'square',
  accepts: MenuMessage,
  creates: ['menu.open'],
  machine: menuMachine,
  queries: {
    items: ({ context, value, version }) => {
      const { site, edition, items } = context as MenuContext
      return { site, edition, items, state: stateName(value), version }
    },
    draft: ({ context }) => ({ items: (context as MenuContext).draft }),
    price: ({ context }, args) =>
      quote((context as MenuContext).items, (args as { items: readonly Wish[] }).items),
  },
})
