import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { Quote } from './menu.ts'
import { menu } from './menu.ts'
import type { Recipe } from './menu-data.ts'
import { ingredients, recipeOf, recipes, stationNames } from './menu-data.ts'
import type { MenuItem } from './messages.ts'

const reached = new Set<string>()
const open = { type: 'menu.open' }
const edit = { type: 'menu.edit' }
const publish = { type: 'menu.publish' }
const discard = { type: 'menu.discard' }
const avail = (dish: string, available: boolean): AnyMessage => ({ type: 'menu.avail', dish, available })
const put = (item: Partial<MenuItem>): AnyMessage => ({
  type: 'menu.put',
  item: {
    dish: 'caprese',
    name: 'Caprese',
    price: 1_200,
    available: true,
    needs: [{ ingredient: 'basil', amount: 6 }],
    ...item,
  },
})

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(menu, 'main')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`menu:${stage.state}`).add(`menu>${message.type}`)
  }
  const items = () => stage.query<{ items: MenuItem[] }>('items').items
  const price = (dish = 'caprese') => items().find((item) => item.dish === dish)?.price
  const quote = (...wishes: unknown[]) => stage.query<Quote>('price', { items: wishes })
  return { stage, effects, items, price, quote, state: stage.state }
}

const changes = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))

describe('the house recipes', () => {
  const all: readonly (readonly [string, Recipe])[] = Object.entries(recipes)

  test('are many enough to run out of something', () => {
    expect(all.length).toBeGreaterThanOrEqual(12)
    expect(
      new Set(all.flatMap(([, { needs }]) => needs.map((need) => need.ingredient))).size,
    ).toBeGreaterThanOrEqual(20)
    expect(new Set(all.flatMap(([, { steps }]) => steps.map((step) => step.station)))).toEqual(
      new Set(stationNames),
    )
    expect(all.some(([, { needs }]) => needs.some((need) => need.substitute !== undefined))).toBe(true)
  })

  test('D1, D2: are whole cents, grams and pieces of ingredients that there are', () => {
    for (const [dish, { price, needs, steps }] of all) {
      expect([dish, Number.isInteger(price) && price > 0]).toEqual([dish, true])
      expect(new Set(needs.map((need) => need.ingredient)).size).toBe(needs.length)
      for (const { ingredient, amount, substitute } of needs) {
        expect(ingredients).toHaveProperty(ingredient)
        if (substitute !== undefined) {
          expect(ingredients).toHaveProperty(substitute)
          const [own, other]: readonly { unit: string }[] = [ingredients[ingredient], ingredients[substitute]]
          expect([ingredient, own?.unit]).toEqual([ingredient, other?.unit])
        }
        expect(Number.isInteger(amount) && amount > 0).toBe(true)
      }
      for (const { station, minutes, heat } of steps) {
        expect(minutes).toBeGreaterThan(0)
        const bank = {
          grill: ['pan', 'fryer'],
          oven: ['oven'],
          pastry: ['oven'],
          'garde-manger': [undefined],
        }
        expect(bank[station]).toContain(heat?.appliance)
      }
    }
  })

  test('use every appliance and every way to know when it is done', () => {
    const heats = all.flatMap(([, { steps }]) => steps.flatMap(({ heat }) => heat ?? []))
    expect(new Set(heats.map(({ appliance }) => appliance))).toEqual(new Set(['oven', 'pan', 'fryer']))
    expect(new Set(heats.map(({ probed = false }) => probed))).toEqual(new Set([true, false]))
    expect([all.length >= 12, Object.keys(ingredients).length >= 20]).toEqual([true, true])
  })

  test('are found by name, and nothing else is', () => {
    expect(recipeOf('caprese')?.name).toBe('Caprese')
    for (const name of ['pizza', 'constructor', '__proto__']) expect(recipeOf(name)).toBeUndefined()
  })
})

