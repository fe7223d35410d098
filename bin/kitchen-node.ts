/**
 * What a node process of the restaurant runs: a live node with its actors and its ways to the world outside.
 */

import { type LiveNodeConfig, type StartNode, startLiveNode } from '#live'
import { officeHandlers, providerHandlers, supplierHandlers } from '#outside'
import { type Layout, restaurantCluster } from '../cluster.config.ts'
import { clusterHandlers } from './cluster-control.ts'
import type { OfficeSettings } from './office-settings.ts'
import type { ServiceKeyHolder } from './service-key.ts'

export interface KitchenNodeConfig extends LiveNodeConfig, ServiceKeyHolder {
  readonly providerUrl: string
  readonly supplierUrl: string
  readonly office: OfficeSettings
  readonly layout: Layout
}

export const startNode: StartNode = async (given, control) => {
  const config = given as KitchenNodeConfig
  const { allowPrivate, ...ways } = config.office
  const webhooks = { serviceKey: config.serviceKey, allowPrivate }
  const { body } = await startLiveNode({
    cluster: restaurantCluster(undefined, config.layout),
    config,
    control,
    outside: {
      ...clusterHandlers(control),
      ...providerHandlers(config.providerUrl),
      ...supplierHandlers(config.supplierUrl),
      ...officeHandlers({ ...ways, webhooks }),
    },
  })
  return body
}
