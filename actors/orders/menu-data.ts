/**
 * The dishes of the restaurant, what they are made of, and how they are made.
 *
 * Owns:     ingredients with their units and stock levels; recipes with their amounts and steps.
 * Does not: hold the published menu (`menu.ts` does, and a manager may change its prices there), count
 *           stock (`pantry/bin.ts`), or cook (the kitchen).
 *
 * Invariants:
 *   D1. Money is integer cents; amounts are integer grams or pieces.
 *   D2. Every ingredient of a recipe, and every substitute, has an entry in `ingredients`.
 */

export const stationNames = ['grill', 'oven', 'garde-manger', 'pastry'] as const
/** Grill has pans and fryers, oven and pastry have ovens, garde-manger works cold. */
export type StationName = (typeof stationNames)[number]

export type Appliance = 'oven' | 'pan' | 'fryer'

/** One thing to do to a dish, at one station. With an appliance it occupies one slot of it. */
export interface Step {
  readonly what: string
  readonly station: StationName
  /** World time with the dish in hand, or in the appliance. */
  readonly minutes: number
  readonly heat?: {
    readonly appliance: Appliance
    readonly celsius: number
    /** Its core is measured: it comes out when it is done, and not when its time is over. */
    readonly probed?: boolean
  }
}

/** How much of one ingredient a portion takes, and what may stand in for it, one for one. */
export interface Need {
  readonly ingredient: Ingredient
  readonly amount: number
  readonly substitute?: Ingredient
}

export interface Recipe {
  readonly name: string
  readonly price: number
  readonly needs: readonly Need[]
  readonly steps: readonly Step[]
}

/**
 * Stock of one ingredient: `par` is the level to restock to, `low` the level that raises the alert, and a lot keeps for
 * so many days.
 */
export interface Stock {
  readonly unit: 'g' | 'piece'
  readonly opening: number
  readonly par: number
  readonly low: number
  readonly keepsDays: number
}

const grams = (opening: number, keepsDays: number): Stock => stock('g', opening, keepsDays)
const pieces = (opening: number, keepsDays: number): Stock => stock('piece', opening, keepsDays)
const stock = (unit: Stock['unit'], opening: number, keepsDays: number): Stock => ({
  unit,
  opening,
  par: opening,
  low: Math.floor(opening / 5),
  keepsDays,
})

export const ingredients = {
  'beef-sirloin': grams(30_000, 4),
  'burger-bun': pieces(150, 3),
  'minced-beef': grams(27_000, 2),
  'chicken-thigh': grams(30_000, 3),
  'sea-bass': pieces(60, 2),
  cod: pieces(60, 2),
  prawns: grams(12_000, 2),
  potatoes: grams(60_000, 30),
  tomatoes: grams(40_000, 6),
  'cherry-tomatoes': grams(12_000, 6),
  onions: grams(25_000, 30),
  lettuce: pieces(90, 4),
  'lamb-lettuce': pieces(60, 3),
  cucumber: pieces(60, 7),
  mushrooms: grams(20_000, 4),
  leek: grams(12_000, 7),
  lemon: pieces(120, 21),
  basil: grams(2_000, 2),
  'pizza-dough': pieces(180, 2),
  flour: grams(30_000, 180),
  rice: grams(20_000, 360),
  mozzarella: grams(24_000, 7),
  feta: grams(9_000, 21),
  cheddar: grams(9_000, 30),
  cream: grams(20_000, 7),
  butter: grams(15_000, 30),
  eggs: pieces(360, 21),
  sugar: grams(15_000, 360),
  'dark-chocolate': grams(10_000, 270),
  apples: pieces(120, 30),
  'olive-oil': grams(15_000, 360),
} as const satisfies Record<string, Stock>

export type Ingredient = keyof typeof ingredients

const need = (ingredient: Ingredient, amount: number, substitute?: Ingredient): Need =>
  substitute === undefined ? { ingredient, amount } : { ingredient, amount, substitute }
const cold = (what: string, minutes: number): Step => ({ what, station: 'garde-manger', minutes })
const fry = (what: string, celsius: number, minutes: number): Step => ({
  what,
  station: 'grill',
  minutes,
  heat: { appliance: 'pan', celsius },
})
const deepFry = (what: string, celsius: number, minutes: number): Step => ({
  what,
  station: 'grill',
  minutes,
  heat: { appliance: 'fryer', celsius },
})
const roast = (what: string, celsius: number, minutes: number): Step => ({
  what,
  station: 'oven',
  minutes,
  heat: { appliance: 'oven', celsius },
})
/** Meat and fish are done by their core. */
const probed = (step: Step): Step =>
  step.heat === undefined ? step : { ...step, heat: { ...step.heat, probed: true } }
const bake = (what: string, celsius: number, minutes: number): Step => ({
  what,
  station: 'pastry',
  minutes,
  heat: { appliance: 'oven', celsius },
})

