/**
 * Hardware: the appliances of a kitchen, simulated to the physics.
 *
 * Knows:          heat, sensors, doors, food as something with a core temperature.
 * Does not know:  dishes, cooks or orders. A station commands a bank by message, and may live on another node.
 */
import type { ActorDefinition } from '#actor'
import { supervise } from '#actor'
import { fryer } from './fryer.ts'
import { kitchenTimer } from './kitchen-timer.ts'
import { oven } from './oven.ts'
import { pan } from './pan.ts'
import { probe } from './probe.ts'

export { type ApplianceContext, advanced, heatingTimeMaxMs } from './appliance.ts'
export * from './appliance-messages.ts'
export { exp, log } from './exact-math.ts'
export { fryer, fryerKind } from './fryer.ts'
export { kitchenTimer } from './kitchen-timer.ts'
export { oven, ovenKind } from './oven.ts'
export { pan, panKind } from './pan.ts'
export { probe } from './probe.ts'
export * from './probe-messages.ts'
export { type Sample, sampleMs, type TelemetryRange } from './telemetry.ts'
export * from './timer-messages.ts'

export const hardwareActors: readonly ActorDefinition[] = [oven, pan, fryer, kitchenTimer, probe]

/**
 * When one appliance of a bank fails, its siblings turn their heat off until it is known to be well. A probe and a
 * timer have no heat, and go on.
 */
export const hardwareTree = supervise({
  name: 'hardware',
  children: [supervise({ name: 'bank', strategy: 'one-for-all', children: [...hardwareActors] })],
})
