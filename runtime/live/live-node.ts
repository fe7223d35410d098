/**
 * A node over the real ports, in a process of the launcher's.
 *
 * Owns:     putting the ports together, and draining: everything handed over or released before the process ends.
 * Does not: know which actors run. Their definition and the outside handlers are given to it.
 */
import { randomUUID } from 'node:crypto'
import { type ClusterDefinition, Node, shardHashVersion } from '#host'
import { ActivityLink } from './activity-link.ts'
import { archiveIn, FileArchive, freeBytes } from './archive.ts'
import type { NodeBody, NodeControl } from './control.ts'
import { FileRecorder, type RecordingOptions } from './file-recorder.ts'
import { LiveOutside, type OutsideHandler } from './live-outside.ts'
import { Environment } from './lmdb/environment.ts'
import { LmdbJournal, type LmdbJournalOptions } from './lmdb/journal.ts'
import { ProcessFaults } from './process-faults.ts'
import { Metrics } from './prometheus.ts'
import { type MachineAnchor, SystemClock } from './system-clock.ts'
import { SystemRandom } from './system-random.ts'
import { TapLink } from './tap-link.ts'
import { WsTransport } from './ws/ws-transport.ts'

/** What every node process of one cluster is given by whoever launches it. JSON. */
export interface LiveNodeConfig {
  readonly dataFolder: string
  /** Shared by the nodes of this machine, made anew at each start. Never logged. */
  readonly secret: string
  readonly world: MachineAnchor
  /** Nodes that own shards write down what their kernels do. */
  readonly recording?: RecordingOptions
}

export interface LiveNode {
  readonly node: Node
  readonly environment: Environment
  readonly journal: LmdbJournal
  readonly clock: SystemClock
  readonly metrics: Metrics
  readonly transport: WsTransport
  /** What the actors of all nodes do, for people. */
  readonly activity: ActivityLink
  /** Messages that fit a filter, of all nodes, for people. */
  readonly taps: TapLink
  /** For the launcher. */
  readonly body: NodeBody
}

export interface LiveNodeParts {
  readonly cluster: ClusterDefinition
  readonly config: LiveNodeConfig
  readonly control: NodeControl
  readonly outside: Readonly<Record<string, OutsideHandler>>
  /** Test shims of the store. */
  readonly journal?: Pick<LmdbJournalOptions, 'afterFlush' | 'roomBytes'>
}

/** Shards by department: what the data folder was made with. */
export function shardCounts(cluster: ClusterDefinition): Readonly<Record<string, number>> {
  return Object.fromEntries(cluster.registry.departments.map(({ name, shards }) => [name, shards]))
}

/**
 * Opens the store, listens for peers, and starts the node.
 *
 * @throws ClusterError `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`, `DATA_SHARDS_MISMATCH`.
 */
export async function startLiveNode(parts: LiveNodeParts): Promise<LiveNode> {
  const { cluster, config, control } = parts
  const { node: id, group, life } = control
  const environment = await Environment.open({
    folder: config.dataFolder,
    departments: shardCounts(cluster),
    hashVersion: shardHashVersion,
    // Whoever starts the nodes has opened it before.
    isInUse: true,
  })
  // Its last user may have died reading.
  environment.releaseDeadReaders()
  // The launcher starts another process in its place, until it has done so too often.
  const endProcess = (cause: string): void => {
    console.error(`${id} ends itself: ${cause}`)
    process.exit(1)
  }
  const clock = new SystemClock(config.world)
  const faults = new ProcessFaults({
    node: id,
    roomBytes: parts.journal?.roomBytes ?? (() => freeBytes(config.dataFolder)),
    stepClock: (us) => clock.step(us),
  })
  const journal = new LmdbJournal(environment, {
    afterFlush: async () => {
      await parts.journal?.afterFlush?.()
      await faults.afterFlush()
    },
    roomBytes: () => faults.roomBytes(),
    onFatal: (cause) => void control.command({ kind: 'halt', cause }),
    onBroken: endProcess,
  })
  const random = new SystemRandom()
  const metrics = new Metrics(id)
  const transport = await WsTransport.listen({
    node: id,
    life,
    cluster: environment.identity.cluster,
    secret: config.secret,
    random,
  })
  control.membership.watch((members) => transport.peers(members))
  const isEdge = cluster.hosts[group]?.length === 0
  const recorder =
    config.recording === undefined || isEdge
      ? undefined
      : new FileRecorder(id, config.recording, ({ message }) =>
          console.error(`${id} is not recorded any more: ${message}`),
        )
  const archive =
    cluster.archive && !isEdge
      ? new FileArchive({ folder: archiveIn(config.dataFolder), name: `${id}.${randomUUID().slice(0, 8)}` })
      : undefined
  const node = new Node({
    node: id,
    group,
    registry: cluster.registry,
    groups: cluster.hosts,
    bounds: cluster.bounds,
    clusterBounds: cluster.clusterBounds,
    ports: {
      clock,
      random,
      journal,
      transport,
      membership: control.membership,
      outside: faults.around(new LiveOutside(parts.outside, clock)),
      observer: metrics,
      ...(archive && { archive }),
    },
    onEnd: endProcess,
    ...(recorder && { recorder }),
    onLook: (from, item) => {
      if (item.kind === 'tap' || item.kind === 'tapped') taps.received(from, item)
      else activity.received(from, item)
    },
    onRefused: ({ code, message }) => console.error(`${id} leaves a shard alone: ${code}: ${message}`),
  })
  const activity = new ActivityLink({ node, about: { node: id, life }, clock, metrics })
  const taps = new TapLink({ node, about: { node: id, life }, metrics })
  node.start()
  control.membership.watch(() => taps.ask())
  const body: NodeBody = {
    address: transport.address,
    counters: () => ({
      ...metrics.counters(),
      ...node.gauges,
      eventsObserved: metrics.eventsObserved,
      messagesLookedAt: taps.looked,
    }),
    latencies: () => metrics.latencies(),
    faults: ({ links, processes }) => {
      transport.faults(links)
      faults.set(processes)
    },
    faultsMet: () => Object.fromEntries([...transport.filter.met, ...faults.met]),
    drain: async () => {
      await drained(node)
      faults.close()
      activity.close()
      taps.close()
      node.stop()
      transport.close()
      await archive?.close()
      await environment.close()
    },
  }
  return { node, environment, journal, clock, metrics, transport, activity, taps, body }
}

/** Resolves when nothing is owned any more. The launcher bounds how long that may take. */
async function drained(node: Node): Promise<void> {
  node.leave()
  const poll = 10
  while ((node.cluster?.owned.size ?? 0) > 0 || node.kernel?.idle === false) {
    await new Promise((resolve) => setTimeout(resolve, poll))
  }
}
