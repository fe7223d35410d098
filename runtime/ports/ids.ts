/**
 * The names of places: shards, nodes, scopes, and the counters that go with them.
 */
import type { Brand } from '#actor'

/** `department.n`, for example `orders.17`: the unit of placement. */
export type ShardId = Brand<string, 'ShardId'>
/** `node-1`: a name that outlives its processes. */
export type NodeId = Brand<string, 'NodeId'>
/** What one write covers whole. On one machine: a node *incarnation*, an id that is never used again. */
export type ScopeId = Brand<string, 'ScopeId'>
/** How often a shard changed hands; 0 means never owned. */
export type Epoch = Brand<number, 'Epoch'>
/** The number of the last batch of a scope; 0 means none. */
export type Position = Brand<number, 'Position'>
/** Unique in the cluster, for ever. */
export type MessageId = Brand<string, 'MessageId'>
/** An actor's number within its shard: rows are keyed by it, because keys in order are written twice as fast. */
export type Ordinal = Brand<number, 'Ordinal'>
/** One request from outside. Unique among all that processes of its node sent: each begins somewhere in 2⁵². */
export type RequestId = Brand<number, 'RequestId'>
