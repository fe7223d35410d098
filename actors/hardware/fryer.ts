/**
 * The fryer: a vat of oil with a thermostat. A cold basket takes the heat out of it, and it has to recover.
 *
 * Owns:     the constants of a fryer. Eight litres of oil are at 180 °C in about seven minutes, and have the heat of
 *           a basket back in half a minute.
 * Does not: decide anything by itself: `appliance.ts` does.
 */
import { defineActor } from '#actor'
import type { ApplianceKind } from './appliance.ts'
import { applianceMachine, applianceQueries } from './appliance.ts'
import { bankOf, FryerCommand } from './appliance-messages.ts'

/** Kelvin on each side of the target between which the relay rests. */
const hysteresis = 3

export const fryerKind: ApplianceKind = {
  name: 'fryer',
  plant: {
    power: 6_000,
    capacity: 14_000,
    loss: 9,
    doorLoss: 0,
    load: 350,
    opening: 0,
    // Five kelvin of 160, for each basket.
    dip: 0.03,
    lag: 5,
    room: 22,
  },
  control: ({ target, offset }) => ({
    kind: 'thermostat',
    low: target - hysteresis - offset,
    high: target + hysteresis - offset,
  }),
  level: () => 0,
}

export const fryer = defineActor({
  type: 'fryer',
  glyph: 'disc',
  accepts: FryerCommand,
  creates: ['appliance.open'],
  machine: applianceMachine(fryerKind),
  queries: applianceQueries(fryerKind),
  shardKey: bankOf,
})
