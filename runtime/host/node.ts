/**
 * A node: kernel, cluster and ports. The only loop, and one file for both worlds.
 *
 * Inputs are queued; each round steps through all that are there, then flushes, then sends one frame per peer.
 * When the incarnation is lost (its scope was sealed, a read or a write failed, a shard escalated), kernel and
 * cluster are dropped whole and made anew under a new scope: the one recovery path.
 *
 * Owns:     the loop, the incarnation, what carries outputs to ports.
 * Does not: decide anything about messages (kernel) or shards (cluster).
 *
 * Invariants:
 *   N1. A port's answer reaches the incarnation that asked, or nobody.
 *   N2. Outputs are carried out in the order in which the kernel and the cluster gave them.
 */
import type { Resident } from '#activity'
import type { Instant } from '#actor'
import { after, ClusterError } from '#actor'
import { Cluster, type ClusterBounds, type ClusterInput, type ClusterOutput } from '#cluster'
import { type Bounds, type Input, Kernel, type Mutant, type Output, type Registry, TimerHeap } from '#kernel'
import type {
  Archive,
  Clock,
  Expired,
  Frame,
  Journal,
  Member,
  Membership,
  NodeId,
  Observer,
  Outcome,
  Outside,
  Position,
  Random,
  Request,
  RequestId,
  ScopeId,
  ShardId,
  ShardView,
  Transport,
  Trim,
  UsedBudget,
  WireItem,
} from '#ports'
import { PendingRequests } from './pending-requests.ts'
import { RecordedKernel, type Recorder } from './recorder.ts'

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly transport: Transport
  readonly membership: Membership
  readonly outside: Outside
  readonly observer: Observer
  /** Without one, what is trimmed is gone. */
  readonly archive?: Archive
}

export interface NodeOptions {
  readonly node: NodeId
  readonly group: string
  readonly registry: Registry
  /** Departments that the nodes of each group host. A group that hosts none owns no shards. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly bounds: Bounds
  readonly clusterBounds: ClusterBounds
  readonly ports: Ports
  /** The node should end: a shard escalated too often. The process exits, and the launcher starts another. */
  readonly onEnd: (cause: string) => void
  /** What other nodes say of being looked at. */
  readonly onLook?: (from: NodeId, item: LookItem) => void
  /** A shard is left to a node of a newer build: `SHARD_VERSION_UNKNOWN`, told once for each. */
  readonly onRefused?: (error: ClusterError) => void
  readonly broken?: Mutant
  /** Told of all that its kernels take. */
  readonly recorder?: Recorder
}

/** What is said for people who look; nothing of the cluster depends on it. */
export type LookItem = Extract<WireItem, { readonly kind: 'watch' | 'activity' | 'tap' | 'tapped' }>

/** One life of a node's memory. */
interface Incarnation {
  readonly scope: ScopeId
  readonly kernel: Kernel
  readonly cluster: Cluster
  readonly calls: Map<string, { cancel(): void }>
}

/** Before a lost incarnation is followed by another; doubles while they are lost at once. Milliseconds. */
const recoverMinMs = 20
const recoverMaxMs = 2_000

export class Node {
  readonly #options: NodeOptions
  readonly #ports: Ports
  /** Shards that the nodes of a group may own. */
  readonly #hosted: ReadonlyMap<string, ReadonlySet<ShardId>>
  #life: Incarnation | undefined
  #members: readonly Member[] = []
  #inputs: (Input | { readonly kind: 'cluster'; readonly input: ClusterInput })[] = []
  #scheduled = false
  #frames = new Map<NodeId, WireItem[]>()
  readonly #requests: PendingRequests
  readonly #timers = new TimerHeap<() => void>()
  #kernelWake: Instant | undefined
  #runtimeWake: Instant | undefined
  #requestTick: Instant | undefined
  /** Of the last request. The first is drawn: an answer to an earlier process of this name is none to them. */
  #requestId: number
  #losses = 0
  /** An author's turn made what cannot be stored, and would again. */
  #wary = false
  /** Every scope that this process has had. */
  readonly #scopes = new Set<ScopeId>()
  #stopped = false
  #leaving = false
  /** Set while the disk has no room. */
  storageFull = false