describe('the menu', () => {
  test('opens with every dish of the house', () => {
    const { items, effects } = walk(open)
    expect(items()).toHaveLength(Object.keys(recipes).length)
    expect(changes(effects)).toEqual([{ type: 'menu.changed', site: 'main', edition: 1 }])
  })

  test('changes at once when there is no draft', () => {
    const { price, effects } = walk(open, put({}))
    expect(price()).toBe(1_200)
    expect(changes(effects)).toMatchObject([{ edition: 2 }])
  })

  test('M1: guests see a draft when it is published, and not before', () => {
    expect(walk(open, edit, put({})).price()).toBe(1_050)
    expect(changes(walk(open, edit, put({})).effects)).toEqual([])
    expect(walk(open, edit, put({})).stage.query<{ items: MenuItem[] }>('draft').items).toContainEqual(
      expect.objectContaining({ dish: 'caprese', price: 1_200 }),
    )
    expect(walk(open, edit, put({}), publish).price()).toBe(1_200)
    const dropped = walk(open, edit, put({}), discard)
    expect([dropped.price(), dropped.state]).toEqual([1_050, 'published'])
  })

  test('takes a dish off at once, in the draft too', () => {
    const off = (way: AnyMessage[]) =>
      walk(...way)
        .items()
        .find(({ dish }) => dish === 'caprese')?.available
    expect(off([open, avail('caprese', false)])).toBe(false)
    expect(off([open, edit, avail('caprese', false)])).toBe(false)
    expect(off([open, edit, avail('caprese', false), publish])).toBe(false)
    expect(walk(open).stage.send(avail('pizza', false))).toBeUndefined()
  })

  test('M2: takes no dish that the kitchen cannot make', () => {
    for (const way of [[open], [open, edit]]) {
      const { effects } = walk(...way, put({ dish: 'fugu' }))
      const message = { type: 'menu.no-recipe', lacks: "a recipe for 'fugu'" }
      expect(effects).toEqual([{ kind: 'reply', message }])
    }
  })

  test('a dish that is meant to be new replaces none', () => {
    for (const way of [[open], [open, edit]]) {
      const { effects, price } = walk(...way, { ...put({}), isNew: true })
      expect([effects, price()]).toEqual([[{ kind: 'reply', message: { type: 'menu.taken' } }], 1_050])
    }
  })

  test('M2: takes no dish of an ingredient for which there is no bin', () => {
    for (const [missing, needs] of [
      ['unicorn', [{ ingredient: 'unicorn', amount: 1 }]],
      ['toString', [{ ingredient: 'toString', amount: 1 }]],
      ['unicorn', [{ ingredient: 'basil', amount: 1, substitute: 'unicorn' }]],
    ] as const) {
      const { effects } = walk(open, put({ needs }))
      const message = { type: 'menu.no-recipe', lacks: `a bin of '${missing}'` }
      expect(effects).toEqual([{ kind: 'reply', message }])
    }
  })

  test('puts a dish back that had been missing', () => {
    const stage = new Stage(menu, 'main')
    stage.send(open)
    stage.snapshot = { ...stage.snapshot, context: { ...stage.context, items: [] } } as typeof stage.snapshot
    stage.send(put({}))
    expect(stage.query<{ items: MenuItem[] }>('items').items).toHaveLength(1)
  })
})

describe('a quote', () => {
  test('is all that an order takes: prices, needs summed over the dishes, the total', () => {
    const quote = walk(open).quote(
      { dish: 'caprese', quantity: 2 },
      { dish: 'margherita-pizza', quantity: 1 },
    )
    expect(quote).toEqual({
      items: [
        { dish: 'caprese', quantity: 2, price: 1_050 },
        { dish: 'margherita-pizza', quantity: 1, price: 1_150 },
      ],
      needs: [
        { ingredient: 'mozzarella', amount: 375 },
        { ingredient: 'tomatoes', amount: 480 },
        { ingredient: 'basil', amount: 17 },
        { ingredient: 'olive-oil', amount: 30 },
        { ingredient: 'pizza-dough', amount: 1 },
      ],
      total: 3_250,
      refused: [],
    })
  })

  test('replaces what the guest allows, where the recipe allows it', () => {
    const needs = (...substitute: string[]) =>
      walk(open)
        .quote({ dish: 'sea-bass', quantity: 1, substitute })
        .needs.map((need) => need.ingredient)
    expect(needs()).toEqual(['sea-bass', 'leek', 'butter', 'lemon'])
    expect(needs('sea-bass')).toEqual(['cod', 'leek', 'butter', 'lemon'])
  })

  test('says which wishes for a substitute the dish does not offer, and drops none in silence', () => {
    const { quote } = walk(open)
    const wish = { dish: 'sea-bass', quantity: 1, substitute: ['sea-bass', 'leek', 'unicorn'] }
    expect(quote({ dish: 'caprese', quantity: 1 }, wish).refused).toEqual([
      { item: 1, dish: 'sea-bass', why: 'no-substitute', substitute: 1 },
      { item: 1, dish: 'sea-bass', why: 'no-substitute', substitute: 2 },
    ])
  })

  test('says which dishes cannot be sold', () => {
    const { quote } = walk(open, avail('caprese', false))
    expect(quote({ dish: 'caprese', quantity: 1 }, { dish: 'fugu', quantity: 1 })).toEqual({
      items: [],
      needs: [],
      total: 0,
      refused: [
        { item: 0, dish: 'caprese', why: 'unavailable' },
        { item: 1, dish: 'fugu', why: 'unknown' },
      ],
    })
  })
})

afterAll(() => expect(unreached(menu, reached)).toEqual([]))
