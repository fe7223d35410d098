/**
 * Kitchen: from a ticket to plates on the pass.
 *
 * Knows:          recipes by their steps, stations, cooks, and its appliances by what they say.
 * Does not know:  guests, money, stock; nor heat: the hardware department cooks.
 */
import type { ActorDefinition } from '#actor'
import { supervise } from '#actor'
import { cook } from './cook.ts'
import { dish } from './dish.ts'
import { station } from './station.ts'
import { ticket } from './ticket.ts'

export { cook } from './cook.ts'
export { dish } from './dish.ts'
export { houseKitchen } from './house-kitchen.ts'
export { attemptsMax } from './kitchen-delays.ts'
export * from './kitchen-messages.ts'
export { station } from './station.ts'
export { ticket } from './ticket.ts'
export * from './ticket-messages.ts'

export const kitchenActors: readonly ActorDefinition[] = [ticket, dish, station, cook]

/** A station that fails takes its cooks along: they say again what they have in hand. */
export const kitchenTree = supervise({
  name: 'kitchen',
  children: [
    ticket,
    dish,
    supervise({ name: 'station', strategy: 'rest-for-one', children: [station, cook] }),
  ],
})
