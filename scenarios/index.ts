/**
 * Restaurant days, by name.
 *
 * Knows:          what happens on them, as data.
 * Does not know:  who runs them, or how.
 */
import type { Day } from '#day'
import { everythingAtOnce } from './everything-at-once.ts'
import { fridayRush } from './friday-rush.ts'
import { lateDelivery } from './late-delivery.ts'
import { nodeDiesInTheRush } from './node-dies-in-the-rush.ts'
import { ovenBreaksAtEight } from './oven-breaks-at-eight.ts'
import { paymentOutage } from './payment-outage.ts'
import { quietTuesday } from './quiet-tuesday.ts'
import { splitKitchen } from './split-kitchen.ts'

export const days: Readonly<Record<string, Day>> = Object.fromEntries(
  [
    quietTuesday,
    fridayRush,
    ovenBreaksAtEight,
    nodeDiesInTheRush,
    splitKitchen,
    paymentOutage,
    lateDelivery,
    everythingAtOnce,
  ].map((day) => [day.name, day]),
)

export {
  everythingAtOnce,
  fridayRush,
  lateDelivery,
  nodeDiesInTheRush,
  ovenBreaksAtEight,
  paymentOutage,
  quietTuesday,
  splitKitchen,
}
