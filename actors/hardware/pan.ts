/**
 * The pan on its hob: ten heat levels, and nothing that regulates but the choice among them.
 *
 * Owns:     the constants of a pan, and which level it chooses: the highest until it is hot, then the one that
 *           comes nearest to holding the target.
 * Does not: decide anything else: `appliance.ts` does.
 */
import { defineActor } from '#actor'
import type { ApplianceContext, ApplianceKind } from './appliance.ts'
import { applianceMachine, applianceQueries } from './appliance.ts'
import { bankOf, PanCommand } from './appliance-messages.ts'

const levelMax = 9

const plant = {
  power: 1_800,
  capacity: 900,
  loss: 5,
  doorLoss: 0,
  load: 25,
  opening: 0.02,
  dip: 0,
  lag: 3,
  room: 22,
} as const

function holdingLevel({ target, foods }: ApplianceContext): number {
  const watts = plant.loss * (target - plant.room) + plant.load * foods.length
  return Math.max(0, Math.min(levelMax, Math.round((watts / plant.power) * levelMax)))
}

function level(c: ApplianceContext): number {
  if (c.target === 0) return 0
  if (c.hot) return holdingLevel(c)
  // Above the target, for an earlier dish was fried hotter: let it cool.
  return (c.reading ?? 0) > c.target ? 0 : levelMax
}

export const panKind: ApplianceKind = {
  name: 'pan',
  plant,
  control: (c) => ({ kind: 'power', share: c.level / levelMax }),
  level,
}

export const pan = defineActor({
  type: 'pan',
  glyph: 'disc',
  accepts: PanCommand,
  creates: ['appliance.open'],
  machine: applianceMachine(panKind),
  queries: applianceQueries(panKind),
  shardKey: bankOf,
})
