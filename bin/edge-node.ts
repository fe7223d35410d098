/**
 * What an edge process runs: a live node that owns no shards, and the gateway in front of it.
 *
 * Owns:     the order of things: the node, then the ports, then the house; and backwards when it drains.
 */
import { join } from 'node:path'
import { type Gateway, type GatewayOptions, type StartValues, startGateway } from '#gateway'
import { type LiveNodeConfig, LmdbRowStore, type NodeBody, type StartNode, startLiveNode } from '#live'
import { cardExchange, webhookSecretOf } from '#outside'
import { type Layout, restaurantCluster, site } from '../cluster.config.ts'
import type { Tls } from './certificates.ts'
import { HostClient } from './host-client.ts'
import { LiveFaults } from './live-faults.ts'
import { type Opening, openHouse } from './open-house.ts'
import { inspectorFolder, storefrontFolder } from './page-folders.ts'
import type { ServiceKeyHolder } from './service-key.ts'

export interface EdgeNodeConfig extends LiveNodeConfig, ServiceKeyHolder {
  readonly host: string
  /** Of the first edge. Further ones take any free port, and tell it among their gauges. */
  readonly port: number
  readonly opsPort: number
  readonly providerUrl: string
  /** What the provider signs its callbacks with. */
  readonly callbackSecret: string
  readonly tls?: Tls
  /** Pages of other sites that may ask the API. */
  readonly corsOrigins?: readonly string[]
  /** Proxies whose word for who asks is taken. */
  readonly trustProxy?: readonly string[]
  readonly rateLimit?: NonNullable<GatewayOptions['rateLimit']>
  /** Whoever operates has it. Never logged. */
  readonly opsToken?: string
  readonly isReadOnly?: boolean
  /** What the house begins with, when it opens for the first time. */
  readonly openings: readonly Opening[]
  /** What the environment has set of the configuration. */
  readonly config: StartValues
  readonly layout: Layout
}

export const startNode: StartNode = async (given, control) => {
  const config = given as EdgeNodeConfig
  const cluster = restaurantCluster(undefined, config.layout)
  const live = await startLiveNode({ cluster, config, control, outside: {} })
  const { registry } = cluster
  const client = new HostClient({ live, control, registry, speed: config.world.speed })
  const faults = new LiveFaults({ control, client })
  const readModels = await LmdbRowStore.open(join(config.dataFolder, 'projections', control.node))
  const isFirst = control.node.endsWith('-1')
  const gateway = await startGateway({
    client,
    faults,
    site,
    config: config.config,
    accounts: { serviceKey: Buffer.from(config.serviceKey, 'base64url') },
    readModels,
    inspector: inspectorFolder,
    storefront: storefrontFolder,
    host: config.host,
    opsHost: config.host,
    port: isFirst ? config.port : 0,
    opsPort: isFirst ? config.opsPort : 0,
    exchangeCard: cardExchange(config.providerUrl),
    callbackSecret: config.callbackSecret,
    webhookSecret: (webhook, number) => webhookSecretOf(config.serviceKey, webhook, number),
    ...(config.tls && { tls: config.tls }),
    ...(config.corsOrigins && { corsOrigins: config.corsOrigins }),
    ...(config.trustProxy && { trustProxy: config.trustProxy }),
    ...(config.rateLimit && { rateLimit: config.rateLimit }),
    ...(config.opsToken && { token: config.opsToken }),
    ...(config.isReadOnly && { isReadOnly: true }),
  })

  let isLeaving = false
  // It becomes a member only after this has returned, so the house is opened afterwards.
  openHouse(client, config.openings, () => isLeaving).then(
    () => {
      client.opened()
      // When the launcher is gone there is nothing to adopt.
      faults.adopt().catch(() => {})
    },
    (error: unknown) => {
      console.error(`${control.node} ends itself: the house does not open.`, error)
      process.exit(1)
    },
  )
  return edgeBody(live.body, gateway, async () => {
    isLeaving = true
    faults.close()
    await gateway.close()
    await readModels.close()
    client.close()
    await live.body.drain()
  })
}

function edgeBody(body: NodeBody, { url, opsUrl }: Gateway, drain: () => Promise<void>): NodeBody {
  const ports = { port: Number(new URL(url).port), opsPort: Number(new URL(opsUrl).port) }
  return { ...body, counters: () => ({ ...body.counters(), ...ports }), drain }
}
