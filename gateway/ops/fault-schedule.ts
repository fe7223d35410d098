/**
 * A schedule of faults that a seed draws.
 *
 * Owns:     which faults it has, when each strikes and how long it lasts; and what has become of each.
 * Does not: strike them (`faults.ts` gives it the way), or know real names: it is told whom there is to strike.
 *
 * Invariants:
 *   FS1. The same seed, options and names: the same faults. Each draw is by its own name and number, so another kind more
 *        or less changes no other draw.
 *   FS2. All of them are over at its end. At most `concurrency` at once; never more nodes down than may be, one that is
 *        back is left alone for a while, and nothing has two troubles at once.
 */
import { draw, drawInteger } from '#actor'
import type { CommandOutcome } from '../cluster-client.ts'
import type { Fault, FaultKind, FaultParams, FaultTarget, SetFault } from '../fault-control.ts'
import { downMaxOf } from './fault-budget.ts'
import { canBeScheduled, faultSpecs, usualParams } from './fault-catalogue.ts'

export interface ScheduleOptions {
  readonly seed: number
  /** Between two strikes, on average. */
  readonly intervalMs: number
  readonly concurrency: number
  readonly kinds: readonly FaultKind[]
  readonly forMs: number
}

/** Whom there is to strike. */
export interface Place {
  readonly nodes: readonly string[]
  /** Actors by their type. */
  readonly actors: Readonly<Record<string, readonly string[]>>
}

export interface Planned extends Fault {
  readonly n: number
  /** Since the schedule began. */
  readonly atMs: number
  readonly forMs: number
}

/** What a killed node takes to be back, on a slow day. */
const backMs = 10_000
/** One that is back is left alone for so long. */
const stableMs = 5_000
const strikesMax = 2_000

export function drawSchedule(options: ScheduleOptions, place: Place): readonly Planned[] {
  const { seed, intervalMs, kinds, forMs } = options
  const drawn = [...new Set(kinds)].filter(canBeScheduled).sort()
  const planned: Planned[] = []
  let atMs = 0
  for (let n = 0; n < strikesMax && drawn.length > 0; n += 1) {
    atMs += Math.round(intervalMs * (0.5 + draw(seed, 'fault-schedule gap', n)))
    if (atMs >= forMs) break
    const fault = drawFault(seed, n, drawn, place)
    if (fault === undefined) continue
    const lastsMs = Math.min(fault.forMs, forMs - atMs)
    const one: Planned = { ...fault, n, atMs, forMs: lastsMs }
    if (lastsMs >= (faultSpecs[fault.kind].lasts?.minMs ?? backMs) && fits(one, planned, options, place))
      planned.push(one)
  }
  return planned
}

/** Long ones are rare, and some are very long. */
function drawFault(
  seed: number,
  n: number,
  kinds: readonly FaultKind[],
  place: Place,
): (Fault & { readonly forMs: number }) | undefined {
  const kind = kinds[drawInteger(kinds.length, seed, 'fault-schedule kind', n)]
  if (kind === undefined) return undefined
  const { lasts } = faultSpecs[kind]
  const target = drawTarget(seed, n, kind, place)
  if (target === undefined) return undefined
  const tail = 0.5 / Math.sqrt(1 - draw(seed, 'fault-schedule duration', n))
  const forMs = lasts === undefined ? backMs : Math.round(lasts.usualMs * Math.min(tail, 4))
  return {
    ...{ kind, target, params: drawParams(seed, n, kind) },
    forMs: Math.max(lasts?.minMs ?? 0, Math.min(forMs, lasts?.maxMs ?? forMs)),
  }
}

function drawTarget(seed: number, n: number, kind: FaultKind, place: Place): FaultTarget | undefined {
  const { targets, types = [] } = faultSpecs[kind]
  const pick = <Item>(items: readonly Item[], what: string): Item | undefined =>
    items[drawInteger(Math.max(1, items.length), seed, `fault-schedule ${what}`, n)]
  const nodes = [...place.nodes].sort()
  switch (targets[0]) {
    case 'node': {
      const node = pick(nodes, 'node')
      return node === undefined ? undefined : { node }
    }
    case 'links': {
      const a = pick(nodes, 'node')
      const b = pick(
        nodes.filter((node) => node !== a),
        'other',
      )
      return a === undefined || b === undefined ? undefined : { a: [a], b: [b] }
    }
    case 'actor': {
      const actor = pick(types.flatMap((type) => place.actors[type] ?? []).sort(), 'actor')
      return actor === undefined ? undefined : { actor }
    }
    default:
      return {}
  }
}

/** From half of what is usual to half as much again. */
function drawParams(seed: number, n: number, kind: FaultKind): FaultParams {
  return Object.fromEntries(
    Object.entries(usualParams(kind)).map(([name, usual]) => {
      if (typeof usual !== 'number') return [name, usual as string | boolean]
      const factor = 0.5 + draw(seed, `fault-schedule ${name}`, n)
      const value = usual * factor
      return [name, Number.isInteger(usual) ? Math.max(1, Math.round(value)) : Number(value.toFixed(3))]
    }),
  )
}

