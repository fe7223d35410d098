/**
 * Which node owns which shard.
 *
 * Knows:          members, shards, placement, hand-over, routes. Pure and synchronous.
 * Does not know:  messages or actors (kernel), storage, networks.
 */
export * from './cluster.ts'
export * from './placement.ts'
