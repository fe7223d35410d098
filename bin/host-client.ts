/**
 * The gateway's way into the cluster: a node of group `edge`, the store beside it, and the launcher above it.
 *
 * Owns:     what of the store is told: to the public only what is durable, to operators what is visible.
 * Does not: know HTTP (`#gateway`) or how a request finds its shard (`#host`).
 *
 * Invariants: G1 and G2 of `ClusterClient`, and
 *   HC1. A record of `history` is durable. The owner is asked for the actor's version, an answer that is released
 *        only when what it says is durable, and records up to that version are read.
 *   HC2. What `turns` tells is durable. Writes of the store become durable in the order in which they became visible
 *        (docs/adr/0008), so the last turn of each scope vouches for all before it, also for what it follows in other
 *        scopes. Its actor's owner is asked, which has seen it: it wrote it, or has loaded what was visible. Its answer,
 *        also that there is no such actor any more, is released only when what it rests on is durable. A scope whose
 *        owner is gone is vouched for by the new owner.
 *   HC3. What was told once needs nobody to vouch for it again: a look up to earlier marks asks nobody.
 *   HC4. A shard without an owner holds up only the turns after the last one of its scope that has an owner; and an owner
 *        who is slow, nothing of other scopes.
 */
import type { ActorId, Instant } from '#actor'
import {
  type ActivityWatch,
  type ActorFilter,
  type ActorListItem,
  type ActorRequest,
  type ClusterClient,
  type ClusterView,
  type CommandOutcome,
  type DeadLetterItem,
  type KnownMember,
  type NodeCommand,
  type NodeView,
  type Ownership,
  ownershipOf,
  type Page,
  problemOf,
  type ShardPlace,
} from '#gateway'
import type { Registry } from '#host'
import {
  type LauncherCommand,
  type CommandOutcome as LauncherOutcome,
  type LiveNode,
  listActors,
  listDeadLetters,
  type NodeControl,
  type NodeStatus,
  type Tail,
  TurnReader,
} from '#live'
import {
  type CounterName,
  counterNames,
  type JournalRecord,
  type Marks,
  type NodeId,
  type Outcome,
  type Position,
  type Read,
  type RecordPlace,
  type ScopeId,
  type ShardId,
  type ShardView,
  type SnapshotRow,
  type TurnSource,
  type Turns,
  type WaitingShard,
} from '#ports'
import { ActorWatch } from './actor-watch.ts'

/** How soon somebody who follows an actor is told of a new turn. */
const watchIntervalMs = 100
const inspectTimeoutMs = 3_000
/** A look of the read models waits so long for the slowest owner; what it answers later counts for the next one. */
const vouchedWithinMs = 250
/** A command that has not been refused by then has begun; some end only with a process. */
const refusedWithinMs = 250

export interface HostClientParts {
  readonly live: LiveNode
  readonly control: NodeControl
  readonly registry: Registry
  readonly speed: number
}

export class HostClient implements ClusterClient {
  readonly #parts: HostClientParts
  readonly #watch: ActorWatch
  readonly #turns: TurnReader
  /** By scope: through which position an owner has vouched for it, and whoever is asked now. */
  readonly #vouched = new Map<ScopeId, Position>()
  readonly #asked = new Map<ScopeId, Promise<void>>()
  #open = false

  constructor(parts: HostClientParts) {
    this.#parts = parts
    this.#watch = new ActorWatch(parts.live.environment, watchIntervalMs)
    this.#turns = new TurnReader(parts.live.environment)
  }

  /** The house is open: from now on it is ready while shards have owners. */
  opened(): void {
    this.#open = true
  }

  close(): void {
    this.#watch.close()
  }

