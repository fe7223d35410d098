/**
 * The pantry: stock in bins, reservations that span them, and who orders from the suppliers.
 */
import { bin } from './bin.ts'
import { replenisher } from './replenisher.ts'
import { reservation } from './reservation.ts'

export const pantryActors = [bin, reservation, replenisher]

export type { BinView } from './bin.ts'
export { bin } from './bin.ts'
export * from './house-pantry.ts'
export type { Lot } from './lots.ts'
export { lotsMax } from './lots.ts'
export * from './messages.ts'
export type { ReplenisherView, SupplyOrder } from './replenisher.ts'
export { replenisher } from './replenisher.ts'
export type { ReservationView } from './reservation.ts'
export { reservation } from './reservation.ts'
export * from './supplier-contract.ts'
