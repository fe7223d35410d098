/**
 * A cluster of the restaurant on this machine: the stubs of the world outside, the launcher, and its nodes.
 *
 * Owns:     what is settled before a node runs: the data folder can be used, the ports are free, the world's clock
 *           goes on where it stood; and what is written when none runs any more.
 * Does not: run a node (`kitchen-node.ts`, `edge-node.ts`) or launch one (`#live`).
 *
 * The stubs live in this process: they are no part of the cluster, and must outlive every node of it.
 *
 * Invariants:
 *   U1. A cluster that answers has a world's clock, a provider and suppliers.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { get as overHttp } from 'node:http'
import { get as overHttps } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { assert, ClusterError, type Instant } from '#actor'
import { speedMax, speedProblem } from '#actors'
import { assertClosed, type StartValues } from '#gateway'
import type { ClusterDefinition } from '#host'
import {
  Launcher,
  type LauncherEvent,
  type LauncherSettings,
  type LaunchGroup,
  type MachineAnchor,
  type RecordingOptions,
  runtimeNow,
  startWorld,
  stopWorld,
  untilEnded,
} from '#live'
import {
  type OutboxServer,
  outboxFileIn,
  type ProviderServer,
  type SupplierServer,
  startOutbox,
  startProvider,
  startSupplier,
} from '#outside'
import { worldAt } from '#ports'
import { type Layout, restaurantCluster, site } from '../cluster.config.ts'
import type { Tls } from './certificates.ts'
import type { EdgeNodeConfig } from './edge-node.ts'
import type { KitchenNodeConfig } from './kitchen-node.ts'
import { type OfficeSettings, officeSettingsOf } from './office-settings.ts'
import { type Opening, openingsOf } from './open-house.ts'
import { serviceKeyOf } from './service-key.ts'
import { isReadOnly, operatorToken, settingOf } from './settings.ts'
import { startConfig } from './start-config.ts'

export interface UpOptions {
  /** Created if need be. */
  readonly dataFolder: string
  /** That own shards, or that each department has of its own. Default 3. */
  readonly nodes?: number
  /** Default `together`. */
  readonly layout?: Layout
  /** Where guests come in, on loopback. Default 4000; 0 takes any free one. */
  readonly port?: number
  /** Where operators come in. Default 4001. */
  readonly opsPort?: number
  /** World seconds per second. Default 1. Faster than 60, deadlines of the world would pass during a failover. */
  readonly speed?: number
  /** What the world's clock shows when a data folder is used for the first time. Default: the time of this machine. */
  readonly worldFrom?: Instant
  /** Hands and heat of a house that opens for the first time. Default 1. */
  readonly kitchenScale?: number
  /** Its opening stock. Default: as the kitchen. */
  readonly stockScale?: number
  /** What it opens with, instead of both. */
  readonly openings?: readonly Opening[]
  /** Nodes that own shards write down what their kernels do. */
  readonly recording?: RecordingOptions
  /** Both listeners speak HTTPS. */
  readonly tls?: Tls
  readonly testSwitches?: boolean
  /** Bounds of the launcher, where its defaults do not suit. */
  readonly launcherSettings?: Partial<LauncherSettings>
  /** URL of another body for the nodes that own shards: a test's, around the usual parts. */
  readonly kitchenModule?: string
  /** What happens, for logs. */
  report?(event: LauncherEvent): void
  /** Its nodes are being started. From here on the launcher must be stopped, whatever comes. */
  launched?(launcher: Launcher): void
}

export interface RunningCluster {
  readonly launcher: Launcher
  readonly url: string
  readonly opsUrl: string
  /** Where the world's clock stood when it started, and how fast it goes. */
  readonly world: MachineAnchor
  readonly provider: ProviderServer
  readonly supplier: SupplierServer
  /** Drains everything. Resolves with the code to exit with. */
  close(): Promise<0 | 1>
}

const host = '127.0.0.1'
const readyWithinMs = 60_000
const lookAgainMs = 25

/**
 * Starts a cluster, and resolves when it answers requests.
 *
 * @throws ClusterError `DATA_FOLDER_UNUSABLE`, `DATA_IN_USE`, `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`, `DATA_SHARDS_MISMATCH`, `PORT_IN_USE`,
 *   `PORT_UNUSABLE`, `SERVICE_KEY_MISMATCH`, `CLUSTER_CONFIG_INVALID`, `CLUSTER_NOT_READY`: nothing runs then.
 */