  constructor(options: NodeOptions) {
    this.#options = options
    this.#ports = options.ports
    const { groups, registry, ports } = options
    this.#requestId = ports.random.next() * 2 ** 20
    this.#hosted = new Map(
      Object.entries(groups).map(([group, departments]) => [
        group,
        new Set(
          registry.shards.filter((shard) => departments.includes(shard.slice(0, shard.lastIndexOf('.')))),
        ),
      ]),
    )
    this.#requests = new PendingRequests((request, shard) => {
      const owner = this.#life?.cluster.ownerOf(shard)
      if (owner !== undefined) this.#toNode(owner, { kind: 'request', request })
      return owner
    })
  }

  get id(): NodeId {
    return this.#options.node
  }

  get scope(): ScopeId | undefined {
    return this.#life?.scope
  }

  get kernel(): Kernel | undefined {
    return this.#life?.kernel
  }

  get cluster(): Cluster | undefined {
    return this.#life?.cluster
  }

  get members(): readonly Member[] {
    return this.#members
  }

  /** What is in memory now, for people. */
  get gauges(): Readonly<Record<string, number>> {
    const owned = [...(this.kernel?.shards.values() ?? [])]
    return {
      shardsOwned: owned.length,
      actors: owned.reduce((sum, shard) => sum + shard.activations.size, 0),
      mailboxRows: owned.reduce((sum, shard) => sum + shard.waiting, 0),
      outboxRows: owned.reduce((sum, shard) => sum + shard.backlog - shard.waiting, 0),
      deadLettersNow: owned.reduce((sum, shard) => sum + shard.deadLetters.size, 0),
    }
  }

  /** The actors that are in memory now, for people. */
  *residents(): Generator<Resident> {
    for (const shard of this.kernel?.shards.values() ?? [])
      for (const { id, status, state, depth } of shard.activations.values())
        yield { id, status, state: state?.value, mailbox: depth }
  }

  /** Restarts that count now against what their groups allow, for people. */
  get budgets(): readonly UsedBudget[] {
    return this.kernel?.budgets(this.#ports.clock.now().runtime) ?? []
  }

  /** Tells another node something for people who look. */
  tell(to: NodeId, item: LookItem): void {
    if (!this.#stopped) this.#ports.transport.send(to, { items: [item] })
  }

  start(): void {
    const { transport, membership } = this.#ports
    transport.onFrame((from, frame) => this.#received(from, frame))
    transport.onLink((peer, up) => {
      if (up) this.#linked(peer)
    })
    membership.watch((members) => {
      this.#members = members
      if (this.#ports.observer.watched) {
        this.#ports.observer.event({
          kind: 'members',
          up: members.map((m) => m.node),
          at: this.#ports.clock.now().world,
        })
      }
      this.#tellMembers()
    })
    this.#incarnate()
  }

  /** Hands over or releases every shard; takes none any more. Watch `cluster.owned` to see it done. */
  leave(): void {
    this.#leaving = true
    this.#tellMembers()
  }

  /** Stops at once. What is durable stays; everything else of this node is gone, as in a crash. */
  stop(): void {
    this.#stopped = true
    this.#drop()
  }

  /** Sends a request to the owner of its actor's shard. `done` is called once, not before this returns. */
  request(request: Omit<Request, 'id' | 'node'>, done: (outcome: Outcome) => void): void {
    if (this.#options.registry.find(request.actor) === undefined) {
      this.#ports.clock.soon(() => done({ kind: 'invalid', problem: `no actor type of '${request.actor}'` }))
      return
    }
    const now = this.#ports.clock.now().runtime
    this.#requestId += 1
    const id = this.#requestId as RequestId
    const shard = this.#options.registry.shardOf(request.actor)
    // The spread comes last: fields added after one cost a microsecond each.
    this.#requests.add({ id, node: this.#options.node, ...request }, shard, now, done)
    this.#tickRequests(now)
    this.#schedule()
  }

  // ── the loop ───────────────────────────────────────────────────────────────────────────────────────────

  #feed(input: Input): void {
    this.#inputs.push(input)
    this.#schedule()
  }

  #feedCluster(input: ClusterInput): void {
    this.#inputs.push({ kind: 'cluster', input })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    this.#ports.clock.soon(this.#round)
  }

  readonly #round = (): void => {
    this.#scheduled = false
    if (this.#stopped) return
    const now = this.#ports.clock.now()
    const inputs = this.#inputs
    this.#inputs = []
    for (const input of inputs) {
      const life = this.#life
      if (life === undefined) break
      if (input.kind === 'cluster') this.#carryCluster(life, life.cluster.step(input.input, now.runtime))
      else this.#carry(life, life.kernel.step(input, now))
    }
    const life = this.#life
    if (life !== undefined) this.#carry(life, life.kernel.step({ kind: 'flush' }, now))
    this.#sendFrames()
    this.#armRuntimeWake()
  }

  #carry(life: Incarnation, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (this.#life !== life) return
      this.#carryOne(life, output)
    }
  }

  #carryOne(life: Incarnation, output: Output): void {
    const { journal, clock, outside } = this.#ports
    switch (output.kind) {
      case 'append': {
        const closedAt = clock.now().runtime
        journal.append(life.scope, output.expected, output.batch, (outcome) => {
          if (this.#life !== life) return
          this.#ports.observer.time('commit', (clock.now().runtime - closedAt) / 1_000)
          this.storageFull = outcome.kind === 'full'
          this.#wary ||= outcome.kind === 'unstorable'
          if (outcome.kind === 'durable') this.#losses = 0
          this.#feed({ kind: 'appended', outcome })
        })
        return
      }
      case 'verify':
        journal.readPosition(life.scope, (read) => {
          if (this.#life !== life) return
          if (read.kind === 'failed') this.#lose(life, read.cause)
          else if (read.value === 'sealed') this.#lose(life, 'sealed')
          else this.#feed({ kind: 'verified' })
        })
        return
      case 'load':
        journal.readActor(output.shard, output.actor, (read) => {
          if (this.#life !== life) return
          if (read.kind === 'failed') this.#lose(life, read.cause)
          else
            this.#feed({
              kind: 'loaded',
              shard: output.shard,
              epoch: output.epoch,
              actor: output.actor,
              rows: read.value,
            })
        })
        return
      case 'read-mailbox':
        journal.readMailbox(output.shard, output.numbers, (read) => {
          if (this.#life !== life) return
          const { shard, epoch, actor } = output
          if (read.kind === 'failed') this.#lose(life, read.cause)
          else this.#feed({ kind: 'mailbox-read', shard, epoch, actor, rows: read.value })
        })
        return
      case 'read-requests':
        journal.readRequests(output.shard, output.page, (read) => {
          if (this.#life !== life) return
          const { shard, epoch } = output
          if (read.kind === 'failed') this.#lose(life, read.cause)
          else this.#feed({ kind: 'requests-read', shard, epoch, rows: read.value })
        })
        return
      case 'read-expired':
        this.#retire(life, output)
        return
      case 'read-tombstones':
        journal.readTombstones(output.shard, output.page, (read) => {
          if (this.#life !== life) return
          const { shard, epoch } = output
          // Nobody needs what could not be read: it stays, and the life goes on.
          const found = read.kind === 'found' && { page: read.value }
          this.#feed({ kind: 'tombstones-read', shard, epoch, ...found })
        })
        return
      case 'send': {
        const owner = life.cluster.ownerOf(output.shard)
        if (owner !== undefined) this.#toNode(owner, output.item)
        return
      }
      case 'unanswered':
        this.#feedCluster({ kind: 'unanswered' })
        return
      case 'respond':
        this.#toNode(output.to, { kind: 'response', response: output.response })
        return
      case 'call': {
        const key = `${output.shard} ${output.ordinal} ${output.id}`
        const { handler, args, deadline, trace } = output.row
        const call = outside.start(
          {
            handler,
            args,
            key: output.row.key,
            expiresAt: deadline,
            ...(trace === undefined ? {} : { trace }),
          },
          (outcome) => {
            if (this.#life !== life) return
            life.calls.delete(key)
            this.#feed({
              kind: 'called',
              shard: output.shard,
              ordinal: output.ordinal,
              id: output.id,
              attempt: output.attempt,
              outcome,
            })
          },
        )
        life.calls.set(key, call)
        return
      }
      case 'cancel-call': {
        const key = `${output.shard} ${output.ordinal} ${output.id}`
        life.calls.get(key)?.cancel()
        life.calls.delete(key)
        return
      }
      case 'wake-at':
        if (output.clock === 'runtime') this.#kernelWake = output.at
        else clock.wakeAt('world', output.at, () => this.#feed({ kind: 'wake' }))
        return
      case 'released':
        this.#feedCluster({ kind: 'released', shard: output.shard })
        return
      case 'forget':
        this.#lose(life, output.cause)
        return
      case 'end-node':
        this.#options.onEnd(output.cause)
        return
    }
  }

  #carryCluster(life: Incarnation, outputs: readonly ClusterOutput[]): void {
    const { journal } = this.#ports
    for (const output of outputs) {
      if (this.#life !== life) return
      switch (output.kind) {
        case 'read-shards':
          journal.readShards((read) => {
            if (this.#life !== life) return
            if (read.kind === 'failed') this.#lose(life, read.cause)
            else this.#feedCluster({ kind: 'shards', views: read.value })
          })
          break
        case 'acquire':
          this.#acquire(life, output)
          break
        case 'release':
          this.#carry(
            life,
            life.kernel.step(
              {
                kind: 'release',
                shard: output.shard,
                ...(output.heir === undefined ? {} : { heir: output.heir }),
              },
              this.#ports.clock.now(),
            ),
          )
          break
        case 'sealed':
          this.#lose(life, 'sealed')
          break
        case 'lacks':
          this.#refuseShard(output)
          break
        case 'tell':
          this.#toNode(output.to, output.item)
          break
        case 'routed': {
          const owner = life.cluster.ownerOf(output.shard)
          if (owner !== undefined) this.#requests.routed(output.shard, owner, this.#ports.clock.now().runtime)
          this.#carry(
            life,
            life.kernel.step({ kind: 'routed', shard: output.shard }, this.#ports.clock.now()),
          )
          break
        }
        case 'tick-at':
          this.#timers.add(output.at, () => {
            if (this.#life === life) this.#feedCluster({ kind: 'tick' })
          })
          break
      }
    }
  }

  /** Takes the shard, reads its rows, and only then tells the cluster layer: routes lead to a shard that answers. */
  #acquire(life: Incarnation, { shard, epoch, previous }: Extract<ClusterOutput, { kind: 'acquire' }>): void {
    const { journal } = this.#ports
    // Taking over from an earlier incarnation of this very process is no death: nothing killed it.
    const fromMyself = previous !== undefined && this.#scopes.has(previous)
    journal.acquire(shard, epoch, life.scope, (outcome) => {
      if (this.#life !== life) return
      if (outcome.kind === 'sealed' || outcome.kind === 'failed') {
        this.#lose(life, outcome.kind === 'sealed' ? 'sealed' : outcome.cause)
        return
      }
      if (outcome.kind === 'refused') {
        this.#feedCluster({ kind: 'acquired', shard, outcome })
        return
      }
      journal.readShard(shard, this.#options.bounds.mailboxWindow, (read) => {
        if (this.#life !== life) return
        if (read.kind === 'failed') {
          this.#lose(life, read.cause)
          return
        }
        this.#feed({
          kind: 'granted',
          shard,
          epoch: outcome.epoch,
          clean: outcome.clean || fromMyself,
          worldNow: outcome.now,
          rows: read.value,
        })
        this.#feedCluster({ kind: 'acquired', shard, outcome })
      })
    })
  }

  /** Reads what is kept no longer and has it archived. Only then is the kernel told that it may be trimmed. */
  #retire(life: Incarnation, { shard, epoch, page }: Extract<Output, { kind: 'read-expired' }>): void {
    const { journal, archive, observer } = this.#ports
    const tell = (trims: readonly Trim[], more = false): void => {
      if (this.#life === life) this.#feed({ kind: 'expired', shard, epoch, trims, more })
    }
    journal.readExpired(page, (read) => {
      if (this.#life !== life) return
      if (read.kind === 'failed') {
        // One old batch that cannot be read would end every life that looks at it, once a minute: it stays.
        observer.count('archivesFailed')
        tell([])
        return
      }
      const { batches, more } = read.value
      const trims = trimsOf(read.value)
      if (archive === undefined || batches.length === 0) {
        tell(trims, more)
        return
      }
      archive.keep(batches, (outcome) => {
        if (outcome.kind === 'kept') tell(trims, more)
        else {
          observer.count('archivesFailed')
          tell([])
        }
      })
    })
  }

  #refuseShard({ shard, versions }: Extract<ClusterOutput, { kind: 'lacks' }>): void {
    const { observer, clock } = this.#ports
    const lacking = this.#options.registry.lacking(versions)
    if (lacking === undefined) return
    const error = new ClusterError('SHARD_VERSION_UNKNOWN', { shard, ...lacking })
    this.#options.onRefused?.(error)
    if (observer.watched)
      observer.event({
        kind: 'refused',
        shard,
        error: `${error.code}: ${error.message}`,
        at: clock.now().world,
      })
  }

  // ── frames ─────────────────────────────────────────────────────────────────────────────────────────────

  #received(from: NodeId, frame: Frame): void {
    if (this.#stopped) return
    const now = this.#ports.clock.now().runtime
    for (const item of frame.items) {
      switch (item.kind) {
        case 'message':
        case 'mark':
          this.#feed({ kind: 'received', item })
          break
        case 'request':
          if (this.#life === undefined) this.#refuseRequest(item.request)
          else this.#feed({ kind: 'request', request: item.request })
          break
        case 'response': {
          const wrong = this.#requests.settle(item.response, from, now)
          if (wrong !== undefined) {
            this.#life?.cluster.unroute(wrong, from)
            this.#feedCluster({ kind: 'misrouted' })
            this.#tickRequests(now)
          }
          break
        }
        case 'owned':
        case 'lacks':
        case 'move':
          this.#feedCluster({ kind: 'gossip', from, item })
          break
        case 'watch':
        case 'activity':
        case 'tap':
        case 'tapped':
          this.#options.onLook?.(from, item)
          break
      }
    }
  }

  #refuseRequest(request: Request): void {
    const outcome: Outcome = this.storageFull
      ? { kind: 'busy', retryAfterMs: 1_000, reason: 'storage-full' }
      : { kind: 'moved', shard: this.#options.registry.shardOf(request.actor) }
    this.#toNode(request.node, { kind: 'response', response: { id: request.id, outcome } })
    this.#schedule()
  }

  #toNode(node: NodeId, item: WireItem): void {
    const items = this.#frames.get(node)
    if (items === undefined) this.#frames.set(node, [item])
    else items.push(item)
  }

  #sendFrames(): void {
    if (this.#frames.size === 0) return
    const frames = this.#frames
    this.#frames = new Map()
    for (const [node, items] of frames) this.#ports.transport.send(node, { items })
  }

  /** Frames of the link before may be lost: what waits for the peer's shards is sent again. */
  #linked(peer: NodeId): void {
    this.#feedCluster({ kind: 'linked', peer })
    for (const shard of this.#options.registry.shards) {
      if (this.#life?.cluster.ownerOf(shard) === peer) this.#feed({ kind: 'routed', shard })
    }
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  #tickRequests(now: Instant): void {
    const at = after(now, 25)
    if (this.#requestTick !== undefined && this.#requestTick <= at) return
    this.#requestTick = at
    this.#timers.add(at, () => {
      this.#requestTick = undefined
      const now = this.#ports.clock.now().runtime
      if (this.#requests.tick(now) !== undefined) this.#tickRequests(now)
    })
  }

  #armRuntimeWake(): void {
    const own = this.#timers.earliest
    const kernel = this.#kernelWake
    const at = own === undefined ? kernel : kernel === undefined ? own : (Math.min(own, kernel) as Instant)
    if (at === undefined || at === this.#runtimeWake) return
    this.#runtimeWake = at
    this.#ports.clock.wakeAt('runtime', at, this.#woken)
  }

  readonly #woken = (): void => {
    this.#runtimeWake = undefined
    const now = this.#ports.clock.now().runtime
    for (let run = this.#timers.takeDue(now); run !== undefined; run = this.#timers.takeDue(now)) run()
    if (this.#kernelWake !== undefined && this.#kernelWake <= now) {
      this.#kernelWake = undefined
      this.#feed({ kind: 'wake' })
    }
    this.#schedule()
  }

  // ── incarnations ───────────────────────────────────────────────────────────────────────────────────────

  #incarnate(): void {
    const { node, group, registry, groups, bounds, clusterBounds, broken, recorder } = this.#options
    const { random, clock, journal, observer } = this.#ports
    const scope = `${node}.${hex(random.next())}${hex(random.next())}` as ScopeId
    const begin = (outcome: { kind: 'opened' } | { kind: 'failed' }): void => {
      if (this.#stopped || this.#life !== undefined) return
      if (outcome.kind === 'failed') {
        this.#recoverLater()
        return
      }
      this.#scopes.add(scope)
      const hosts = (group: string, shard: ShardId): boolean => this.#hosted.get(group)?.has(shard) ?? false
      const reads = (versions: ShardView['versions']): boolean => registry.lacking(versions) === undefined
      const made = {
        registry,
        bounds,
        node,
        scope,
        observer,
        seed: random.next(),
        wary: this.#wary,
        ...(broken === undefined ? {} : { broken }),
      }
      this.#life = {
        scope,
        kernel:
          recorder === undefined ? new Kernel(made) : new RecordedKernel(made, recorder, clock.now().runtime),
        cluster: new Cluster(
          { node, scope, shards: registry.shards, hosts, reads, bounds: clusterBounds },
          clock.now().runtime,
        ),
        calls: new Map(),
      }
      this.#tellMembers()
    }
    // Only nodes that own shards write: an edge has no scope in the store.
    if (groups[group]?.length === 0) clock.soon(() => begin({ kind: 'opened' }))
    else journal.open(scope, node, begin)
  }

  /** The view, and what only this node knows: that it leaves. */
  #tellMembers(): void {
    const members = this.#leaving
      ? this.#members.map((m) => (m.node === this.id ? { ...m, state: 'leaving' as const } : m))
      : this.#members
    this.#feedCluster({ kind: 'members', members })
  }

  #lose(life: Incarnation, cause: string): void {
    if (this.#life !== life) return
    const { observer, clock } = this.#ports
    if (observer.watched) observer.event({ kind: 'forgot', scope: life.scope, cause, at: clock.now().world })
    this.#drop()
    this.#recoverLater()
  }

  #drop(): void {
    for (const call of this.#life?.calls.values() ?? []) call.cancel()
    this.#life = undefined
    this.#inputs = []
    this.#frames = new Map()
    this.#kernelWake = undefined
  }

  #recoverLater(): void {
    const delayMs = Math.min(recoverMaxMs, recoverMinMs * 2 ** Math.min(this.#losses, 8))
    this.#losses += 1
    this.#timers.add(after(this.#ports.clock.now().runtime, delayMs), () => this.#incarnate())
    this.#armRuntimeWake()
  }
}

function trimsOf({ batches, ends }: Expired): readonly Trim[] {
  const positions = new Map<ScopeId, Position[]>(ends.map((scope) => [scope, []]))
  for (const { scope, position } of batches) positions.set(scope, [...(positions.get(scope) ?? []), position])
  const ended = new Set(ends)
  return [...positions].map(([scope, positions]) =>
    ended.has(scope) ? { scope, positions, ends: true } : { scope, positions },
  )
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
