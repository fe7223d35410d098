/**
 * The restaurant as a cluster sees it: its departments, and who looks after whom.
 *
 * Owns:     the supervision tree, and which actor type belongs to which department.
 * Does not: say where a department runs (`cluster.config.ts`).
 */
import type { ActorDefinition } from '#actor'
import { seconds, supervise } from '#actor'
import { hardwareActors, hardwareTree } from './hardware/index.ts'
import { identityActors } from './identity/index.ts'
import { kitchenActors, kitchenTree } from './kitchen/index.ts'
import { officeActors, officeTree } from './office/index.ts'
import { ordersActors } from './orders/index.ts'
import { pantryActors } from './pantry/index.ts'
import { tillActors } from './till/index.ts'

/** Actor types by department. A department is the unit of placement: it has shards of its own. */
export const departments = {
  identity: identityActors,
  orders: ordersActors,
  pantry: pantryActors,
  till: tillActors,
  kitchen: kitchenActors,
  hardware: hardwareActors,
  office: officeActors,
} as const satisfies Readonly<Record<string, readonly ActorDefinition[]>>

export type DepartmentName = keyof typeof departments

export const definitions: readonly ActorDefinition[] = Object.values(departments).flat()

/** What fails is restarted alone, unless its group says more; a group that keeps failing is the node's trouble. */
export const restaurant = supervise({
  name: 'restaurant',
  children: [
    supervise({ name: 'identity', children: identityActors }),
    supervise({ name: 'orders', children: ordersActors }),
    // Money is looked at sooner: a till that fails again and again should not go on trying.
    supervise({ name: 'till', children: tillActors, intensity: { restarts: 5, withinMs: seconds(10) } }),
    supervise({ name: 'pantry', children: pantryActors }),
    kitchenTree,
    hardwareTree,
    officeTree,
  ],
})