export async function startCluster(options: UpOptions): Promise<RunningCluster> {
  const { dataFolder, nodes = 3, layout = 'together', speed = 1 } = options
  checkSpeed(speed)
  const scheme = options.tls === undefined ? 'http' : 'https'
  const config = startConfig()
  const settings = officeSettingsOf(host === '127.0.0.1')
  const definition = restaurantCluster(nodes, layout)
  if (options.port === options.opsPort && (options.port ?? 0) !== 0) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: '--ops-port',
      problem: `guests come in at ${options.port} already`,
      remedy: 'Operators need a port of their own.',
    })
  }
  const ports = {
    port: await freePort('public', '--port', options.port ?? 4_000),
    opsPort: await freePort('operator', '--ops-port', options.opsPort ?? 4_001),
  }
  const made: {
    provider?: ProviderServer
    supplier?: SupplierServer
    outbox?: OutboxServer
    world?: MachineAnchor
  } = {}
  let failed: (error: Error) => void = () => {}
  const failure = new Promise<never>((_, reject) => {
    failed = reject
  })
  failure.catch(() => {})

  const launcher = await Launcher.launch({
    dataFolder,
    ...(options.testSwitches !== undefined && { testSwitches: options.testSwitches }),
    ...(options.launcherSettings && { settings: options.launcherSettings }),
    groups: async () => {
      const world = await startWorld(dataFolder, definition, speed, options.worldFrom)
      made.world = world
      const serviceKey = serviceKeyOf(dataFolder)
      const callbackSecret = settingOf('BRIGADE_PROVIDER_SECRET') ?? randomBytes(32).toString('base64url')
      made.provider = await startProvider({
        file: join(dataFolder, 'provider-ledger.jsonl'),
        tokenSecret: serviceKey,
        ...(settingOf('BRIGADE_PROVIDER_CALLBACKS') !== 'off' && {
          callbacks: {
            url: `${scheme}://${host}:${ports.port}/api/v1/callbacks/provider`,
            secret: callbackSecret,
          },
        }),
      })
      made.supplier = await startSupplier({
        file: join(dataFolder, 'supplier-ledger.jsonl'),
        worldNow: () => worldAt(world, runtimeNow(world)),
      })
      let office = settings
      if (settings.mail === undefined || settings.sms === undefined) {
        const outboxFile = outboxFileIn(dataFolder)
        made.outbox = await startOutbox(outboxFile)
        const { mail, sms } = made.outbox
        // Who has said where mails and texts go is obeyed; for the others there is the stub.
        office = { mail, sms, ...settings, outboxFile }
      }
      return groupsOf(definition, options, {
        ...ports,
        world,
        config,
        office,
        serviceKey,
        providerUrl: made.provider.url,
        supplierUrl: made.supplier.url,
        callbackSecret,
      })
    },
    trouble: (words) => {
      const { kind, share, byMs } = words as { kind: string; share: number; byMs: number }
      switch (kind) {
        case 'provider-outage':
          return made.provider?.ledger.disturb({ kind: 'outage' })
        case 'provider-declines':
          return made.provider?.ledger.disturb({ kind: 'declines', share })
        case 'provider-slow':
          return made.provider?.ledger.disturb({ kind: 'slow', byMs })
        case 'provider-silent':
          return made.provider?.ledger.disturb({ kind: 'silent', share })
        case 'supplier-outage':
          return made.supplier?.ledger.disturb()
        default:
          return undefined
      }
    },
    ended: async () => {
      await Promise.all([made.provider?.close(), made.supplier?.close(), made.outbox?.close()])
      if (made.world !== undefined) await stopWorld(dataFolder, definition, made.world)
    },
    report: (event) => {
      if (event.kind === 'start-failed') failed(notReady(`${event.node} cannot start: ${event.error}`))
      options.report?.(event)
    },
  })
  options.launched?.(launcher)
  const url = `${scheme}://${host}:${ports.port}`
  try {
    await Promise.race([answers(url, launcher), failure])
  } catch (error) {
    await launcher.stop()
    throw error
  }
  const { provider, supplier, world } = made
  const isWhole = provider !== undefined && supplier !== undefined && world !== undefined
  assert(isWhole, 'U1', 'what answers has a world, a provider and suppliers')
  const opsUrl = `${scheme}://${host}:${ports.opsPort}`
  return { launcher, url, opsUrl, world, provider, supplier, close: () => launcher.stop() }
}

/**
 * Runs a cluster until it ends, and returns the code to exit with. SIGINT and SIGTERM drain it; a second one kills.
 *
 * @throws what `startCluster` does.
 */
export async function runCluster(
  options: UpOptions,
  onReady: (cluster: RunningCluster) => void,
): Promise<0 | 1> {
  let ended: Promise<0 | 1> | undefined
  const launched = (launcher: Launcher): void => {
    ended = untilEnded(launcher)
    options.launched?.(launcher)
  }
  try {
    const cluster = await startCluster({ ...options, launched })
    onReady(cluster)
    return (await ended) ?? 0
  } catch (error) {
    // It was told to end before it was ready: that is no failure.
    if (error instanceof StoppedEarly) return 0
    throw error
  }
}

class StoppedEarly extends Error {}

const notReady = (problem: string): ClusterError => new ClusterError('CLUSTER_NOT_READY', { problem })

/** `node-1 is starting (SIGKILL, no heartbeat for 1000 ms)`, of each. */
async function howNodesStand(launcher: Launcher): Promise<string> {
  const status = await launcher.execute({ kind: 'status' })
  if (status.kind !== 'status') return ''
  return status.nodes
    .map(({ node, phase, lastEnd }) => `${node} is ${phase}${lastEnd === undefined ? '' : ` (${lastEnd})`}`)
    .join(', ')
}

