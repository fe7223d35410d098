/**
 * Which node owns which shard, as far as one node knows, and what it does about it.
 *
 * A step function like the kernel. It may be wrong at any time: two nodes can believe that they own a shard.
 * Only the journal decides; a node that was wrong is refused there.
 *
 * Owns:     the view of members and shards, contending for unowned shards, handing over, routing.
 * Does not: write (the journal's `acquire` and the kernel's release do) or prove that a node has ended (membership).
 *
 * Invariants:
 *   P1. A shard is contended for only while it is unowned: never owned, released, sealed, or its owner has ended.
 *   P2. Moves are decided by one node, the holder of the first shard, and are few at a time.
 *   P3. A route is replaced only by one of a higher epoch. It is dropped when its node has ended or owns the shard
 *       no more.
 *   P5. What a newer build has written to is left to a node that has it. An owner that ended may have written until
 *       then, so its shards are looked at again before they are contended for.
 *   P4. Whoever sees that a shard is free tells those whose turn it is, at each review, until it is taken. Who is
 *       told looks, and tells nobody: two that cannot take it would tell each other as fast as they can.
 *   P6. A node that was taken for dead, and lives, begins anew when the shard table has said so twice, at the latest.
 */
import type { Instant } from '#actor'
import { after } from '#actor'
import type { AcquireOutcome, Epoch, Member, NodeId, ScopeId, ShardId, ShardView, WireItem } from '#ports'
import { bestNode } from './placement.ts'

/** The cluster's bounds: each with its meaning and consequence. Milliseconds of the runtime clock. */
export interface ClusterBounds {
  /** A node contends for nothing until it has been up this long: nodes that start together share, not steal. */
  readonly settleMs: number
  /** A member must have been in the view this long before shards are moved to it. */
  readonly stableMs: number
  /** How often the shard table is read and balance is looked at while something is under way or unknown. */
  readonly reviewMs: number
  /** The same when every shard has an owner where it should be. Every change of members is looked at at once. */
  readonly idleReviewMs: number
  /** Shards on the move at once for balance. */
  readonly movesMax: number
  /** How long a released shard waits for its heir before anybody may take it. */
  readonly heirMs: number
}

export const defaultClusterBounds: ClusterBounds = {
  settleMs: 300,
  stableMs: 1_000,
  reviewMs: 500,
  idleReviewMs: 10_000,
  movesMax: 16,
  heirMs: 1_000,
}

export interface ClusterOptions {
  readonly node: NodeId
  readonly scope: ScopeId
  /** Every shard of the cluster, in order: the holder of the first one decides moves. */
  readonly shards: readonly ShardId[]
  /** Whether the nodes of a group may own a shard. */
  readonly hosts: (group: string, shard: ShardId) => boolean
  /** Whether this build can go on from what these versions of machines have written. */
  readonly reads: (versions: ShardView['versions']) => boolean
  readonly bounds: ClusterBounds
}

export type ClusterInput =
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'shards'; readonly views: readonly ShardView[] }
  | { readonly kind: 'acquired'; readonly shard: ShardId; readonly outcome: AcquireOutcome }
  | { readonly kind: 'released'; readonly shard: ShardId }
  | {
      readonly kind: 'gossip'
      readonly from: NodeId
      readonly item: Extract<WireItem, { kind: 'owned' | 'lacks' | 'move' }>
    }
  | { readonly kind: 'linked'; readonly peer: NodeId }
  | { readonly kind: 'tick' }
  /** A route was wrong: look again. */
  | { readonly kind: 'misrouted' }
  /** A shard's owner acknowledges nothing. It may be slow; or another by now, whose word was lost. */
  | { readonly kind: 'unanswered' }

export type ClusterOutput =
  | { readonly kind: 'read-shards' }
  | { readonly kind: 'acquire'; readonly shard: ShardId; readonly epoch: Epoch; readonly previous?: ScopeId }
  | { readonly kind: 'release'; readonly shard: ShardId; readonly heir?: NodeId }
  /** Another node took this one for dead. Nothing that it would write is accepted any more. */
  | { readonly kind: 'sealed' }
  /** A newer build has written to it; told once. */
  | { readonly kind: 'lacks'; readonly shard: ShardId; readonly versions: ShardView['versions'] }
  | { readonly kind: 'tell'; readonly to: NodeId; readonly item: WireItem }
  | { readonly kind: 'routed'; readonly shard: ShardId }
  | { readonly kind: 'tick-at'; readonly at: Instant }

/** `reminder`: somebody said that a shard is free. Whoever is told so passes it on to nobody. */
type Look = 'review' | 'reminder'

interface Route {
  readonly node: NodeId
  readonly epoch: Epoch
}