export const recipes = {
  'margherita-pizza': {
    name: 'Pizza margherita',
    price: 1_150,
    needs: [need('pizza-dough', 1), need('tomatoes', 120), need('mozzarella', 125), need('basil', 5)],
    steps: [cold('top the dough', 2), roast('bake the pizza', 280, 7)],
  },
  'mushroom-pizza': {
    name: 'Pizza funghi',
    price: 1_290,
    needs: [need('pizza-dough', 1), need('tomatoes', 120), need('mozzarella', 110), need('mushrooms', 90)],
    steps: [cold('top the dough', 2), roast('bake the pizza', 280, 7)],
  },
  'sirloin-steak': {
    name: 'Sirloin steak with fried potatoes',
    price: 2_850,
    needs: [need('beef-sirloin', 250), need('potatoes', 300), need('butter', 30), need('olive-oil', 15)],
    steps: [deepFry('fry the potatoes', 180, 7), probed(fry('sear the steak', 230, 6))],
  },
  cheeseburger: {
    name: 'Cheeseburger',
    price: 1_450,
    needs: [
      need('burger-bun', 1),
      need('minced-beef', 180),
      need('cheddar', 40, 'mozzarella'),
      need('lettuce', 1, 'lamb-lettuce'),
      need('onions', 30),
    ],
    steps: [fry('fry the patty', 210, 7), cold('build the burger', 2)],
  },
  'roast-chicken': {
    name: 'Roast chicken with lemon',
    price: 1_780,
    needs: [need('chicken-thigh', 320), need('potatoes', 250), need('lemon', 1), need('olive-oil', 20)],
    steps: [fry('brown the skin', 220, 4), probed(roast('roast the chicken', 200, 22))],
  },
  'sea-bass': {
    name: 'Sea bass, leek and butter',
    price: 2_450,
    needs: [need('sea-bass', 1, 'cod'), need('leek', 150), need('butter', 25), need('lemon', 1)],
    steps: [fry('melt the leek', 140, 6), probed(fry('fry the fish', 190, 6))],
  },
  'baked-cod': {
    name: 'Baked cod with tomatoes',
    price: 2_150,
    needs: [
      need('cod', 1, 'sea-bass'),
      need('cherry-tomatoes', 120, 'tomatoes'),
      need('potatoes', 200),
      need('olive-oil', 20),
    ],
    steps: [cold('dress the tray', 3), probed(roast('bake the cod', 190, 14))],
  },
  'prawn-risotto': {
    name: 'Prawn risotto',
    price: 1_990,
    needs: [need('rice', 110), need('prawns', 120), need('onions', 40), need('butter', 30)],
    steps: [fry('stir the rice', 120, 17), fry('fry the prawns', 210, 3)],
  },
  'mushroom-risotto': {
    name: 'Mushroom risotto',
    price: 1_650,
    needs: [need('rice', 110), need('mushrooms', 140), need('onions', 40), need('butter', 30)],
    steps: [fry('stir the rice', 120, 17)],
  },
  'potato-gratin': {
    name: 'Potato gratin',
    price: 1_190,
    needs: [need('potatoes', 350), need('cream', 180), need('butter', 15), need('cheddar', 40, 'mozzarella')],
    steps: [cold('layer the potatoes', 4), roast('bake the gratin', 180, 30)],
  },
  'greek-salad': {
    name: 'Greek salad',
    price: 980,
    needs: [
      need('feta', 90, 'mozzarella'),
      need('cherry-tomatoes', 120, 'tomatoes'),
      need('cucumber', 1),
      need('onions', 20),
      need('olive-oil', 20),
    ],
    steps: [cold('cut and dress', 5)],
  },
  caprese: {
    name: 'Caprese',
    price: 1_050,
    needs: [need('mozzarella', 125), need('tomatoes', 180), need('basil', 6), need('olive-oil', 15)],
    steps: [cold('slice and dress', 4)],
  },
  'leek-quiche': {
    name: 'Leek quiche with salad',
    price: 1_220,
    needs: [
      need('flour', 80),
      need('butter', 40),
      need('eggs', 2),
      need('cream', 100),
      need('leek', 120),
      need('lamb-lettuce', 1, 'lettuce'),
    ],
    steps: [bake('bake the quiche', 180, 25), cold('dress the salad', 2)],
  },
  'chocolate-fondant': {
    name: 'Chocolate fondant',
    price: 890,
    needs: [need('dark-chocolate', 70), need('butter', 40), need('eggs', 2), need('sugar', 40)],
    steps: [bake('bake the fondant', 200, 11)],
  },
  'apple-tart': {
    name: 'Apple tart',
    price: 790,
    needs: [need('apples', 2), need('flour', 70), need('butter', 45), need('sugar', 35)],
    steps: [cold('fan the apples', 3), bake('bake the tart', 190, 24)],
  },
} as const satisfies Record<string, Recipe>

export type DishName = keyof typeof recipes

/** The recipe behind a name that came from outside; undefined when the kitchen does not know the dish. */
export function recipeOf(dish: string): Recipe | undefined {
  return Object.hasOwn(recipes, dish) ? recipes[dish as DishName] : undefined
}