  request(request: ActorRequest): Promise<Outcome> {
    return new Promise((resolve) => this.#parts.live.node.request(request, resolve))
  }

  async history(
    actor: ActorId,
    { before, limit }: { readonly before?: RecordPlace; readonly limit: number },
  ): Promise<readonly JournalRecord[]> {
    const { registry } = this.#parts
    if (registry.find(actor) === undefined) return []
    const shard = registry.shardOf(actor)
    // What came before a record that was told is durable as it is.
    if (before !== undefined) return this.#records(shard, actor, { before, limit })
    const version = await this.#durableVersion(actor)
    const records: JournalRecord[] = []
    let place: RecordPlace | undefined
    while (records.length < limit) {
      const read = await this.#records(shard, actor, {
        limit: limit - records.length,
        ...(place && { before: place }),
      })
      records.push(...read.filter(({ sequence }) => sequence <= version))
      place = read.at(-1)?.previous
      if (place === undefined) break
    }
    return records
  }

  async turns(...[after, bounds]: Parameters<TurnSource['turns']>): Promise<Turns> {
    const journal = this.#parts.live.environment.identity.cluster
    const marks = after?.journal === journal ? after.marks : {}
    const { limit, upTo } = bounds
    if (upTo !== undefined) return { journal, ...this.#turns.read(marks, { limit, upTo }) }
    const tails = this.#turns.tails(this.#provedSince(marks), (shard) => this.#isOwned(shard))
    await this.#asksFor(tails)
    const proved = this.#provedSince(marks)
    const waiting = tails.flatMap((tail) => [...tail.unowned, ...this.#silent(tail, proved)])
    return {
      journal,
      ...this.#turns.read(marks, { limit, upTo: proved }),
      ...(waiting.length > 0 && {
        waiting: [...new Set(waiting)].sort().map((shard) => this.#waitingShard(shard)),
      }),
    }
  }

  watch(actor: ActorId, changed: () => void): () => void {
    return this.#watch.watch(actor, changed)
  }

  watchActivity(see: (frame: Uint8Array) => void): ActivityWatch {
    const { activity } = this.#parts.live
    return { stop: activity.watch((_, frame) => see(frame)), again: () => activity.again() }
  }

  tapMessages(...tapped: Parameters<ClusterClient['tapMessages']>): () => void {
    return this.#parts.live.taps.tap(...tapped)
  }

  async cluster(): Promise<ClusterView> {
    const { live, speed } = this.#parts
    const [nodes, shards] = await Promise.all([this.#statuses(), this.#places()])
    return {
      id: live.environment.identity.cluster,
      world: { now: this.worldNow(), speed },
      nodes: nodes.map((status) => viewOf(status, shards)),
      shards,
    }
  }

  async actors({ type, node, fits = () => true, limit, cursor }: ActorFilter): Promise<Page<ActorListItem>> {
    const owners = new Map((await this.#places()).map(({ shard, owner }) => [shard, owner]))
    const { items, next } = listActors(this.#parts.live.environment, {
      limit,
      isIn: (shard) => node === undefined || owners.get(shard) === node,
      shown: ({ shard, snapshot }) => {
        const { id, status, version, at } = snapshot
        const owner = owners.get(shard)
        const state = this.#stateOf(snapshot)
        const item = { id, status, state, version, shard, at, ...(owner && { node: owner }) }
        return fits(item) ? item : undefined
      },
      ...(type !== undefined && { type }),
      ...(cursor !== undefined && { after: cursor }),
    })
    return { items, ...(next !== undefined && { nextCursor: next }) }
  }

  async deadLetters(filter: {
    readonly limit: number
    readonly cursor?: string
  }): Promise<Page<DeadLetterItem>> {
    const { limit, cursor } = filter
    const { items, next } = listDeadLetters(this.#parts.live.environment, {
      limit,
      ...(cursor !== undefined && { after: cursor }),
    })
    return {
      items: items.flatMap(({ n, row: { envelope, dead } }) => {
        if (dead === undefined) return []
        const { to: actor, id, message, from } = envelope
        return { actor, row: n, id, message: message.type, ...(from && { from }), ...dead }
      }),
      ...(next !== undefined && { nextCursor: next }),
    }
  }

  async command(command: NodeCommand): Promise<CommandOutcome> {
    try {
      return meaningOf(await this.#begun(orderOf(command)), command)
    } catch (error) {
      return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
    }
  }

  ready(): boolean {
    const { registry } = this.#parts
    return this.#open && registry.shards.some((shard) => this.#isOwned(shard))
  }

  ownership(): readonly Ownership[] {
    return ownershipOf(this.#parts.registry.shards, (shard) => this.#isOwned(shard))
  }

  members(): readonly KnownMember[] {
    return this.#parts.live.node.members
  }

  worldNow(): Instant {
    return this.#parts.live.clock.now().world
  }

  idempotencyKey(): Uint8Array {
    return Buffer.from(this.#parts.live.environment.identity.requestHashKey, 'hex')
  }

  /** @throws Problem when the owner cannot be asked now. */
  async #durableVersion(actor: ActorId): Promise<number> {
    const body = { kind: 'operate', command: { kind: 'inspect' } } as const
    const outcome = await this.request({ actor, body, timeoutMs: inspectTimeoutMs })
    if (outcome.kind === 'answer' || outcome.kind === 'done') return outcome.version
    if (outcome.kind === 'unknown') return 0
    throw problemOf(outcome, `Actor '${actor}'`)
  }

  /** What was told, what was vouched for, and what was trimmed: that is older than any flush takes. */
  #provedSince(marks: Marks): Marks {
    const proved: Record<string, number> = { ...marks }
    for (const [scope, position] of this.#vouched)
      if (position <= (marks[scope] ?? 0)) this.#vouched.delete(scope)
    for (const [scope, position] of [...this.#vouched, ...Object.entries(this.#turns.trimmed())])
      proved[scope] = Math.max(proved[scope] ?? 0, position)
    return proved
  }

  #isOwned(shard: ShardId): boolean {
    return this.#parts.live.node.cluster?.ownerOf(shard) !== undefined
  }

  async #asksFor(tails: readonly Tail[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, vouchedWithinMs)
    })
    const asked = tails.flatMap(({ scope, witness }) => (witness ? [this.#askFor(scope, witness)] : []))
    await Promise.race([Promise.all(asked), late])
    clearTimeout(timer)
  }

  #askFor(scope: ScopeId, { position, record }: NonNullable<Tail['witness']>): Promise<void> {
    const before = this.#asked.get(scope)
    if (before !== undefined) return before
    const asked = this.#isVouchedFor(record).then((isVouched) => {
      this.#asked.delete(scope)
      if (isVouched) this.#vouched.set(scope, position)
    })
    this.#asked.set(scope, asked)
    return asked
  }

  /** False: nobody can say now that this turn is durable. */
  async #isVouchedFor({ actor, sequence }: JournalRecord): Promise<boolean> {
    const body = { kind: 'operate', command: { kind: 'inspect' } } as const
    const outcome = await this.request({ actor, body, timeoutMs: inspectTimeoutMs })
    // One that this build cannot read has said nothing since: its owner has loaded what is durable.
    if (outcome.kind === 'unknown' || outcome.kind === 'stopped') return true
    return outcome.kind === 'answer' && outcome.version >= sequence
  }

  /** Every shard of an owner who has not answered yet: all of them write to the same scope. */
  #silent({ scope, witness }: Tail, proved: Marks): readonly ShardId[] {
    if (witness === undefined || witness.position <= (proved[scope] ?? 0)) return []
    const { live, registry } = this.#parts
    const owner = live.node.cluster?.ownerOf(witness.record.shard)
    return registry.shards.filter((shard) => live.node.cluster?.ownerOf(shard) === owner)
  }

  #waitingShard(shard: ShardId): WaitingShard {
    const types = this.#parts.registry.types.filter(({ shards }) => shards.includes(shard))
    return { shard, types: types.map(({ definition }) => definition.type) }
  }

  /** The state's value; null for one that this build cannot read. */
  #stateOf({ id, state }: SnapshotRow): unknown {
    try {
      return this.#parts.registry.typeOf(id).machine.load(state).state.value
    } catch {
      return null
    }
  }

  #records(
    shard: ShardId,
    actor: ActorId,
    page: { readonly before?: RecordPlace; readonly limit: number },
  ): Promise<readonly JournalRecord[]> {
    return read<readonly JournalRecord[]>((done) =>
      this.#parts.live.journal.readHistory(shard, actor, page, done),
    )
  }

  async #places(): Promise<readonly ShardPlace[]> {
    const { live, registry } = this.#parts
    const views = await read<readonly ShardView[]>((done) => live.journal.readShards(done))
    const members = new Set(live.node.members.map(({ node }) => node))
    const places = new Map<ShardId, ShardPlace>()
    for (const { row, sealed, versions } of views) {
      const { shard, epoch, node, released } = row
      const isOwned = !sealed && !released && members.has(node)
      const lacking = isOwned ? undefined : registry.lacking(versions)
      places.set(shard, {
        shard,
        epoch,
        ...(isOwned && { owner: node }),
        ...(lacking && { waitsFor: { type: lacking.type, needs: lacking.stored, has: lacking.machine } }),
      })
    }
    return registry.shards.map((shard) => places.get(shard) ?? { shard, epoch: 0 as ShardPlace['epoch'] })
  }

  async #statuses(): Promise<readonly NodeStatus[]> {
    const outcome = await this.#parts.control.command({ kind: 'status' })
    return outcome.kind === 'status' ? outcome.nodes : []
  }

  async #begun(command: LauncherCommand): Promise<LauncherOutcome> {
    let timer: NodeJS.Timeout | undefined
    const begun = new Promise<LauncherOutcome>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'done' }), refusedWithinMs)
    })
    try {
      return await Promise.race([this.#parts.control.command(command), begun])
    } finally {
      clearTimeout(timer)
    }
  }
}

