/**
 * A whole cluster in one process: nodes over simulated ports, a launcher's part, and an edge node for guests.
 *
 * Owns:     the processes: starting, crashing, freezing and restarting them, and telling membership of it. It does
 *           what the launcher does live: a node that is frozen longer than the heartbeat bound is killed, and its
 *           end is announced only when it has ended.
 * Does not: choose faults or check anything: a day, a test or a search does.
 *
 * Invariants:
 *   S1. Same options and same calls at the same times: the same run, event for event.
 */
import type { ActorId, Instant } from '#actor'
import {
  type Bounds,
  boundsOf,
  type ClusterBounds,
  type ClusterDefinition,
  defaultClusterBounds,
  Node,
  type NodeOptions,
  type Registry,
} from '#host'
import {
  blindObserver,
  type Member,
  type NodeId,
  type Observer,
  type Outcome,
  type Request,
  type WorldAnchor,
} from '#ports'
import { SimArchive } from './archive.ts'
import { SimClock, simWorldAnchor } from './clock.ts'
import type { SimEvent } from './event-queue.ts'
import { SimJournal, type SimJournalOptions } from './journal.ts'
import { SimMembership } from './membership.ts'
import { calmLink, type LinkCharacter, SimNetwork } from './network.ts'
import { type OutsideModel, SimOutside } from './outside.ts'
import { SimProcess } from './process.ts'
import { SimRandom } from './random.ts'
import { Timeline } from './timeline.ts'

export interface SimClusterOptions {
  readonly seed: number
  readonly registry: Registry
  /** Departments by group. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  /** Nodes to start with. A node of a group that hosts nothing is an edge. */
  readonly nodes: readonly { readonly node: string; readonly group: string }[]
  readonly bounds?: Partial<Bounds>
  readonly clusterBounds?: Partial<ClusterBounds>
  readonly models?: ReadonlyMap<string, OutsideModel>
  readonly network?: LinkCharacter
  readonly journal?: Pick<SimJournalOptions, 'delays' | 'break'>
  /**
   * Whether the journal and the network copy what they are given, and refuse what is not plain data: the default.
   * Without, a run is a sixth shorter, and the same unless somebody changes what he has handed over or was given.
   */
  readonly copies?: boolean
  /** Until a node is told of a change among the members, at most. */
  readonly membershipDelayMaxUs?: number
  readonly world?: WorldAnchor
  readonly observer?: (node: NodeId) => Observer
  readonly recorder?: (node: NodeId) => NodeOptions['recorder']
  /** Milliseconds: the launcher kills a node that does not answer for this long. */
  readonly heartbeatMs?: number
  /** Milliseconds until a node that died is started again; undefined: it stays down. */
  readonly restartMs?: number
  readonly broken?: NodeOptions['broken']
}

/** How a node's clock goes wrong. */
export interface ClockError {
  /** Microseconds; less than 0: behind. */
  readonly aheadUs: number
  /** 1 is right. */
  readonly rate: number
}

interface Misset extends ClockError {
  readonly since: number
}

interface Life {
  readonly node: Node
  readonly process: SimProcess
  readonly clock: SimClock
  readonly life: number
  readonly group: string
  readonly build: Registry
  /** When its pause ends, one way or the other. */
  pauseEnd?: SimEvent
}

export class SimCluster {
  readonly timeline: Timeline
  readonly network: SimNetwork
  readonly journal: SimJournal
  readonly membership: SimMembership
  readonly archive: SimArchive
  readonly #options: SimClusterOptions
  readonly #lives = new Map<NodeId, Life>()
  readonly #count = new Map<NodeId, number>()
  readonly #builds = new Map<NodeId, Registry>()
  readonly #clocks = new Map<NodeId, Misset>()
  readonly #gone = new Set<NodeId>()
  readonly #endListeners: ((node: NodeId) => void)[] = []
  /** Processes ended so far, by whatever. */
  restarts = 0

