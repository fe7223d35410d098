/**
 * The HTTP door of a cluster.
 *
 * Knows:          the restaurant's routes and the operators', and how to reach an actor through `ClusterClient`.
 * Does not know:  nodes, shards or storage; whatever stands behind the client may be one process or ten.
 */
import type { CardExchange } from '#actors'
import type { RowStore } from '#ports'
import { MemoryStore, openOrdersOf, ordersProjection, Projector, projections } from '#projections'
import { Accounts } from './auth/accounts.ts'
import { type Auth, accountSchemes, noAccounts } from './auth/caller.ts'
import { JwtAuth } from './auth/jwt-auth.ts'
import { Passwords } from './auth/passwords.ts'
import { SigningKeys } from './auth/signing-keys.ts'
import { pageRoutes } from './built-page.ts'
import type { ClusterClient } from './cluster-client.ts'
import { Departments } from './departments.ts'
import { EventStreams } from './event-stream.ts'
import type { FaultControl } from './fault-control.ts'
import { Flags } from './flags.ts'
import { healthRoutes } from './health.ts'
import { Keyring } from './keyring.ts'
import { Metrics } from './metrics.ts'
import { actorRoutes } from './ops/actors.ts'
import { auditCommands } from './ops/audit.ts'
import { batchRoutes } from './ops/batch.ts'
import { configRoutes } from './ops/config.ts'
import { faultRoutes } from './ops/faults.ts'
import { assertClosed, guard, operatorSchemes } from './ops/guard.ts'
import { houseRoutes } from './ops/house.ts'
import { identityRoutes } from './ops/identity.ts'
import { Incidents, incidentRoutes } from './ops/incidents.ts'
import { machineRoutes } from './ops/machines.ts'
import { nodeRoutes } from './ops/nodes.ts'
import { Operations, operationRoutes } from './ops/operations.ts'
import { projectionRoutes } from './ops/projections.ts'
import { scaleRoutes } from './ops/scale.ts'
import { storefrontLink } from './ops/storefront-link.ts'
import { type StreamBounds, Streams, streamRoutes } from './ops/stream.ts'
import { supervisionRoutes } from './ops/supervision.ts'
import { tapRoutes } from './ops/tap-routes.ts'
import { Taps } from './ops/taps.ts'
import { timeRoutes } from './ops/time.ts'
import { limitRates, type RateLimitOptions } from './rate-limit.ts'
import { assertThere } from './read-models.ts'
import { authRoutes } from './routes/auth.ts'
import { figureRoutes } from './routes/figures.ts'
import { inventoryRoutes } from './routes/inventory.ts'
import { kitchenRoutes } from './routes/kitchen.ts'
import { listRoutes } from './routes/lists.ts'
import { menuRoutes } from './routes/menu.ts'
import { MenuCache } from './routes/menu-cache.ts'
import { notificationRoutes, notificationStream } from './routes/notifications.ts'
import { orderTokenSchemes } from './routes/order-token.ts'
import { orderRoutes } from './routes/orders.ts'
import { paymentMethodRoutes } from './routes/payment-methods.ts'
import { paymentRoutes } from './routes/payments.ts'
import { ProfileCache } from './routes/profile-cache.ts'
import { providerCallbackRoutes } from './routes/provider-callback.ts'
import { quoteRoutes } from './routes/quotes.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { StockCache } from './routes/stock-cache.ts'
import { telemetryRoutes } from './routes/telemetry.ts'
import { userRoutes } from './routes/users.ts'
import { type WebhookSecret, webhookRoutes } from './routes/webhooks.ts'
import { createServer, type LogOptions, listen } from './server.ts'
import { Settings, type StartValues } from './settings.ts'
import { streamPath } from './stream-protocol.ts'
import type { TimeControl } from './time-control.ts'

