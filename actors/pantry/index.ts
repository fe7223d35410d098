/**
 * The pantry: stock in bins, and reservations that span them.
 */
import { bin } from './bin.ts'
import { reservation } from './reservation.ts'

export const pantryActors = [bin, reservation]

export * from './bin.ts'
export * from './messages.ts'
export * from './reservation.ts'
