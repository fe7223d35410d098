/**
 * The journal on LMDB, and the data folder that it lives in.
 *
 * Knows:          one environment, opened by every process of one machine that owns shards.
 * Does not know:  who may start those processes, or what the rows mean.
 */
export * from './check.ts'
export * from './contents.ts'
export * from './copy.ts'
export * from './data-file.ts'
export * from './environment.ts'
export * from './journal.ts'
export * from './listings.ts'
export * from './row-store.ts'
export * from './turns.ts'
export * from './world-clock.ts'
