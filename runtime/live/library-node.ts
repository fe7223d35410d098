/**
 * What a node process runs for `launchCluster`: a live node with the cluster of the caller's module.
 */
import type { ClusterDefinition } from '#host'
import type { StartNode } from './control.ts'
import { type LiveNodeConfig, startLiveNode } from './live-node.ts'
import type { OutsideHandler } from './live-outside.ts'

/** What a module that holds a cluster exports. */
export interface ClusterModule {
  readonly cluster: ClusterDefinition
  /** Handlers of outbound calls, by the name that `call` gives. */
  readonly outside?: Readonly<Record<string, OutsideHandler>>
}

export interface LibraryNodeConfig extends LiveNodeConfig {
  /** URL of a `ClusterModule`. */
  readonly clusterModule: string
}

export const startNode: StartNode = async (given, control) => {
  const config = given as LibraryNodeConfig
  const { cluster, outside = {} } = (await import(config.clusterModule)) as ClusterModule
  const { body } = await startLiveNode({ cluster, config, control, outside })
  return body
}