export type { Auth, Caller, Role } from './auth/caller.ts'
export { passwordHash, passwordProblem } from './auth/passwords.ts'
export * from './cluster-client.ts'
export * from './fault-control.ts'
export type * from './kitchen-words.ts'
export type { AuditEntry } from './ops/audit.ts'
export { assertClosed } from './ops/guard.ts'
export type { Incident } from './ops/incidents.ts'
export { type ActorLook, type MachineChart, machineChart } from './ops/machines.ts'
export type { SupervisionGroup } from './ops/supervision.ts'
export { type FieldError, type ProblemCode, problemOf } from './problems.ts'
export type { Order, OrderTurn } from './routes/order-body.ts'
export { orderOfKey } from './routes/order-id.ts'
export type { Payment } from './routes/payment-body.ts'
export type { LogOptions } from './server.ts'
export type { StartValues } from './settings.ts'
export type * from './time-control.ts'

export interface GatewayOptions {
  readonly client: ClusterClient
  /** Whose menu is sold and whose kitchen cooks. */
  readonly site: string
  /** Where guests come in. Default 127.0.0.1:4000; port 0 takes any free one. */
  readonly host?: string
  readonly port?: number
  /** Where operators come in. Default 127.0.0.1:4001. Another host than loopback needs a `token`. */
  readonly opsHost?: string
  readonly opsPort?: number
  /** What operators have to send as a bearer token. Default: none, and only this machine is answered. */
  readonly token?: string
  /** Whether somebody without an account may order. Default true. Without it every order is refused with 401. */
  readonly guestCheckout?: boolean
  /** People can register and log in. Default: there are no accounts, and everybody is a guest. */
  readonly accounts?: AccountOptions
  /** Who callers are, where `accounts` does not say it. */
  readonly auth?: Auth
  /** Both listeners speak HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Pages of other sites that may ask the public listener. Default: none. */
  readonly corsOrigins?: readonly string[]
  /** Proxies in front of the public listener, whose word for who asks is taken. Default: none. */
  readonly trustProxy?: readonly string[]
  /** Whose requests are counted. Default `remote`: not of who comes from this machine. */
  readonly rateLimit?: RateLimitOptions['counts']
  /** How a card comes to the payment provider. Default: no cards are stored. */
  readonly exchangeCard?: CardExchange
  /** What the payment provider signs its callbacks with. Default: none is believed. */
  readonly callbackSecret?: string
  /** What the deliveries of webhooks are signed with. Default: none can be registered. */
  readonly webhookSecret?: WebhookSecret
  /** How often a silent event stream shows that it lives. Default 15 s: proxies cut what is silent for 30. */
  readonly heartbeatMs?: number
  /** Event streams at once; each is a socket. Default 1,000, beyond it 503. */
  readonly streamsMax?: number
  /** Values that the environment of this process has set. Nobody changes them while it runs. */
  readonly config?: StartValues
  readonly log?: LogOptions
  /** Where read models are kept; it is closed by whoever opened it. Default: in memory. */
  readonly readModels?: RowStore
  /** Folder of the built inspector, which the operator listener then shows at `/`. Default: it shows none. */
  readonly inspector?: string
  /** Folder of the built storefront, which the public listener then shows at `/`. Default: it shows none. */
  readonly storefront?: string
  /** How the cluster can be broken on purpose. Default: not at all. */
  readonly faults?: FaultControl
  /** Nothing is changed through the operator listener, whoever asks. Default: it is. */
  readonly isReadOnly?: boolean
  /** Bounds of the operators' stream, where its defaults do not suit. */
  readonly streamBounds?: Partial<StreamBounds>
  /** The time of a simulated cluster. Default: the cluster is live, and its time is nobody's. */
  readonly time?: TimeControl
}

export interface AccountOptions {
  /** 32 random bytes that are not stored with the data: they seal private keys and make refresh tokens. */
  readonly serviceKey: Uint8Array
}

