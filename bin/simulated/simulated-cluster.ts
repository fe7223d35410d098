/**
 * The gateway's way into a simulated day.
 *
 * What is asked for is read from the simulated disk: looking changes nothing, and works while the world stands still.
 * What is told goes in through an edge, as a guest's request does, and is remembered with its moment.
 *
 * Owns:     those two ways, who waits for an answer, and who watches an actor.
 * Does not: turn the time (`played-day.ts`).
 *
 * Invariants: G1 and G2 of `ClusterClient`; a power cut of the day itself takes back what was visible and not durable.
 */
import type { ActorId, Instant } from '#actor'
import { draw } from '#actor'
import { type Answer, nodesOf, type ReplayableDay, type SimDay } from '#day'
import type {
  ActivityWatch,
  ActorFilter,
  ActorListItem,
  ActorRequest,
  ClusterClient,
  ClusterView,
  CommandOutcome,
  DeadLetterItem,
  KnownMember,
  NodeCommand,
  NodeView,
  Ownership,
  Page,
  ShardPlace,
  TimeControl,
  TimeView,
} from '#gateway'
import { ownershipOf } from '#gateway'
import type { Epoch, JournalRecord, NodeId, Outcome, RecordPlace, ShardId, TurnSource, Turns } from '#ports'
import type { Commit } from '#sim'
import { inspected, queried } from './looked-at.ts'
import type { NodeCounts } from './node-counts.ts'
import { SimulatedActivity } from './simulated-activity.ts'
import { SimulatedTaps } from './simulated-taps.ts'

/** A frozen node that is not told for how long: until the launcher ends it. */
const untilEndedMs = 3_600_000
const lookAgainUs = 100_000
const standsStill: Outcome = { kind: 'busy', retryAfterMs: 1_000, reason: 'paused' }

export interface SimulatedClusterParts {
  readonly play: ReplayableDay
  readonly counts: NodeCounts
  readonly time: TimeControl & { readonly isSeeking: boolean }
}

export class SimulatedCluster implements ClusterClient {
  readonly #parts: SimulatedClusterParts
  readonly #waiting = new Set<(outcome: Outcome) => void>()
  readonly #watchers = new Map<ActorId, Set<() => void>>()
  readonly #activity: SimulatedActivity
  readonly #taps: SimulatedTaps
  /** What became durable, batch by batch. They lie in the day's own journal, too. */
  #batches: (readonly JournalRecord[])[] = []
  /** Times that time was wound back: each begins another journal. */
  #futures = 0

