/**
 * A day of the restaurant, in the simulator.
 *
 * Knows:          the format of a day, its guests, its faults, what must hold, and how it is told.
 * Does not know:  how a live cluster is started: it only says what its guests and faults are.
 */
export * from './checks/day-checker.ts'
export { type GuestOrder, type SettledState, settledStates } from './checks/orders.ts'
export { suppliedBy } from './checks/stock.ts'
export * from './day.ts'
export * from './day-result.ts'
export * from './define-day.ts'
export { type Delivery, deliveriesOf } from './deliveries.ts'
export type { Answer } from './door.ts'
export * from './draw-day.ts'
export * from './faults/fault.ts'
export * from './faults/faults.ts'
export type { FaultOutcome, Scene } from './faults/scene.ts'
export { faultKinds } from './faults/validate-faults.ts'
export * from './guests.ts'
export * from './replayable-day.ts'
export * from './report.ts'
export * from './run-day.ts'
export * from './situations.ts'
export * from './slo.ts'
export { suppliersOf } from './supplier-model.ts'
export * from './time-of-day.ts'
export * from './trace-hash.ts'
export * from './validate-day.ts'
