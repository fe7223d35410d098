/**
 * What failed while this page looked, and what was done about it.
 *
 * Nodes tell it only to who looks, so what it does not know is kept beside what it knows: when nobody looked, and what
 * of a node was not told.
 *
 * Owns:     the last entries, the oldest first, and which restarts count now.
 * Does not: know sockets or screens, or keep anything that no failure is part of.
 *
 * Invariants:
 *   SL1. It has at most `entriesKept` entries, and says from when it has all.
 *   SL2. Nothing in it is later than the world's time: what was wound back has not happened.
 */
import type { FrameHead, Incident } from '#activity'

type UsedBudget = NonNullable<FrameHead['budgets']>[number]
type Failure = Extract<Incident, { readonly kind: 'failure' }>
type At = {
  /** Grows with each entry. */
  readonly n: number
  /** World time, in milliseconds since 1970. */
  readonly at: number
}

export type LogEntry = At &
  (
    | ({
        readonly kind: 'failed'
        readonly node: string
        /** Its message is a dead letter now. */
        readonly isBuried: boolean
      } & Pick<Failure, 'actor' | 'id' | 'message' | 'error' | 'directive' | 'attempt' | 'group' | 'passed'>)
    | {
        readonly kind: 'restarted'
        readonly node: string
        readonly actor: string
        readonly cause: string
        readonly group: string
      }
    /** All that the node had in memory; it loads again what is durable. */
    | { readonly kind: 'forgot'; readonly node: string; readonly cause: string }
    /** From `from` until `at` it is not known what happened. Of all nodes: nobody looked. */
    | { readonly kind: 'unknown'; readonly node?: string; readonly from: number; readonly events?: number }
  )

/** Spares the members of the union. */
type Unnumbered<Entry> = Entry extends unknown ? Omit<Entry, 'n'> : never

export interface KnownBudget {
  readonly node: string
  readonly group: string
  readonly shard: string
  readonly restarts: number
}

export interface SupervisionLog {
  /** Another number: something has changed. */
  readonly version: number
  /** From when all is known but for what entries say; undefined: nothing was told yet. */
  readonly since: number | undefined
  /** Whether the oldest entries made room for newer ones. */
  readonly isCut: boolean
  readonly entries: readonly LogEntry[]
  readonly budgets: readonly KnownBudget[]
}

export const entriesKept = 500
/** Clocks of nodes differ by less; who is further back has been wound back. */
const woundBackMs = 1_000
const msOf = (at: number): number => at / 1_000

interface NodeHeard {
  readonly life: number
  readonly watch: number
  readonly sequence: number
  readonly at: number
}

export class SupervisionLogger {
  #entries: LogEntry[] = []
  readonly #heard = new Map<string, NodeHeard>()
  readonly #budgets = new Map<string, readonly UsedBudget[]>()
  #numbers = 0
  #version = 0
  #since: number | undefined
  #isCut = false
  #newest = 0
  /** When frames ceased to come. */
  #leftAt: number | undefined
  #isLooking = false

