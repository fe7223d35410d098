/**
 * What a node process of the restaurant runs: a live node with its actors and its way to the payment provider.
 */

import { type LiveNodeConfig, type StartNode, startLiveNode } from '#live'
import { providerHandlers } from '#outside'
import { restaurantCluster } from '../cluster.config.ts'
import type { ServiceKeyHolder } from './service-key.ts'

export interface KitchenNodeConfig extends LiveNodeConfig, ServiceKeyHolder {
  readonly providerUrl: string
}

export const startNode: StartNode = async (given, control) => {
  const config = given as KitchenNodeConfig
  const { body } = await startLiveNode({
    cluster: restaurantCluster(),
    config,
    control,
    outside: { ...providerHandlers(config.providerUrl) },
  })
  return body
}
