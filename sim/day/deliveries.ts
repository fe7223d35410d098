/** What suppliers bring, and when: as the day has ordered it, and as its troubles let it come. */
import type { Ingredient } from '#actors'
import type { Day } from './day.ts'
import type { Of } from './faults/fault.ts'
import { durationUs, timeUs } from './time-of-day.ts'

export interface Delivery {
  /** Microseconds since midnight. */
  readonly at: number
  readonly ingredient: Ingredient
  readonly amount: number
  /** Why it is not what was ordered. */
  readonly trouble?: Of<'delivery-late' | 'delivery-short'>
}

export function deliveriesOf({ stock, faults }: Day): readonly Delivery[] {
  return stock.deliveries.map(({ at, ingredient, amount }) => {
    const ordered = { at: timeUs(at), ingredient, amount }
    for (const fault of faults) {
      if (fault.kind !== 'delivery-late' && fault.kind !== 'delivery-short') continue
      if (fault.at !== at || fault.ingredient !== ingredient) continue
      return fault.kind === 'delivery-late'
        ? { ...ordered, at: ordered.at + durationUs(fault.by), trouble: fault }
        : { ...ordered, amount: Math.max(1, Math.floor(amount * fault.share)), trouble: fault }
    }
    return ordered
  })
}