function checkSpeed(speed: number): void {
  const problem = speedProblem(speed)
  if (problem === undefined) return
  throw new ClusterError('CLUSTER_CONFIG_INVALID', {
    field: 'speed',
    problem,
    remedy: `Give a speed above 0, at most ${speedMax}.`,
  })
}

function groupsOf(
  { groups }: ClusterDefinition,
  {
    dataFolder,
    kitchenScale = 1,
    stockScale = kitchenScale,
    openings,
    kitchenModule,
    layout = 'together',
    recording,
    tls,
  }: UpOptions,
  settled: {
    readonly port: number
    readonly opsPort: number
    readonly world: MachineAnchor
    readonly config: StartValues
    readonly office: OfficeSettings
    readonly serviceKey: string
    readonly providerUrl: string
    readonly supplierUrl: string
    readonly callbackSecret: string
  },
): readonly LaunchGroup[] {
  const { port, opsPort, world, config, office, serviceKey, providerUrl, supplierUrl, callbackSecret } =
    settled
  const shared = { dataFolder, layout, secret: randomBytes(32).toString('base64url'), world, serviceKey }
  const kitchen: KitchenNodeConfig = {
    ...shared,
    providerUrl,
    supplierUrl,
    office,
    ...(recording && { recording }),
  }
  const usual = openings ?? openingsOf({ site, kitchenScale, stockScale })
  const edge: EdgeNodeConfig = {
    ...shared,
    host,
    port,
    opsPort,
    openings: usual,
    config,
    providerUrl,
    callbackSecret,
    ...(tls && { tls }),
    ...frontDoorSettings(),
  }
  const ours = (file: string): string => new URL(file, import.meta.url).href
  return Object.entries(groups).map(([name, { departments, nodes, nodesMax }]) => {
    const isEdge = departments.length === 0
    return {
      name,
      prefix: isEdge ? 'edge' : 'node',
      nodes,
      nodesMax,
      module: isEdge ? ours('./edge-node.js') : (kitchenModule ?? ours('./kitchen-node.js')),
      config: isEdge ? edge : kitchen,
    }
  })
}

// Ports

/** Of 0: below those that systems give to connections, so that nobody who dials out takes it before a node listens. */
const anyPort = { from: 20_000, upTo: 32_000 }
const anyPortTries = 20

/**
 * The port itself, or a free one for 0. It is looked at here, where somebody sees the error: the process that will
 * listen would be restarted again and again.
 */
async function freePort(listener: string, option: string, port: number): Promise<number> {
  if (port !== 0) return probedPort(listener, option, port)
  for (let tries = 1; ; tries += 1) {
    try {
      return await probedPort(listener, option, randomInt(anyPort.from, anyPort.upTo))
    } catch (error) {
      if (tries === anyPortTries) throw error
    }
  }
}

function probedPort(listener: string, option: string, port: number): Promise<number> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const place = { listener, host, port, option }
      reject(
        error.code === 'EADDRINUSE'
          ? new ClusterError('PORT_IN_USE', place)
          : new ClusterError('PORT_UNUSABLE', { ...place, problem: error.message }),
      )
    })
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(port)))
  })
}

/** Resolves when requests are answered at `url`. */
async function answers(url: string, launcher: Launcher): Promise<void> {
  let code: 0 | 1 | undefined
  void launcher.exited.then((exited) => {
    code = exited
  })
  const deadline = performance.now() + readyWithinMs
  while (!(await isReady(url))) {
    if (code === 0) throw new StoppedEarly('The cluster was stopped before it was ready.')
    if (code === 1) throw notReady(`none of its nodes could: ${await howNodesStand(launcher)}`)
    if (performance.now() > deadline)
      throw notReady(`after ${readyWithinMs / 1_000} s ${await howNodesStand(launcher)}`)
    await sleep(lookAgainMs)
  }
}

/** It asks its own process on this machine: whom the certificate is for does not matter. */
function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? overHttps : overHttp
    get(`${url}/readyz`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
      response.on('error', () => resolve(false))
    }).on('error', () => resolve(false))
  })
}

/** What the environment says of both listeners. */
function frontDoorSettings(): Pick<
  EdgeNodeConfig,
  'corsOrigins' | 'rateLimit' | 'trustProxy' | 'opsToken' | 'isReadOnly'
> {
  const opsToken = operatorToken()
  assertClosed(host, opsToken)
  const origins = settingOf('BRIGADE_CORS_ORIGINS')
  const proxies = settingOf('BRIGADE_TRUST_PROXY')
  const counts = settingOf('BRIGADE_RATE_LIMIT')
  const known = ['everybody', 'remote', 'nobody'] as const
  const rateLimit = known.find((name) => name === counts)
  if (counts !== undefined && rateLimit === undefined) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'BRIGADE_RATE_LIMIT',
      problem: `'${counts}' is nobody's requests`,
      remedy: `Use one of ${known.join(', ')}.`,
    })
  }
  return {
    ...(origins !== undefined && { corsOrigins: listIn(origins) }),
    ...(proxies !== undefined && { trustProxy: listIn(proxies) }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(opsToken !== undefined && { opsToken }),
    ...(isReadOnly() && { isReadOnly: true }),
  }
}

const listIn = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
