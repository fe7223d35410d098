/**
 * A day of the restaurant, in the simulator.
 *
 * Knows:          the format of a day, its guests, its faults, what must hold, and how it is told.
 * Does not know:  how a live cluster is started: it only says what its guests and faults are.
 */
export * from './day.ts'
export * from './define-day.ts'
export * from './slo.ts'
export * from './time-of-day.ts'
export * from './validate-day.ts'