  constructor(parts: SimulatedClusterParts) {
    this.#parts = parts
    this.#activity = new SimulatedActivity(parts.play, parts.counts)
    this.#taps = new SimulatedTaps({
      nodes: () => this.#day.cluster.nodes,
      isSeeking: () => parts.time.isSeeking,
    })
    parts.counts.tapper = (node) => this.#taps.watcherOf(node)
  }

  get #day(): SimDay {
    return this.#parts.play.today
  }

  get #state(): TimeView['state'] {
    return this.#parts.time.view().state
  }

  /** Of what became durable, whoever watches is told. */
  committed(commit: Commit): void {
    if (commit.kind !== 'appended') return
    if (commit.batch.records.length > 0) this.#batches.push(commit.batch.records)
    for (const { actor } of commit.batch.records)
      for (const changed of this.#watchers.get(actor) ?? []) changed()
  }

  /** Time was wound back: whoever waits for an answer does not get one, and what is watched is another. */
  rewound(): void {
    this.#batches = []
    this.#futures += 1
    this.#activity.rewound()
    for (const settle of [...this.#waiting]) settle({ kind: 'timeout' })
    for (const watchers of this.#watchers.values()) for (const changed of watchers) changed()
  }

  async request(request: ActorRequest): Promise<Outcome> {
    const { actor, body } = request
    if (body.kind === 'query') return queried(this.#day, actor, body.name, body.args)
    if (body.kind === 'operate' && body.command.kind === 'inspect') return inspected(this.#day, actor)
    if (this.#state !== 'running') return standsStill
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        if (this.#waiting.delete(settle)) resolve(outcome)
      }
      this.#waiting.add(settle)
      this.#parts.play.intervene(({ door, registry }, again) => {
        const shard = registry.shardOf(actor)
        const done = (answer: Answer): void =>
          // Nobody took it, so nothing has happened.
          settle(answer.kind === 'unreachable' ? { kind: 'moved', shard } : answer)
        door.send(request, again ? () => {} : done)
      })
    })
  }

  async history(
    actor: ActorId,
    { before, limit }: { readonly before?: RecordPlace; readonly limit: number },
  ): Promise<readonly JournalRecord[]> {
    const { registry, cluster } = this.#day
    if (registry.find(actor) === undefined) return []
    return cluster.journal.history(registry.shardOf(actor), actor, before, limit)
  }

  async turns(...[after, { limit, upTo }]: Parameters<TurnSource['turns']>): Promise<Turns> {
    const { day, seed } = this.#parts.play
    const journal = `simulated ${day.name} ${seed} ${this.#futures}`
    const records: JournalRecord[] = []
    let batches = after?.journal === journal ? (after.marks.batches ?? 0) : 0
    const end = upTo?.batches ?? this.#batches.length
    for (; batches < end && records.length < limit; batches += 1)
      records.push(...(this.#batches[batches] ?? []))
    return { journal, marks: { batches }, records, more: batches < end }
  }

  watch(actor: ActorId, changed: () => void): () => void {
    const watchers = this.#watchers.get(actor) ?? new Set()
    this.#watchers.set(actor, watchers)
    // The same function may be given twice.
    const watcher = (): void => changed()
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0) this.#watchers.delete(actor)
    }
  }

  watchActivity(see: (frame: Uint8Array) => void): ActivityWatch {
    return this.#activity.watch(see)
  }

  tapMessages(...[order, hear]: Parameters<ClusterClient['tapMessages']>): () => void {
    return this.#taps.tap(order, (batch) => hear(batch, 0))
  }

  close(): void {
    this.#activity.close()
    this.#taps.close()
  }

  async cluster(): Promise<ClusterView> {
    const { day, seed } = this.#parts.play
    const shards = this.#places()
    return {
      id: `simulated ${day.name} ${seed}`,
      world: { now: this.worldNow(), speed: this.#parts.time.view().speed },
      nodes: this.#nodes(shards),
      shards,
    }
  }

  async actors({
    type,
    node,
    fits = () => true,
    limit,
    cursor = '',
  }: ActorFilter): Promise<Page<ActorListItem>> {
    const { cluster, registry } = this.#day
    const owners = new Map(this.#places().map(({ shard, owner }) => [shard, owner]))
    const all = [...cluster.journal.rows('snapshots')]
      .map(([[shard], row]) => ({ ...row, shard: shard as ShardId }))
      .filter(({ id }) => id > cursor && (type === undefined || id.startsWith(`${type}/`)))
      .filter(({ shard }) => node === undefined || owners.get(shard) === node)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, status, version, at, shard, state }): ActorListItem => {
        const owner = owners.get(shard)
        const { value } = registry.typeOf(id).machine.load(state).state
        return { id, status, state: value, version, shard, at, ...(owner && { node: owner }) }
      })
      .filter(fits)
    const items = all.slice(0, limit)
    const last = items.at(-1)
    return { items, ...(all.length > limit && last && { nextCursor: last.id }) }
  }

  async deadLetters({
    limit,
    cursor = '',
  }: {
    readonly limit: number
    readonly cursor?: string
  }): Promise<Page<DeadLetterItem>> {
    const all = [...this.#day.cluster.journal.rows('mailbox')]
      .flatMap(([[shard, n], { envelope, dead }]) => {
        if (dead === undefined) return []
        const { to: actor, id, message, from } = envelope
        const place = `${shard} ${String(n).padStart(16, '0')}`
        const item = { actor, row: n as number, id, message: message.type, ...(from && { from }), ...dead }
        return place > cursor ? [{ place, item }] : []
      })
      .sort((a, b) => (a.place < b.place ? -1 : 1))
    const page = all.slice(0, limit)
    const last = page.at(-1)
    return {
      items: page.map(({ item }) => item),
      ...(all.length > limit && last && { nextCursor: last.place }),
    }
  }

  async command(command: NodeCommand): Promise<CommandOutcome> {
    // A world that stands still can be hurt: it shows when it goes on.
    if (this.#state === 'seeking') {
      const detail = 'The world is on its way to another moment.'
      return { kind: 'refused', reason: 'unsupported', detail }
    }
    const refused = this.#refusalOf(command)
    if (refused !== undefined) return refused
    const node = command.kind === 'add-node' ? this.#nextName(command.group) : undefined
    this.#parts.play.intervene((day) => carryOut(day, command, node))
    return { kind: 'accepted', ...(node && { nodes: [node] }) }
  }

  ownership(): readonly Ownership[] {
    const owned = new Set(this.#places().flatMap(({ shard, owner }) => (owner === undefined ? [] : [shard])))
    return ownershipOf(this.#day.registry.shards, (shard) => owned.has(shard))
  }

  members(): readonly KnownMember[] {
    return this.#day.cluster.membership.members
  }

  ready(): boolean {
    return true
  }

  worldNow(): Instant {
    return this.#parts.play.worldNow
  }

  /** The same for the same seed: an order that is placed again after winding back is the same order. */
  idempotencyKey(): Uint8Array {
    return Uint8Array.from({ length: 32 }, (_, n) =>
      Math.floor(draw(this.#parts.play.seed, 'idempotency-key', n) * 256),
    )
  }

  #places(): readonly ShardPlace[] {
    const { registry, cluster } = this.#day
    const places = new Map<ShardId, ShardPlace>()
    for (const [, { shard, epoch, node, scope, released }] of cluster.journal.rows('shards')) {
      const isOwned =
        !released &&
        cluster.stateOf(node) !== 'ended' &&
        cluster.journal.scopeRow(scope)?.sealedBy === undefined
      places.set(shard, { shard, epoch, ...(isOwned && { owner: node }) })
    }
    return registry.shards.map((shard) => places.get(shard) ?? { shard, epoch: 0 as Epoch })
  }

  #nodes(shards: readonly ShardPlace[]): readonly NodeView[] {
    const { cluster, day } = this.#day
    const members = new Map(cluster.membership.members.map((member) => [member.node, member]))
    const known = [...nodesOf(day.cluster.groups), ...members.values()]
    return [...new Map(known.map(({ node, group }) => [node as NodeId, group]))].map(([id, group]) => {
      const member = members.get(id)
      const isFrozen = cluster.stateOf(id) === 'frozen'
      return {
        id,
        group,
        state: isFrozen ? 'paused' : (member?.state ?? 'down'),
        life: member?.life ?? 0,
        address: 'simulated',
        shardsOwned: shards.filter(({ owner }) => owner === id).length,
        counters: this.#parts.counts.of(id),
        gauges: cluster.nodeOf(id)?.gauges ?? {},
        latencies: {},
      }
    })
  }

  #refusalOf(command: NodeCommand): CommandOutcome | undefined {
    const { cluster, day } = this.#day
    const members = cluster.membership.members
    if (command.kind === 'rolling-restart' || (command.kind === 'add-node' && (command.count ?? 1) > 1)) {
      const detail = 'A simulated cluster does one thing at a time: crash or drain a node, or add one.'
      return { kind: 'refused', reason: 'unsupported', detail }
    }
    if (command.kind === 'add-node') {
      const known = day.cluster.groups.map(({ name }) => name)
      return known.includes(command.group)
        ? undefined
        : { kind: 'unknown-group', group: command.group, known }
    }
    const known = new Set([
      ...members.map(({ node }) => node),
      ...nodesOf(day.cluster.groups).map(({ node }) => node),
    ])
    const { node } = command
    if (!known.has(node)) return { kind: 'unknown-node', node }
    if (cluster.stateOf(node) === 'ended')
      return { kind: 'refused', reason: 'node-gone', detail: `The process of ${node} has ended.` }
    const group = members.find((member) => member.node === node)?.group
    const others = members.filter((member) => member.group === group && member.node !== node)
    if (command.kind === 'drain' && command.force !== true && others.length === 0)
      return {
        kind: 'refused',
        reason: 'last-node',
        detail: `No other node of its group is up beside ${node}.`,
      }
    return undefined
  }

  #nextName(group: string): NodeId {
    const { cluster, day } = this.#day
    const names = new Set([...cluster.nodes, ...nodesOf(day.cluster.groups).map(({ node }) => node)])
    for (let n = 1; ; n += 1) if (!names.has(`${group}-${n}`)) return `${group}-${n}` as NodeId
  }
}

function carryOut({ cluster }: SimDay, command: NodeCommand, added: NodeId | undefined): void {
  switch (command.kind) {
    case 'crash':
      cluster.crash(command.node)
      return
    case 'pause':
      cluster.pause(command.node, command.forMs ?? untilEndedMs)
      return
    case 'resume':
      cluster.resume(command.node)
      return
    case 'cordon':
    case 'uncordon':
      cluster.membership.setState(command.node, command.kind === 'cordon' ? 'cordoned' : 'up')
      return
    case 'drain':
      cluster.drain(command.node)
      endOnceEmpty(cluster, command.node)
      return
    case 'add-node':
      if (added !== undefined) cluster.startNode(added, command.group)
      return
    case 'rolling-restart':
      return
  }
}

/** A drained node ends when it owns nothing any more. */
function endOnceEmpty(cluster: SimDay['cluster'], node: NodeId): void {
  const member = cluster.membership.members.find((one) => one.node === node)
  if (member?.state !== 'leaving') return
  const owns = [...cluster.journal.rows('shards')].some(([, row]) => row.node === node && !row.released)
  if (owns) cluster.timeline.after(lookAgainUs, () => endOnceEmpty(cluster, node))
  else cluster.end(node)
}
