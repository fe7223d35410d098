/**
 * Orders: the saga from a guest's wish to the plate, and the menu that it begins with.
 */
import { menu } from './menu.ts'
import { order } from './order.ts'

export const ordersActors = [order, menu]

export type { Quote, RefusedWish, Wish } from './menu.ts'
export { menu, quote } from './menu.ts'
export * from './menu-data.ts'
export * from './messages.ts'
export type { OrderView } from './order.ts'
export { order } from './order.ts'
export * from './order-delays.ts'
export { noticeOf, type Told } from './order-notices.ts'
export type { OrderStory } from './order-story.ts'