export class Cluster {
  readonly #options: ClusterOptions
  readonly #startedAt: Instant
  #members = new Map<NodeId, { readonly member: Member; readonly since: Instant }>()
  #views = new Map<ShardId, ShardView>()
  #seen = false
  /** The table says that another has taken what is owned here. */
  #taken = false
  /** A member has ended, and what it wrote last may not have been read. */
  #outdated = false
  /** Shards that a node cannot take, because its build is too old. */
  readonly #lacks = new Map<NodeId, ReadonlySet<ShardId>>()
  /** Why the shard table is being read, and why it is then read once more. */
  #reading: Look | undefined
  #readAgain: Look | undefined
  /** Some route may be wrong: the next review is not far off. */
  #doubted = false
  readonly #owned = new Map<ShardId, Epoch>()
  readonly #acquiring = new Set<ShardId>()
  readonly #releasing = new Set<ShardId>()
  readonly #routes = new Map<ShardId, Route>()
  /** When a released shard with an heir was first seen. */
  readonly #waitingForHeir = new Map<ShardId, Instant>()
  #announce: (readonly [ShardId, Epoch])[] = []
  #tickAt: Instant | undefined
  /** Found by the last look at balance, under way or just asked for. */
  #moves = 0
  #out: ClusterOutput[] = []

  constructor(options: ClusterOptions, now: Instant) {
    this.#options = options
    this.#startedAt = now
  }

  get owned(): ReadonlyMap<ShardId, Epoch> {
    return this.#owned
  }

