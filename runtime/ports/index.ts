/**
 * What a node needs from the world, as interfaces, and the data that crosses them.
 *
 * Knows:          shapes and promises. `contracts/` holds one suite per port; every adapter passes it.
 * Does not know:  any adapter, simulated or real.
 */
export type * from './archive.ts'
export * from './clock.ts'
export * from './envelope.ts'
export * from './ids.ts'
export * from './journal.ts'
export * from './membership.ts'
export * from './observer.ts'
export * from './outside.ts'
export * from './random.ts'
export * from './read-models.ts'
export * from './rows.ts'
export * from './trace.ts'
export * from './transport.ts'
