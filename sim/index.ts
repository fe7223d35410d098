/**
 * The ports over one seeded queue of events: the same nodes as live, in virtual time.
 *
 * Knows:          time, chance, networks and processes, and how each of them fails.
 * Does not know:  restaurants. A day hands in its actors, its models of parties outside and its faults.
 */
export * from './clock.ts'
export * from './cluster.ts'
export * from './event-queue.ts'
export * from './journal.ts'
export * from './membership.ts'
export * from './network.ts'
export * from './outside.ts'
export * from './plain-copy.ts'
export * from './process.ts'
export { checkErrands } from './protocol/errand-check.ts'
export { checkProtocol } from './protocol/protocol-check.ts'
export * from './random.ts'
export * from './reads-check.ts'
export * from './timeline.ts'
