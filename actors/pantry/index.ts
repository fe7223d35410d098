/**
 * The pantry: stock in bins, and reservations that span them.
 */
import { bin } from './bin.ts'
import { reservation } from './reservation.ts'

export const pantryActors = [bin, reservation]

export type { BinView } from './bin.ts'
export { bin } from './bin.ts'
export * from './house-pantry.ts'
export type { Lot } from './lots.ts'
export { lotsMax } from './lots.ts'
export * from './messages.ts'
export type { ReservationView } from './reservation.ts'
export { reservation } from './reservation.ts'
