/**
 * A node: kernel and cluster over ports.
 *
 * Knows:          the loop and the incarnation. The same in both worlds.
 * Does not know:  which world it is in.
 */

export { type ClusterBounds, defaultClusterBounds } from '#cluster'
export {
  type ActorType,
  type Bounds,
  boundsOf,
  type Department,
  defaultBounds,
  isStoredAs,
  type LiveState,
  Registry,
  type RegistryOptions,
  stepOf,
} from '#kernel'
export * from './define-cluster.ts'
export * from './node.ts'
export type * from './recorder.ts'
export * from './replay-recording.ts'
