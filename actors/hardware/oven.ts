/**
 * The oven: a cavity with a thermostat, a door and slots.
 *
 * Owns:     the constants of an oven. From a cold start it is at 180 °C in about seven minutes.
 * Does not: decide anything by itself: `appliance.ts` does.
 */
import { defineActor } from '#actor'
import type { ApplianceKind } from './appliance.ts'
import { applianceMachine, applianceQueries } from './appliance.ts'
import { bankOf, OvenCommand } from './appliance-messages.ts'

/** Kelvin on each side of the target between which the relay rests. */
const hysteresis = 4

export const ovenKind: ApplianceKind = {
  name: 'oven',
  plant: {
    power: 3_600,
    capacity: 6_000,
    loss: 9,
    doorLoss: 30,
    load: 100,
    opening: 0.02,
    dip: 0,
    lag: 8,
    room: 22,
  },
  // A sensor that has drifted moves the thresholds with it.
  control: ({ target, offset }) => ({
    kind: 'thermostat',
    low: target - hysteresis - offset,
    high: target + hysteresis - offset,
  }),
  level: () => 0,
}

export const oven = defineActor({
  type: 'oven',
  glyph: 'disc',
  accepts: OvenCommand,
  creates: ['appliance.open'],
  machine: applianceMachine(ovenKind),
  queries: applianceQueries(ovenKind),
  shardKey: bankOf,
})
