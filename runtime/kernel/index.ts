/**
 * What one node does with messages.
 *
 * Knows:          turns, batches, channels, timers, supervision. Pure and synchronous.
 * Does not know:  nodes, stores, networks, clocks, restaurants.
 */
export * from './bounds.ts'
export * from './history.ts'
export type * from './input.ts'
export { Kernel } from './kernel.ts'
export * from './machine.ts'
export type { KernelOptions, Mutant } from './memory.ts'
export type * from './output.ts'
export * from './registry.ts'
export * from './timer-heap.ts'
