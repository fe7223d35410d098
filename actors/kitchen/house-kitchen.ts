/**
 * A kitchen for a house of some size.
 *
 * Sized on the menu with every dish equally liked: a portion takes 1.8 minutes of garde-manger hands, 4.4 minutes of
 * a pan's slot, half a minute of a fryer's, 5.3 of an oven's and 4 of a pastry oven's. Size 1 is made for 1,000 guests and 2,000 dishes in
 * twelve hours, and for an evening rush of two and a half times the mean.
 */
import type { StationOpen } from './kitchen-messages.ts'

/** What to tell the stations of a site (`stationRef(site, name)`) so that it can cook; `size` scales hands and heat. */
export function houseKitchen(site: string, size = 1): readonly StationOpen[] {
  const times = (count: number): number => Math.max(1, Math.ceil(count * size))
  const open = { type: 'station.open', site, ovens: 0, pans: 0, fryers: 0, slots: 4 } as const
  return [
    { ...open, name: 'grill', cooks: times(6), pans: times(10), fryers: times(2) },
    { ...open, name: 'oven', cooks: times(4), ovens: times(11) },
    { ...open, name: 'garde-manger', cooks: times(15), slots: 1 },
    { ...open, name: 'pastry', cooks: times(3), ovens: times(9) },
  ]
}
