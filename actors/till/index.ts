/**
 * The till: the money of each order.
 */
import { payment } from './payment.ts'

export const tillActors = [payment]

export * from './messages.ts'
export type { PaymentView } from './payment.ts'
export { payment } from './payment.ts'
export * from './provider-contract.ts'