function orderOf(command: NodeCommand): LauncherCommand {
  return command.kind === 'add-node'
    ? { kind: 'add-node', group: command.group, count: command.count ?? 1 }
    : command
}

function meaningOf(outcome: LauncherOutcome, command: NodeCommand): CommandOutcome {
  const node = 'node' in command ? command.node : ('' as NodeId)
  switch (outcome.kind) {
    case 'done':
    case 'status':
      return { kind: 'accepted' }
    case 'added':
      return { kind: 'accepted', nodes: outcome.nodes }
    case 'unknown-node':
      return { kind: 'unknown-node', node }
    case 'unknown-group':
      return {
        kind: 'unknown-group',
        group: command.kind === 'add-node' ? command.group : '',
        known: outcome.known,
      }
    case 'gone':
      return { kind: 'refused', reason: 'node-gone', detail: outcome.detail }
    case 'last-node':
      return {
        kind: 'refused',
        reason: 'last-node',
        detail: `No other node of its group is up beside ${node}.`,
      }
    case 'refused':
      return {
        kind: 'refused',
        reason: command.kind === 'add-node' ? 'node-limit' : 'invalid-transition',
        detail: outcome.detail,
      }
  }
}

const isCounter: ReadonlySet<string> = new Set(counterNames)

function viewOf(status: NodeStatus, shards: readonly ShardPlace[]): NodeView {
  const { node, group, phase, paused, life, pid, address = '', health } = status
  const counts = Object.entries(health?.counters ?? {})
  return {
    id: node,
    group,
    state: paused ? 'paused' : phase,
    life,
    address,
    ...(pid !== undefined && { pid }),
    shardsOwned: shards.filter(({ owner }) => owner === node).length,
    counters: Object.fromEntries(counts.filter(([name]) => isCounter.has(name))) as Partial<
      Record<CounterName, number>
    >,
    gauges: {
      ...Object.fromEntries(counts.filter(([name]) => !isCounter.has(name))),
      ...(health && { rssBytes: health.rssBytes, cpuMs: health.cpuMs }),
    },
    latencies: health?.latencies ?? {},
  }
}

function read<T>(ask: (done: (read: Read<T>) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((read) => (read.kind === 'found' ? resolve(read.value) : reject(new Error(read.cause))))
  })
}
