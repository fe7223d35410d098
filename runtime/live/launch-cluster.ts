/**
 * A cluster of node processes, run and spoken to from one script.
 *
 * Owns:     launching the nodes of a cluster module, and an edge in this process through which the script asks.
 * Does not: serve HTTP (gateway) or know which actors there are.
 */
import { randomBytes } from 'node:crypto'
import type { ActorRef, Message } from '#actor'
import { assert, ClusterError } from '#actor'
import type { NodeId, Outcome, Request } from '#ports'
import type { CommandOutcome, LauncherCommand, NodeControl } from './control.ts'
import type { RecordingOptions } from './file-recorder.ts'
import { Launcher } from './launcher.ts'
import type { ClusterModule, LibraryNodeConfig } from './library-node.ts'
import { startLiveNode } from './live-node.ts'
import type { MachineAnchor } from './system-clock.ts'
import { startWorld, stopWorld } from './world.ts'

export interface LaunchClusterOptions {
  /** URL of the module that exports `cluster` and perhaps `outside`: `new URL('./cluster.mjs', import.meta.url)`. */
  readonly module: URL
  /** Where everything durable is. Created if need be; one `launchCluster` at a time. */
  readonly dataFolder: string
  /** World seconds per second. */
  readonly speed?: number
  /** Each node writes down what its kernels do, so that it can be replayed: `replayRecording`. */
  readonly recording?: RecordingOptions
}

export interface AskOptions {
  /** The same key on another try is the same message: it is handled once. */
  readonly key?: string
  readonly timeoutMs?: number
}

export interface RunningCluster {
  /** Sends a message to an actor, wherever it is. The outcome is durable. */
  ask(actor: ActorRef, message: Message, options?: AskOptions): Promise<Outcome>
  /** Reads an actor through one of its queries. */
  query(actor: ActorRef, name: string, args?: unknown): Promise<Outcome>
  /** Crash, pause, drain, add nodes: what the launcher can do. */
  command(command: LauncherCommand): Promise<CommandOutcome>
  /** Hands everything over or releases it, and ends all processes. Nothing is lost; what is not answered rejects. */
  close(): Promise<void>
}

/** The caller's own place in the cluster: a group that hosts nothing. */
const callerGroup = 'caller'

/**
 * Launches a cluster, and resolves when every shard has an owner.
 *
 * @throws ClusterError `DATA_IN_USE`, `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`, `DATA_SHARDS_MISMATCH`,
 *   `CLUSTER_CONFIG_INVALID` when the module exports no cluster.
 */
export async function launchCluster(options: LaunchClusterOptions): Promise<RunningCluster> {
  const { module, dataFolder, speed = 1, recording } = options
  const { cluster } = (await import(module.href)) as Partial<ClusterModule>
  if (cluster === undefined) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: module.href,
      problem: 'it exports no `cluster`',
      remedy: 'Export what defineCluster returns under that name.',
    })
  }
  let world: MachineAnchor | undefined
  let config: LibraryNodeConfig | undefined
  const launcher = await Launcher.launch({
    dataFolder,
    groups: async () => {
      world = await startWorld(dataFolder, cluster, speed)
      config = {
        dataFolder,
        secret: randomBytes(32).toString('hex'),
        world,
        clusterModule: module.href,
        ...(recording && { recording }),
      }
      return Object.entries(cluster.groups).map(([name, { nodes, nodesMax }]) => ({
        name,
        prefix: 'node',
        nodes,
        nodesMax,
        module: new URL('./library-node.js', import.meta.url).href,
        config,
      }))
    },
    ended: async () => {
      if (world !== undefined) await stopWorld(dataFolder, cluster, world)
    },
  })
  await launcher.settled()
  assert(config !== undefined, 'L2', 'launched without a configuration')
  const caller = await join(launcher, cluster, config)
  return {
    ask: (actor, message, { key, timeoutMs = 5_000 } = {}) =>
      caller.request({
        actor,
        body: { kind: 'command', message },
        timeoutMs,
        ...(key === undefined ? {} : { key, fingerprint: JSON.stringify(message) }),
      }),
    query: (actor, name, args) =>
      caller.request({ actor, body: { kind: 'query', name, args }, timeoutMs: 5_000 }),
    command: (command) => launcher.execute(command),
    close: async () => {
      await caller.close()
      await launcher.stop()
      await launcher.exited
    },
  }
}

interface Caller {
  request(request: Omit<Request, 'id' | 'node'>): Promise<Outcome>
  close(): Promise<void>
}

/** This process as an edge: a member that owns nothing, and ends with the launcher. */
async function join(
  launcher: Launcher,
  cluster: ClusterModule['cluster'],
  config: LibraryNodeConfig,
): Promise<Caller> {
  const node = 'caller-1' as NodeId
  const life = Date.now()
  const members = launcher.membership()
  const control: NodeControl = {
    node,
    group: callerGroup,
    life,
    membership: members,
    command: (command) => launcher.execute(command),
  }
  const edge = await startLiveNode({
    cluster: { ...cluster, hosts: { ...cluster.hosts, [callerGroup]: [] } },
    config,
    control,
    outside: {},
  })
  launcher.join({ node, group: callerGroup, address: edge.body.address, state: 'up', life })
  const poll = 10
  while (cluster.registry.shards.some((shard) => edge.node.cluster?.ownerOf(shard) === undefined)) {
    await new Promise((resolve) => setTimeout(resolve, poll))
  }
  const unanswered = new Set<(error: Error) => void>()
  let isClosed = false
  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw new Error('The cluster is closed.')
        unanswered.add(reject)
        edge.node.request(request, (outcome) => {
          unanswered.delete(reject)
          resolve(outcome)
        })
      }),
    close: async () => {
      isClosed = true
      await edge.body.drain()
      for (const reject of unanswered) reject(new Error('The cluster was closed before it answered.'))
    },
  }
}
