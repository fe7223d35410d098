/**
 * The restaurant.
 *
 * Knows:          its actors, their contracts and addresses, and the tree that supervises them.
 * Does not know:  nodes, stores, wires. It imports `#actor`, xstate and typebox, nothing else.
 */
export * from './brigade.ts'
export * from './hardware/index.ts'
export * from './identity/index.ts'
export * from './kitchen/index.ts'
export * from './office/index.ts'
export * from './orders/index.ts'
export * from './pantry/index.ts'
export * from './state-name.ts'
export * from './till/index.ts'
