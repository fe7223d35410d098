/**
 * What has happened to the cluster lately: nodes that came and went, and shards that nobody owned for a while.
 *
 * It is read from what this process knows anyway, also while nobody looks: nothing is asked of the cluster.
 *
 * Owns:     the last incidents, and for how long there have been shards without an owner.
 * Does not: know of frozen nodes: only the launcher sees those, and what stays frozen is ended.
 */
import { Type } from 'typebox'
import type { Instant } from '#actor'
import type { ClusterClient, KnownMember } from '../cluster-client.ts'
import { exact } from '../routes/route-parts.ts'
import type { Server } from '../server.ts'
import type { TimeControl } from '../time-control.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

/** The exactness of `tookMs`. */
const lookEveryMs = 50
const keptMax = 200
/** A hand-over is done by then, also on a busy machine. */
const handOverMs = 2_000

const kinds = [
  'joined',
  'left',
  'ended',
  'leaving',
  'cordoned',
  'uncordoned',
  'unowned',
  'recovered',
] as const

export interface Incident {
  readonly at: Instant
  /**
   * - `joined`, `left`, `ended`: a node, as one that takes part; `left` was announced
   * - `leaving`, `cordoned`, `uncordoned`: a node, on its way
   * - `unowned`, `recovered`: shards
   */
  readonly kind: (typeof kinds)[number]
  readonly node?: string
  readonly life?: number
  /** How many had no owner at the same time, at most. */
  readonly shards?: number
  /** Of `recovered`: since the first of them had none. Of `joined`: since the life before ended, when it was not announced. */
  readonly tookMs?: number
}

export class Incidents {
  readonly #client: ClusterClient
  readonly #time: Pick<TimeControl, 'view'> | undefined
  readonly #looking: NodeJS.Timeout
  #kept: Incident[] = []
  #members: ReadonlyMap<string, KnownMember> | undefined
  #gap: { readonly since: number; shards: number; isTold: boolean } | undefined
  /** Nodes that have ended and are not back, and since when. */
  readonly #ended = new Map<string, number>()
  #endedAt = Number.NEGATIVE_INFINITY
  #at = 0 as Instant
  #isAway = false

  /** `time`: of a simulated cluster. */
  constructor(client: ClusterClient, time?: Pick<TimeControl, 'view'>) {
    this.#client = client
    this.#time = time
    this.#looking = setInterval(() => this.look(), lookEveryMs)
    this.#looking.unref()
  }

  /** Newest first. */
  get latest(): readonly Incident[] {
    return this.#kept
  }

  /** For how long there have been shards without an owner; 0: there are none. */
  get unownedMs(): number {
    return this.#gap === undefined ? 0 : this.#nowMs() - this.#gap.since
  }

  /** A simulated world goes at a speed of its own. */
  #nowMs(): number {
    return this.#time === undefined ? performance.now() : this.#client.worldNow() / 1_000
  }

  look(): void {
    // On the way to another moment the day is run: nothing of it is news, and what was begun before is forgotten.
    if (this.#time?.view().state === 'seeking') {
      this.#isAway = true
      return
    }
    const at = this.#client.worldNow()
    if (at < this.#at || this.#isAway) this.#broughtTo(at)
    this.#isAway = false
    this.#at = at
    this.#lookAtMembers(at)
    this.#lookAtShards(at)
    this.#kept.length = Math.min(this.#kept.length, keptMax)
  }

  close(): void {
    clearInterval(this.#looking)
  }

  /** Another moment of a simulated cluster: what is to come has not happened yet. */
  #broughtTo(at: Instant): void {
    this.#kept = this.#kept.filter((incident) => incident.at <= at)
    this.#members = undefined
    this.#gap = undefined
    this.#ended.clear()
    this.#endedAt = Number.NEGATIVE_INFINITY
  }

  #lookAtMembers(at: Instant): void {
    const nowMs = this.#nowMs()
    const before = this.#members
    const now = new Map(this.#client.members().map((member) => [member.node as string, member]))
    // Until it has heard of anybody it is this process that is new.
    this.#members = now.size === 0 ? before : now
    if (before === undefined || now.size === 0) return
    for (const member of before.values()) {
      const { node, life, state } = member
      if (now.get(node)?.life === life) continue
      const isAnnounced = state === 'leaving'
      if (!isAnnounced) {
        this.#endedAt = nowMs
        this.#ended.set(node, nowMs)
      }
      this.#tell({ at, kind: isAnnounced ? 'left' : 'ended', node, life })
    }
    for (const { node, life, state } of now.values()) {
      const known = before.get(node)
      if (known?.life !== life)
        this.#tell({ at, kind: 'joined', node, life, ...this.#backAfter(node, nowMs) })
      else if (known.state !== state)
        this.#tell({ at, kind: state === 'up' ? 'uncordoned' : state, node, life })
    }
  }

  #backAfter(node: string, nowMs: number): Pick<Incident, 'tookMs'> {
    const endedAt = this.#ended.get(node)
    this.#ended.delete(node)
    // Of a life that nobody saw end it is not known.
    return endedAt === undefined || endedAt === nowMs ? {} : { tookMs: Math.round(nowMs - endedAt) }
  }

  /** Shards that are handed over have no owner for a moment: only what follows the end of a node, or takes long, is told. */
  #lookAtShards(at: Instant): void {
    const now = this.#nowMs()
    const shards = this.#client.ownership().reduce((sum, one) => sum + one.shards - one.owned, 0)
    const gap = this.#gap ?? { since: now, shards, isTold: false }
    if (shards === 0) {
      if (gap.isTold)
        this.#tell({ at, kind: 'recovered', shards: gap.shards, tookMs: Math.round(now - gap.since) })
      this.#gap = undefined
      return
    }
    gap.shards = Math.max(gap.shards, shards)
    this.#gap = gap
    if (gap.isTold || (now - this.#endedAt > handOverMs && now - gap.since < handOverMs)) return
    gap.isTold = true
    this.#tell({ at, kind: 'unowned', shards })
  }

  #tell(incident: Incident): void {
    this.#kept.unshift(incident)
  }
}

const count = Type.Integer({ minimum: 0 })
const Shown = Type.Object(
  {
    at: Timestamp,
    kind: Type.Enum([...kinds]),
    node: Type.Optional(Type.String()),
    life: Type.Optional(count),
    shards: Type.Optional(count),
    tookMs: Type.Optional(count),
  },
  exact,
)

export function incidentRoutes(app: Server, incidents: Incidents): void {
  app.get(
    '/ops/v1/incidents',
    {
      schema: {
        summary: `The last ${keptMax} times that a node came or went, or that shards had no owner; newest first`,
        tags: ['cluster'],
        response: { 200: Type.Object({ items: Type.Array(Shown) }, exact) },
      },
    },
    async () => ({ items: incidents.latest.map(({ at, ...one }) => ({ at: timestampOf(at), ...one })) }),
  )
}