function fits(
  one: Planned,
  planned: readonly Planned[],
  { concurrency }: ScheduleOptions,
  { nodes }: Place,
): boolean {
  const running = planned.filter(({ atMs, forMs }) => atMs + forMs > one.atMs)
  if (running.length >= concurrency) return false
  if (running.some((other) => objectOf(other) === objectOf(one))) return false
  if (faultSpecs[one.kind].stops === undefined) return true
  const away = planned.filter(
    ({ kind, atMs, forMs }) =>
      faultSpecs[kind].stops !== undefined && atMs + forMs + backMs + stableMs > one.atMs,
  )
  return away.length < downMaxOf(nodes.length) && !away.some(({ target }) => target.node === one.target.node)
}

/** What a fault has to itself. */
const objectOf = ({ kind, target: { node, a, b, actor } }: Fault): string =>
  node ?? actor ?? (a === undefined ? faultSpecs[kind].group : [...a, ...(b ?? [])].sort().join(' '))

export interface ScheduleItem extends Planned {
  /** Once it has struck. */
  readonly fault?: string
  /** Why it has not. */
  readonly skipped?: string
}

const lookMs = 100

/** One that goes on: it strikes what is due, until its end or until somebody ends it. */
export class FaultSchedule {
  readonly id: string
  readonly by: string
  readonly options: ScheduleOptions
  readonly items: ScheduleItem[]
  readonly beganMs: number
  readonly #nowMs: () => number
  readonly #strike: (fault: SetFault) => Promise<CommandOutcome>
  readonly #over: () => Promise<CommandOutcome>
  readonly #isSeeking: () => boolean
  /** On their way. */
  readonly #strikes = new Set<Promise<void>>()
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #endedMs: number | undefined

  constructor(parts: {
    readonly id: string
    readonly by: string
    readonly options: ScheduleOptions
    readonly place: Place
    readonly nowMs: () => number
    /** The world is on its way to another moment. */
    readonly isSeeking?: () => boolean
    readonly strike: (fault: SetFault) => Promise<CommandOutcome>
    /** Whatever of it is still in force is reverted. */
    readonly over: () => Promise<CommandOutcome>
  }) {
    this.id = parts.id
    this.by = parts.by
    this.options = parts.options
    this.items = [...drawSchedule(parts.options, parts.place)]
    this.#nowMs = parts.nowMs
    this.#strike = parts.strike
    this.#over = parts.over
    this.#isSeeking = parts.isSeeking ?? (() => false)
    this.beganMs = parts.nowMs()
    this.#timer = setInterval(() => this.look(), lookMs).unref()
  }

  get isOver(): boolean {
    return this.#endedMs !== undefined
  }

  get ageMs(): number {
    return Math.max(0, (this.#endedMs ?? this.#nowMs()) - this.beganMs)
  }

  /** Strikes what is due. */
  look(): void {
    if (this.#isSeeking()) return
    const ageMs = this.#nowMs() - this.beganMs
    // Somebody has wound the world back to before it began.
    if (ageMs < 0 || ageMs >= this.options.forMs) {
      // What could not be reverted ends by itself.
      this.end().catch(() => {})
      return
    }
    for (; (this.items[this.#next]?.atMs ?? Number.POSITIVE_INFINITY) <= ageMs; this.#next += 1) {
      const strike = this.#strikeItem(this.#next).finally(() => this.#strikes.delete(strike))
      this.#strikes.add(strike)
    }
  }

  /** And reverts whatever of it is in force. What could not be reverted is told. */
  async end(): Promise<CommandOutcome> {
    if (this.isOver) return { kind: 'accepted' }
    await this.cease()
    return this.#over()
  }

  /** Over, without reverting anything: when it resolves, all that was to strike has. */
  async cease(): Promise<void> {
    this.#endedMs ??= this.#nowMs()
    this.stop()
    await Promise.all(this.#strikes)
  }

  /** Strikes nothing more. Its faults end by themselves. */
  stop(): void {
    clearInterval(this.#timer)
  }

  async #strikeItem(at: number): Promise<void> {
    const item = this.items[at]
    if (item === undefined) return
    const { kind, target, params, forMs, n } = item
    const id = `${this.id}-${n}`
    const fault = { kind, target, params, ...(faultSpecs[kind].lasts && { forMs }) }
    const outcome = await this.#strike({ ...fault, id, by: this.by, schedule: this.id }).catch(
      (error: unknown): CommandOutcome => ({
        kind: 'failed',
        detail: error instanceof Error ? error.message : String(error),
      }),
    )
    this.items[at] =
      outcome.kind === 'accepted' ? { ...item, fault: id } : { ...item, skipped: wordsFor(outcome) }
  }
}

function wordsFor(outcome: Exclude<CommandOutcome, { readonly kind: 'accepted' }>): string {
  switch (outcome.kind) {
    case 'refused':
    case 'failed':
      return outcome.detail
    case 'unknown-node':
      return `There is no node '${outcome.node}'.`
    case 'unknown-group':
      return `There is no group '${outcome.group}'.`
  }
}