  get log(): SupervisionLog {
    return {
      version: this.#version,
      since: this.#since,
      isCut: this.#isCut,
      entries: [...this.#entries],
      budgets: [...this.#budgets].flatMap(([node, budgets]) => budgets.map((one) => ({ node, ...one }))),
    }
  }

  get version(): number {
    return this.#version
  }

  /** From now on frames come. */
  looks(): void {
    this.#isLooking = true
  }

  /** They come no more: what a node says next is after a time of which nothing is known. */
  looksAway(): void {
    if (!this.#isLooking) return
    this.#isLooking = false
    if (this.#since !== undefined) this.#leftAt ??= this.#newest
    this.#heard.clear()
    this.#budgets.clear()
    this.#version += 1
  }

  nodeEnded(node: string): void {
    if (this.#budgets.delete(node)) this.#version += 1
  }

  take(head: FrameHead): void {
    if (!this.#isLooking) return
    const { node, life, watch, sequence } = head
    const at = msOf(head.at)
    const before = this.#heard.get(node)
    this.#windBack(at, before)
    if (this.#since === undefined) {
      this.#since = at
      this.#version += 1
    }
    if (this.#leftAt !== undefined) {
      if (at > this.#leftAt) this.#missed({ at, from: this.#leftAt })
      this.#leftAt = undefined
    }
    const isNext = before?.life === life && before.watch === watch && before.sequence === sequence - 1
    if (before !== undefined && !isNext && at > before.at) this.#missed({ node, at, from: before.at })
    this.#heard.set(node, { life, watch, sequence, at })
    this.#newest = Math.max(this.#newest, at)
    for (const incident of head.incidents) this.#incident(node, incident)
    if (head.incidentsDropped > 0)
      this.#missed({ node, at, from: before?.at ?? at, events: head.incidentsDropped })
    this.#count(node, head.budgets)
  }

  #incident(node: string, incident: Incident): void {
    const at = msOf(incident.at)
    if (incident.kind === 'failure') {
      const { kind: _, at: __, ...failure } = incident
      this.#add({ kind: 'failed', node, isBuried: false, ...failure, at })
    } else if (incident.kind === 'restarted') {
      const { actor, cause, group } = incident
      this.#add({ kind: 'restarted', node, at, actor, cause, group })
    } else if (incident.kind === 'forgot') {
      this.#add({ kind: 'forgot', node, at, cause: incident.cause })
    } else if (incident.kind === 'dead-letter' && incident.reason === 'failed') {
      const place = this.#entries.findLastIndex((one) => one.kind === 'failed' && one.id === incident.id)
      const failed = this.#entries[place]
      if (failed?.kind !== 'failed') return
      this.#entries[place] = { ...failed, isBuried: true }
      this.#version += 1
    }
  }

  /** With nothing of it in between, what is missing of a node is one: many frames may be, one after the other. */
  #missed({ node, at, from, events }: { node?: string; at: number; from: number; events?: number }): void {
    const last = this.#entries.findLastIndex((one) => one.kind !== 'unknown')
    const place = this.#entries.findIndex((one, n) => n > last && one.kind === 'unknown' && one.node === node)
    const before = this.#entries[place]
    const missed = { kind: 'unknown', at, ...(node !== undefined && { node }) } as const
    if (before?.kind !== 'unknown') {
      this.#add({ ...missed, from, ...(events !== undefined && { events }) })
      return
    }
    const all = (before.events ?? 0) + (events ?? 0)
    this.#entries[place] = { ...missed, n: before.n, from: before.from, ...(all > 0 && { events: all }) }
    this.#version += 1
  }

  #add(entry: Unnumbered<LogEntry>): void {
    this.#numbers += 1
    this.#version += 1
    this.#entries.push({ n: this.#numbers, ...entry })
    if (this.#entries.length <= entriesKept) return
    const cut = this.#entries.splice(0, this.#entries.length - entriesKept)
    this.#isCut = true
    // Nodes tell one after the other: what was heard first need not be the oldest.
    this.#since = Math.max(this.#since ?? 0, ...cut.map((one) => one.at))
  }

  #windBack(at: number, before: NodeHeard | undefined): void {
    // Over a line that was lost a node is new, and time may have been turned meanwhile.
    const last = before?.at ?? this.#leftAt ?? at
    if (before === undefined ? at > last - woundBackMs : at >= last) return
    this.#entries = this.#entries.filter((entry) => entry.at <= at)
    this.#heard.clear()
    this.#newest = at
    this.#leftAt = undefined
    if (this.#since !== undefined) this.#since = Math.min(this.#since, at)
    this.#version += 1
  }

  #count(node: string, budgets: readonly UsedBudget[] = []): void {
    const known = this.#budgets.get(node)
    if (JSON.stringify(known ?? []) === JSON.stringify(budgets)) return
    this.#budgets.set(node, budgets)
    this.#version += 1
  }
}