  get members(): readonly Member[] {
    return [...this.#members.values()].map((m) => m.member)
  }

  /** Who owns the shard, as far as is known. */
  ownerOf(shard: ShardId): NodeId | undefined {
    return this.#routes.get(shard)?.node
  }

  /** Forgets a route that turned out to be wrong; the next review mends it. */
  unroute(shard: ShardId, node: NodeId): void {
    if (this.#routes.get(shard)?.node === node) this.#routes.delete(shard)
  }

  /** `now` is the runtime clock. */
  step(input: ClusterInput, now: Instant): readonly ClusterOutput[] {
    this.#out = []
    switch (input.kind) {
      case 'members':
        this.#joined(input.members, now)
        break
      case 'shards': {
        const [why, again] = [this.#reading, this.#readAgain]
        this.#reading = undefined
        this.#readAgain = undefined
        this.#seen = true
        if (again === undefined) this.#outdated = false
        const wasTaken = this.#taken
        this.#taken = input.views.some((view) => this.#isTaken(view))
        if (wasTaken && this.#taken) {
          this.#out.push({ kind: 'sealed' })
          return this.#out
        }
        this.#views = new Map(input.views.map((view) => [view.row.shard, view]))
        for (const { row, sealed } of input.views) {
          if (!row.released) this.#waitingForHeir.delete(row.shard)
          if (!sealed && !row.released && this.#members.has(row.node))
            this.#route(row.shard, row.node, row.epoch)
          else if ((this.#routes.get(row.shard)?.epoch ?? 0) <= row.epoch) this.#routes.delete(row.shard)
        }
        this.#compareVersions()
        if (why !== 'reminder') this.#remind()
        if (again !== undefined) this.#read(again)
        break
      }
      case 'acquired':
        this.#acquired(input.shard, input.outcome)
        break
      case 'released': {
        this.#releasing.delete(input.shard)
        this.#owned.delete(input.shard)
        this.#routes.delete(input.shard)
        const heir = this.#heirOf(input.shard)
        if (heir !== undefined)
          this.#out.push({ kind: 'tell', to: heir, item: { kind: 'move', shard: input.shard, to: heir } })
        this.#read()
        break
      }
      case 'gossip':
        this.#heard(input.from, input.item)
        break
      case 'linked': {
        const shards = [...this.#owned]
        if (shards.length > 0)
          this.#out.push({
            kind: 'tell',
            to: input.peer,
            item: { kind: 'owned', scope: this.#options.scope, shards },
          })
        break
      }
      case 'tick':
        // A tick that was asked for before an earlier one was needed comes too late to count.
        if (this.#tickAt === undefined || now < this.#tickAt) return this.#out
        this.#tickAt = undefined
        this.#read()
        break
      case 'misrouted':
        this.#read()
        break
      case 'unanswered':
        this.#doubted = true
        break
    }
    if (this.#seen) {
      this.#contend(now)
      this.#leave()
      if (input.kind === 'shards') this.#balance(now)
    }
    this.#announceOwned()
    this.#askForTick(now)
    return this.#out
  }

  /**
   * Who writes nothing would never hear that its scope is sealed. Who writes hears it from the journal before the table is
   * looked at for the second time.
   */
  #isTaken({ row: { shard, scope, epoch }, sealed }: ShardView): boolean {
    if (scope === this.#options.scope) return sealed
    const owned = this.#owned.get(shard)
    return owned !== undefined && owned < epoch && !this.#releasing.has(shard)
  }

  #askForTick(now: Instant): void {
    const { reviewMs, idleReviewMs, settleMs } = this.#options.bounds
    const settled = after(this.#startedAt, settleMs)
    const review = after(now, this.#isQuiet(now) ? idleReviewMs : reviewMs)
    const at = settled > now && settled < review ? settled : review
    if (this.#tickAt !== undefined && this.#tickAt <= at) return
    this.#tickAt = at
    this.#out.push({ kind: 'tick-at', at })
  }

  /** Every shard has an owner, and nothing is about to move. */
  #isQuiet(now: Instant): boolean {
    const { shards, bounds } = this.#options
    if (
      !this.#seen ||
      this.#doubted ||
      this.#taken ||
      this.#acquiring.size > 0 ||
      this.#releasing.size > 0 ||
      this.#moves > 0
    )
      return false
    for (const { since } of this.#members.values()) if (after(since, bounds.stableMs) > now) return false
    return shards.every((shard) => this.#routes.has(shard))
  }

  #read(why: Look = 'review'): void {
    this.#doubted = false
    if (this.#reading === undefined) {
      this.#reading = why
      this.#out.push({ kind: 'read-shards' })
    } else if (this.#readAgain !== 'review') this.#readAgain = why
  }

  #joined(members: readonly Member[], now: Instant): void {
    const before = this.#members
    this.#members = new Map(
      members.map((member) => {
        const known = before.get(member.node)
        return [member.node, { member, since: known?.member.life === member.life ? known.since : now }]
      }),
    )
    for (const [shard, route] of this.#routes) if (!this.#members.has(route.node)) this.#routes.delete(shard)
    for (const [node, { member }] of before) {
      if (this.#members.get(node)?.member.life === member.life) continue
      this.#outdated = true
      this.#lacks.delete(node)
    }
    this.#compareVersions()
    this.#read()
  }

  #heard(from: NodeId, item: Extract<WireItem, { kind: 'owned' | 'lacks' | 'move' }>): void {
    if (item.kind === 'owned') for (const [shard, epoch] of item.shards) this.#route(shard, from, epoch)
    else if (item.kind === 'lacks') this.#lacks.set(from, new Set(item.shards))
    else if (item.to === this.#options.node) this.#read('reminder')
    else this.#handOver(item.shard, item.to)
  }

  #handOver(shard: ShardId, heir: NodeId | undefined): void {
    if (!this.#owned.has(shard) || this.#releasing.has(shard) || heir === this.#options.node) return
    this.#releasing.add(shard)
    this.#out.push({ kind: 'release', shard, ...(heir === undefined ? {} : { heir }) })
  }

  #route(shard: ShardId, node: NodeId, epoch: Epoch): void {
    const known = this.#routes.get(shard)
    if (known !== undefined && known.epoch >= epoch) return
    if (!this.#members.has(node)) return
    this.#routes.set(shard, { node, epoch })
    this.#out.push({ kind: 'routed', shard })
  }

  #acquired(shard: ShardId, outcome: AcquireOutcome): void {
    this.#acquiring.delete(shard)
    if (outcome.kind === 'acquired' && outcome.epoch < (this.#views.get(shard)?.row.epoch ?? 0)) {
      this.#out.push({ kind: 'sealed' })
      return
    }
    if (outcome.kind === 'acquired') {
      this.#owned.set(shard, outcome.epoch)
      this.#waitingForHeir.delete(shard)
      this.#announce.push([shard, outcome.epoch])
      this.#route(shard, this.#options.node, outcome.epoch)
      const { node, scope } = this.#options
      this.#views.set(shard, {
        row: { shard, epoch: outcome.epoch, scope, node, released: false, now: outcome.now },
        sealed: false,
        versions: this.#views.get(shard)?.versions ?? {},
      })
      return
    }
    // Whoever was faster may have written and gone: it is read before anything is decided.
    if (outcome.kind === 'refused') this.#outdated = true
    this.#read()
  }

  #announceOwned(): void {
    if (this.#announce.length === 0) return
    const item: WireItem = { kind: 'owned', scope: this.#options.scope, shards: this.#announce }
    this.#announce = []
    this.#tellOthers(item)
  }

  #tellOthers(item: WireItem): void {
    for (const node of this.#members.keys()) {
      if (node !== this.#options.node) this.#out.push({ kind: 'tell', to: node, item })
    }
  }

  #compareVersions(): void {
    const { node, hosts, reads } = this.#options
    const group = this.#members.get(node)?.member.group
    if (group === undefined) return
    const before = this.#lacks.get(node)
    const lacks = new Set<ShardId>()
    for (const [shard, { versions }] of this.#views) {
      if (!hosts(group, shard) || reads(versions)) continue
      lacks.add(shard)
      if (before?.has(shard) !== true) this.#out.push({ kind: 'lacks', shard, versions })
    }
    this.#lacks.set(node, lacks)
    // At each review: who has just joined, or did not hear it, would hand them here.
    if (lacks.size > 0) this.#tellOthers({ kind: 'lacks', shards: [...lacks] })
  }

  /** Members that may take this shard. */
  #eligible(shard: ShardId, fits: (member: Member, since: Instant) => boolean): readonly NodeId[] {
    const eligible: NodeId[] = []
    for (const { member, since } of this.#members.values()) {
      if (member.state !== 'up' || !this.#options.hosts(member.group, shard) || !fits(member, since)) continue
      if (this.#lacks.get(member.node)?.has(shard) !== true) eligible.push(member.node)
    }
    return eligible
  }

  #contend(now: Instant): void {
    const { node, shards, bounds } = this.#options
    const me = this.#members.get(node)?.member
    if (me === undefined || this.#outdated || after(this.#startedAt, bounds.settleMs) > now) return
    for (const shard of shards) {
      if (this.#owned.has(shard) || this.#acquiring.has(shard) || !this.#options.hosts(me.group, shard))
        continue
      if (this.#lacks.get(node)?.has(shard) === true) continue
      const view = this.#views.get(shard)
      if (!this.#unowned(view) || !this.#myTurn(shard, me, view, now)) continue
      this.#acquiring.add(shard)
      this.#out.push(
        view === undefined
          ? { kind: 'acquire', shard, epoch: 0 as Epoch }
          : { kind: 'acquire', shard, epoch: view.row.epoch, previous: view.row.scope },
      )
    }
  }

  #unowned(view: ShardView | undefined): boolean {
    if (view === undefined || view.sealed || view.row.released) return true
    if (view.row.node === this.#options.node) return view.row.scope !== this.#options.scope
    return !this.#members.has(view.row.node)
  }

  #myTurn(shard: ShardId, me: Member, view: ShardView | undefined, now: Instant): boolean {
    const { node, bounds } = this.#options
    // An earlier incarnation of this node lost it, and only this node knows: it takes it back in any state.
    if (view !== undefined && !view.sealed && !view.row.released && view.row.node === node) return true
    if (me.state !== 'up') return false
    const heir = view?.row.released === true ? view.row.heir : undefined
    if (heir === node) return true
    if (
      heir !== undefined &&
      this.#members.get(heir)?.member.state === 'up' &&
      this.#lacks.get(heir)?.has(shard) !== true
    ) {
      const since = this.#waitingForHeir.get(shard) ?? now
      this.#waitingForHeir.set(shard, since)
      if (after(since, bounds.heirMs) > now) return false
    }
    return (
      bestNode(
        shard,
        this.#eligible(shard, () => true),
      ) === node
    )
  }

  /** A leaving node hands over all that it has. */
  #leave(): void {
    if (this.#members.get(this.#options.node)?.member.state !== 'leaving') return
    for (const shard of this.#owned.keys()) this.#handOver(shard, this.#heirOf(shard))
  }

  #heirOf(shard: ShardId): NodeId | undefined {
    return bestNode(
      shard,
      this.#eligible(shard, (member) => member.node !== this.#options.node),
    )
  }

  // Where nothing seems to move, the shard table is looked at rarely; and the word of whoever released a shard may be
  // lost, or its memory.
  #remind(): void {
    const reminded = new Set([this.#options.node])
    for (const [shard, { row, sealed }] of this.#views) {
      if (!sealed && !row.released) continue
      const members = this.#eligible(shard, () => true)
      for (const to of [row.heir, bestNode(shard, members)]) {
        if (to === undefined || reminded.has(to)) continue
        reminded.add(to)
        this.#out.push({ kind: 'tell', to, item: { kind: 'move', shard, to } })
      }
    }
  }

  #balance(now: Instant): void {
    const { node, shards, bounds } = this.#options
    const first = shards[0]
    if (first === undefined || !this.#owned.has(first)) {
      this.#moves = 0
      return
    }
    let moves = [...this.#views.values()].filter(({ row }) => row.released).length
    this.#moves = moves
    for (const shard of shards) {
      if (moves >= bounds.movesMax) return
      const view = this.#views.get(shard)
      if (view === undefined || this.#unowned(view) || this.#releasing.has(shard)) continue
      if (this.#members.get(view.row.node)?.member.state !== 'up') continue
      const best = bestNode(
        shard,
        this.#eligible(shard, (_member, since) => after(since, bounds.stableMs) <= now),
      )
      if (best === undefined || best === view.row.node) continue
      moves += 1
      this.#moves = moves
      if (view.row.node === node) this.#handOver(shard, best)
      else this.#out.push({ kind: 'tell', to: view.row.node, item: { kind: 'move', shard, to: best } })
    }
  }
}
