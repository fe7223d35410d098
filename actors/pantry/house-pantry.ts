/** The bins of a house of some size, and what they open with. */
import type { ActorRef } from '#actor'
import { hours } from '#actor'
import type { Ingredient, Stock } from '../orders/menu-data.ts'
import { ingredients } from '../orders/menu-data.ts'
import { type BinMessage, binRef } from './messages.ts'

export interface HousePantry {
  /** Of every usual stock and level. */
  readonly scale: number
  /** Of single ingredients, instead. */
  readonly opening?: Readonly<Partial<Record<string, number>>>
  /** Of every usual shelf life. Default 1. */
  readonly shelfLife?: number
}

export function housePantry(
  site: string,
  { scale, opening = {}, shelfLife = 1 }: HousePantry,
): readonly (readonly [ActorRef<BinMessage>, BinMessage])[] {
  const scaled = (amount: number): number => Math.round(amount * scale)
  return (Object.entries(ingredients) as [Ingredient, Stock][]).map(([name, stock]) => [
    binRef(site, name),
    {
      type: 'bin.open',
      opening: opening[name] ?? scaled(stock.opening),
      par: scaled(stock.par),
      low: scaled(stock.low),
      unit: stock.unit,
      shelfLifeMs: Math.max(1, Math.round(hours(24) * stock.keepsDays * shelfLife)),
    },
  ])
}