  constructor(options: SimClusterOptions) {
    this.#options = options
    this.timeline = new Timeline(options.seed)
    this.network = new SimNetwork(this.timeline, options.network ?? calmLink, options.copies)
    this.membership = new SimMembership(this.timeline, options.membershipDelayMaxUs)
    this.archive = new SimArchive(this.timeline)
    this.journal = new SimJournal(
      {
        schedule: (delayUs, run) => void this.timeline.after(delayUs, run),
        draw: (name) => this.timeline.draw(name),
      },
      { ...options.journal, ...(options.copies !== undefined && { copies: options.copies }) },
    )
    for (const { node, group } of options.nodes) this.startNode(node as NodeId, group)
  }

  /** Nodes whose process is there, frozen ones too. */
  get nodes(): readonly NodeId[] {
    return [...this.#lives.keys()]
  }

  nodeOf(node: string): Node | undefined {
    return this.#lives.get(node as NodeId)?.node
  }

  /** `ended`: there is no such process. */
  stateOf(node: string): SimProcess['state'] {
    return this.#lives.get(node as NodeId)?.process.state ?? 'ended'
  }

  /** What the node runs. */
  buildOf(node: string): Registry | undefined {
    return this.#lives.get(node as NodeId)?.build
  }

  clockOf(node: string): SimClock | undefined {
    return this.#lives.get(node as NodeId)?.clock
  }

  startNode(node: NodeId, group: string): void {
    if (this.#lives.has(node)) return
    const { groups, bounds, clusterBounds, models, world, observer, broken } = this.#options
    const registry = this.#builds.get(node) ?? this.#options.registry
    const recorder = this.#options.recorder?.(node)
    const life = (this.#count.get(node) ?? 0) + 1
    this.#count.set(node, life)
    const process = new SimProcess(this.timeline)
    const clock = new SimClock(this.timeline, process, world ?? simWorldAnchor)
    const misset = this.#clocks.get(node)
    if (misset !== undefined) {
      clock.step(Math.round(misset.aheadUs + (this.timeline.now - misset.since) * (misset.rate - 1)))
      clock.drift(misset.rate)
    }
    const running = new Node({
      node,
      group,
      registry,
      groups,
      bounds: boundsOf(bounds),
      clusterBounds: { ...defaultClusterBounds, ...clusterBounds },
      ports: {
        clock,
        random: new SimRandom(this.timeline, `random.${node}.${life}`),
        journal: this.journal.port(node, (run) => process.enter(run)),
        transport: this.network.port(node, process),
        membership: this.membership.port(node, process),
        outside: new SimOutside(this.timeline, process, models ?? new Map()),
        observer: observer?.(node) ?? blindObserver,
        archive: this.archive.port(node, process),
      },
      onEnd: () => this.crash(node),
      ...(broken === undefined ? {} : { broken }),
      ...(recorder === undefined ? {} : { recorder }),
    })
    this.#lives.set(node, { node: running, process, clock, life, group, build: registry })
    running.start()
    const member: Member = { node, group, address: '', state: 'up', life }
    this.membership.join(member, process)
  }

  /** Told of every process that ends, in that instant: whoever had a connection to it notices. */
  onEnd(listener: (node: NodeId) => void): void {
    this.#endListeners.push(listener)
  }

  /** SIGKILL: the memory is gone at once, and the launcher announces it. False when there is no such process. */
  crash(node: string): boolean {
    const id = node as NodeId
    const group = this.#lives.get(id)?.group
    if (group === undefined) return false
    this.end(node)
    const { restartMs } = this.#options
    if (restartMs !== undefined) {
      this.timeline.after(restartMs * 1_000, () => {
        if (!this.#gone.has(id)) this.startNode(id, group)
      })
    }
    return true
  }

  /** It ends, if it lives, and is never started again. */
  remove(node: string): void {
    this.#gone.add(node as NodeId)
    this.end(node)
  }

  /** Its process ends, and is not started again. False when there is no such process. */
  end(node: string): boolean {
    const id = node as NodeId
    const life = this.#lives.get(id)
    if (life === undefined) return false
    this.#lives.delete(id)
    this.restarts += 1
    life.process.end()
    this.journal.crashNode(id)
    life.node.stop()
    this.membership.leave(id)
    for (const tell of this.#endListeners) tell(id)
    return true
  }

  /** SIGSTOP for a while. Longer than the heartbeat bound it becomes a kill. */
  pause(node: string, forMs: number): boolean {
    const life = this.#lives.get(node as NodeId)
    if (life === undefined) return false
    const heartbeatMs = this.#options.heartbeatMs ?? 1_000
    life.process.freeze()
    if (life.pauseEnd !== undefined) this.timeline.cancel(life.pauseEnd)
    life.pauseEnd = this.timeline.after(Math.min(forMs, heartbeatMs) * 1_000, () => {
      if (this.#lives.get(node as NodeId) !== life) return
      if (forMs > heartbeatMs) this.crash(node)
      else life.process.thaw()
    })
    return true
  }

  /** SIGCONT. False when there is no such process, or it is not frozen. */
  resume(node: string): boolean {
    const life = this.#lives.get(node as NodeId)
    if (life?.process.state !== 'frozen') return false
    if (life.pauseEnd !== undefined) this.timeline.cancel(life.pauseEnd)
    life.process.thaw()
    return true
  }

  /** From its next life on the node runs this build. */
  setBuild(node: string, registry: Registry): void {
    this.#builds.set(node as NodeId, registry)
  }

  /** The node's clock is wrong from now on, in its later lives too, until what is returned is called. */
  missetClock(node: string, error: ClockError): () => void {
    const id = node as NodeId
    this.#clocks.set(id, { ...error, since: this.timeline.now })
    const clock = this.clockOf(node)
    clock?.step(error.aheadUs)
    clock?.drift(error.rate)
    return () => {
      this.#clocks.delete(id)
      this.clockOf(node)?.setRight()
    }
  }

  /** Hands everything over; the process stays until it is crashed. */
  drain(node: string): void {
    this.membership.setState(node as NodeId, 'leaving')
  }

  /** A request as a guest's gateway would send it, through this node. */
  request(edge: string, request: Omit<Request, 'id' | 'node'>, done: (outcome: Outcome) => void): boolean {
    const life = this.#lives.get(edge as NodeId)
    if (life?.process.state !== 'running') return false
    life.node.request(request, done)
    return true
  }

  query(edge: string, actor: ActorId, name: string, done: (outcome: Outcome) => void): boolean {
    return this.request(edge, { actor, body: { kind: 'query', name }, timeoutMs: 5_000 }, done)
  }

  /** Runs until this many milliseconds from now. */
  runFor(ms: number): void {
    this.timeline.run({ until: this.timeline.now + ms * 1_000 })
  }

  /** World time that a node with a right clock would read. */
  get worldNow(): Instant {
    const { world = simWorldAnchor } = this.#options
    return (world.world + this.timeline.now * world.speed) as Instant
  }
}

/** What `simulate` takes beside the cluster: a seed, and whatever else is not the cluster's own. */
export type SimulateOptions = Omit<
  SimClusterOptions,
  'registry' | 'groups' | 'nodes' | 'bounds' | 'clusterBounds'
>

/**
 * A defined cluster in virtual time: the nodes of its groups, and `edge-1`, through which requests come in.
 * Crashed nodes are started again after 300 ms unless `restartMs` says otherwise.
 */
export function simulate(cluster: ClusterDefinition, options: SimulateOptions): SimCluster {
  const nodes = Object.entries(cluster.groups).flatMap(([group, { departments, nodes: count }]) =>
    departments.length === 0 ? [] : Array.from({ length: count }, () => group),
  )
  return new SimCluster({
    restartMs: 300,
    ...options,
    registry: cluster.registry,
    groups: { ...cluster.hosts, edge: [] },
    bounds: cluster.bounds,
    clusterBounds: cluster.clusterBounds,
    nodes: [
      ...nodes.map((group, n) => ({ node: `node-${n + 1}`, group })),
      { node: 'edge-1', group: 'edge' },
    ],
  })
}