export interface Gateway {
  readonly url: string
  readonly opsUrl: string
  /** Ends the streams, lets requests that are running finish, and frees the ports. */
  close(): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1_000

function startValuesOf({ config, ...options }: GatewayOptions): StartValues {
  const { guestCheckout, heartbeatMs, streamsMax, token } = options
  return {
    ...config,
    ...(guestCheckout !== undefined && { 'orders.guest-checkout': guestCheckout }),
    ...(heartbeatMs !== undefined && { 'gateway.heartbeat-ms': heartbeatMs }),
    ...(streamsMax !== undefined && { 'gateway.streams-max': streamsMax }),
    ...(token !== undefined && { 'gateway.ops-token': token }),
  }
}

/**
 * Opens both listeners, or none.
 *
 * @throws ClusterError `PORT_IN_USE`, `PORT_UNUSABLE`; `CLUSTER_CONFIG_INVALID` when strangers could reach the operator listener.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { site, token, host = '127.0.0.1', opsHost = '127.0.0.1', isReadOnly = false } = options
  const { log = { level: 'warn' } } = options
  assertClosed(opsHost, token)

  const metrics = new Metrics()
  const keyring = new Keyring(options.client.idempotencyKey())
  const departments = new Departments(options.client)
  const client = departments.client()
  const incidents = new Incidents(client, options.time)
  const settings = new Settings(client, site, startValuesOf(options))
  departments.bounds = () => {
    const { 'gateway.breaker-failures': failures, 'gateway.breaker-open-ms': openMs } = settings.known()
    return { failures, openMs }
  }
  const flags = new Flags(client, site, keyring)
  const timeoutMs = (): number => settings.latest()['gateway.request-timeout-ms']
  const projector = new Projector({
    source: client,
    store: options.readModels ?? new MemoryStore(),
    projections,
    keptMs: settings.latest()['lists.kept-days'] * dayMs,
    onTrouble: (err) => app.log.warn({ err }, 'the read models do not get on'),
  })
  const openOrders = (account: string): number => {
    assertThere(projector, ordersProjection)
    return openOrdersOf(projector, account)
  }
  const identity = options.accounts && {
    ...identityOf(options.accounts, { ...options, client }, timeoutMs),
    openOrders,
  }
  const auth = identity?.auth ?? options.auth ?? noAccounts
  const menu = new MenuCache(client, site, () => settings.latest()['menu.cache-ttl-ms'])
  const values = settings.latest()
  const streams = new EventStreams({
    heartbeatMs: values['gateway.heartbeat-ms'],
    streamsMax: values['gateway.streams-max'],
    ofOneMax: values['gateway.streams-of-one-max'],
    fromOneMax: values['gateway.streams-from-one-max'],
  })
  const stock = new StockCache(client, site)
  const profiles = new ProfileCache(client)
  let url = ''
  const problemsUrl = (): string => url

  const app = await createServer({
    title: 'Brigade',
    description: 'Order food, and follow it from the kitchen to the table.',
    hasDocs: true,
    upgrades: [notificationStream],
    ...(options.tls && { tls: options.tls }),
    ...(options.corsOrigins && { corsOrigins: options.corsOrigins }),
    ...(options.trustProxy && { trustProxy: options.trustProxy }),
    metrics,
    log,
    problemsUrl,
    securitySchemes: { ...orderTokenSchemes, ...accountSchemes },
    routes: (server) => {
      limitRates(server, {
        auth,
        keyring,
        counts: options.rateLimit ?? 'remote',
        quotas: () => {
          const { 'rate.burst': burst, 'rate.sustained': sustained } = settings.latest()
          return { burst, sustained }
        },
      })
      if (options.storefront !== undefined) pageRoutes(server, options.storefront, 'storefront')
      menuRoutes(server, { client, auth, site, menu, timeoutMs })
      orderRoutes(server, { client, auth, keyring, menu, stock, streams, settings, flags, departments })
      quoteRoutes(server, { client, menu, stock })
      notificationRoutes(server, { client, auth, keyring, streams, flags, timeoutMs })
      inventoryRoutes(server, { client, auth, keyring, site, stock, timeoutMs })
      reservationRoutes(server, { client, auth, keyring, site, timeoutMs })
      kitchenRoutes(server, { client, auth, keyring, site, timeoutMs })
      telemetryRoutes(server, { client, auth, flags, streams, site, timeoutMs })
      if (identity !== undefined) {
        authRoutes(server, { ...identity, keyring })
        userRoutes(server, { ...identity, profiles })
      }
      paymentRoutes(server, { client, auth, keyring, timeoutMs })
      const { exchangeCard: exchange, callbackSecret: secret, webhookSecret: secretOf } = options
      paymentMethodRoutes(server, { client, auth, keyring, timeoutMs, ...(exchange && { exchange }) })
      providerCallbackRoutes(server, { client, timeoutMs, ...(secret && { secret }) })
      if (secretOf !== undefined) webhookRoutes(server, { client, auth, keyring, secretOf, timeoutMs })
      listRoutes(server, { auth, keyring, projector })
      figureRoutes(server, { auth, keyring, projector })
      healthRoutes(server, client, metrics, departments, projector)
    },
  })
  app.addHook('preClose', (done) => {
    streams.close()
    menu.close()
    settings.close()
    flags.close()
    stock.close()
    profiles.close()
    identity?.keys.close()
    departments.close()
    incidents.close()
    done()
  })
  const ops = await createServer({
    title: 'Brigade, operator API',
    description: 'See into the cluster, and do to it what a bad day does.',
    ...(options.tls && { tls: options.tls }),
    metrics,
    log,
    problemsUrl,
    securitySchemes: operatorSchemes,
    upgrades: [streamPath],
    routes: (server) => {
      guard(server, { token, auth, isReadOnly })
      if (options.inspector !== undefined) pageRoutes(server, options.inspector, 'inspector')
      if (options.storefront !== undefined) storefrontLink(server, { url: () => url, host })
      const isSimulated = options.time !== undefined
      auditCommands(server, { client, keyring, isSimulated })
      nodeRoutes(server, {
        client,
        operations: new Operations(client, keyring, isSimulated),
        departments,
        incidents,
        isSimulated,
        isReadOnly,
      })
      incidentRoutes(server, incidents)
      faultRoutes(server, { client: options.client, faults: options.faults, time: options.time })
      operationRoutes(server, client, keyring)
      // An operator looks at an actor also when its department is given up.
      actorRoutes(server, options.client, keyring)
      batchRoutes(server, options.client)
      machineRoutes(server)
      supervisionRoutes(server)
      scaleRoutes(server, client)
      configRoutes(server, { client, site, settings, flags })
      timeRoutes(server, options.time)
      const taps = new Taps(options.client)
      tapRoutes(server, taps, values['gateway.heartbeat-ms'])
      // Also while the departments of who is looked at are given up.
      streamRoutes(
        server,
        new Streams({
          client: options.client,
          site,
          time: options.time,
          faults: options.faults,
          taps,
          bounds: { heartbeatMs: values['gateway.heartbeat-ms'], ...options.streamBounds },
        }),
      )
      if (identity !== undefined) identityRoutes(server, { ...identity, client, keyring })
      projectionRoutes(server, projector)
      houseRoutes(server, { client: options.client, keyring, projector })
    },
  })

  projector.start()
  const close = async (): Promise<void> => {
    await Promise.all([app.close(), ops.close()])
    await projector.close()
  }
  try {
    url = await listen(app, { listener: 'public', host, port: options.port ?? 4_000, option: '--port' })
    const opsPort = options.opsPort ?? 4_001
    const opsUrl = await listen(ops, {
      listener: 'operator',
      host: opsHost,
      port: opsPort,
      option: '--ops-port',
    })
    return { url, opsUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

function identityOf(
  { serviceKey }: AccountOptions,
  { client, site }: GatewayOptions,
  timeoutMs: () => number,
) {
  const serviceKeyring = new Keyring(serviceKey)
  const keys = new SigningKeys(client, site, serviceKey)
  return {
    accounts: new Accounts(client, serviceKeyring, timeoutMs),
    auth: new JwtAuth(keys),
    keys,
    passwords: new Passwords(),
    serviceKeyring,
  }
}
