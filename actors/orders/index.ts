/**
 * Orders: the saga from a guest's wish to the plate, and the menu that it begins with.
 */
import { menu } from './menu.ts'
import { order } from './order.ts'

export const ordersActors = [order, menu]

export * from './menu.ts'
export * from './menu-data.ts'
export * from './messages.ts'
export * from './order.ts'
export * from './order-delays.ts'
export * from './order-story.ts'
