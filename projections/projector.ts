/**
 * Keeps projections up to date: looks at the journal, folds what is new, and writes rows and marks as one.
 *
 * One loop does everything in turns: a look for the live copies, then a look for the copies that are being built. So
 * when a copy that is built has caught up, nothing has moved, and it can be compared with the live one and take its
 * place.
 *
 * Owns:     where the projections stand, which copy of each is live, and what is being built.
 * Does not: prove turns durable (the source does), or know what is projected.
 *
 * Invariants:
 *   R1. Rows and marks are one commit: after a restart every turn is folded once.
 *   R2. What is published is durable: the source tells nothing else.
 *   R3. A reader sees one copy of a projection, whole: while another one is built the old one is served, and they
 *       change places in one commit.
 *   R4. A projection that fails on a turn stops alone, and says so; what it had is not served as if it were current.
 *   R5. A rebuild from a journal that was cut replaces nothing that is different, and makes nothing live that was built of
 *       more before, unless the loss was accepted.
 *   R6. One look is bounded, and between two of them others have their turn.
 *   R7. Who was held up until turns were trimmed unread has failed; who began with a journal that was cut says so.
 *   R8. A row leaves when it came to its end before `keptFrom`, which only grows. Copies are compared when from both all
 *       have left that are to, so a rebuild finds what was there, and no row of before.
 */
import { type Instant, typeOf } from '#actor'
import {
  compareKeys,
  type JournalRecord,
  type Key,
  type Marks,
  type ReadUpTo,
  type RowStore,
  type RowWrite,
  type ShardId,
  startingWith,
  type TurnSource,
  type WaitingShard,
} from '#ports'
import { Draft, orderKey, rowKey } from './draft.ts'
import { isSame, type Projection, type Table } from './projection.ts'

export interface ProjectorOptions {
  readonly source: TurnSource
  readonly store: RowStore
  readonly projections: readonly Projection[]
  /** Between two looks when there is nothing new. Default 100 ms. */
  readonly everyMs?: number
  /** How long rows that have come to their end are kept, on the world clock. Default: for ever. */
  readonly keptMs?: number
  /** About so many turns are folded at once. Default 500, some 20 ms. */
  readonly turnsMax?: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
  /** Looks have not succeeded for some time; they are repeated. Told once until one does. */
  readonly onTrouble?: (error: unknown) => void
}

export interface Freshness {
  /** World time of the last turn that was folded; absent when there was none. */
  readonly asOf?: Instant
  /** What was durable so long ago is in. */
  readonly lagMs: number
  /** Rows that came to their end before it have left, or are leaving. */
  readonly keptFrom?: Instant
}

export const projectionStates = ['live', 'building', 'failed'] as const
export type ProjectionState = (typeof projectionStates)[number]

export interface ProjectionView {
  readonly name: string
  readonly about: string
  readonly version: number
  /** `building`: it is not there yet. `failed`: what it has is not right, `problem` says why; it is to be rebuilt. */
  readonly state: ProjectionState
  readonly problem?: string
  /** What was trimmed from the journal before it was built is not in it. */
  readonly isCut?: true
  /** The last rebuild that was asked for, or the one that goes on. */
  readonly rebuild?: Rebuild
}

/** `refused`: it would have lost rows, and nothing was replaced. */
export const rebuildStates = ['waiting', 'reading', 'comparing', 'done', 'refused', 'failed'] as const

export interface RebuildWish {
  /** Nothing is replaced: it is only compared. */
  readonly verify?: boolean
  /** It takes the place of the old one though the journal was cut and it is different. */
  readonly acceptLoss?: boolean
}

export interface Rebuild extends Required<RebuildWish> {
  readonly state: (typeof rebuildStates)[number]
  readonly turns: number
  /** Turns that were folded once and are not in the journal any more. Absent while not compared. */
  readonly notKept?: number
  /** Rows that are not the same in both copies, the first of them in words. Absent while not compared. */
  readonly differences?: Differences
  readonly problem?: string
}

export interface Differences {
  readonly count: number
  /** Of them, those that only the old one has. */
  readonly missing: number
  readonly first: readonly string[]
}

interface Copy {
  readonly version: number
  readonly side: 'a' | 'b'
  readonly isCut?: true
}

interface Standing extends ReadUpTo {
  readonly asOf?: Instant
  readonly keptFrom?: Instant
  readonly turns: number
  /** It has been at the end of the journal: from there on nothing may be missing. */
  readonly isComplete: boolean
  /** The live copies. */
  readonly copies: Readonly<Record<string, Copy>>
}

interface Live {
  readonly projection: Projection
  /** Of its rows in the store. */
  readonly copy: string
}

interface Job extends Required<RebuildWish> {
  readonly names: readonly string[]
  /** Those that met a turn that they cannot fold, and which. */
  readonly failed: Map<string, string>
  marks: Marks
  turns: number
  isCut: boolean
}

const standingKey: Key = ['\u0001', 'standing']
const nowhere: Standing = { journal: '', marks: {}, turns: 0, isComplete: false, copies: {} }

const copyName = (name: string, { side }: Pick<Copy, 'side'>): string => `${name}.${side}`

/** A shard that moves has no owner for a moment: nobody need hear of that. */
const troubleAfterMs = 10_000
/** Of a comparison, so many are told in words. */
const differencesTold = 20
/** Rows that are compared or removed before others have their turn. */
const rowsAtOnce = 500
/** A page reads at most so many rows: a rare match must not hold up the process. */
const rowsReadMax = 5_000

export class Projector {
  readonly #options: ProjectorOptions
  readonly #projections: ReadonlyMap<string, Projection>
  readonly #store: RowStore
  readonly #now: () => number
  readonly #failed = new Map<string, string>()
  readonly #rebuilds = new Map<string, Rebuild>()
  /** Shards whose latest turns the source does not tell: of which actors, and until when they were in. */
  #waiting: ReadonlyMap<ShardId, WaitingShard & { readonly since: number }> = new Map()
  /** What was read from the store is not what was written: the next look begins anew. */
  #isDamaged = false
  /** Rows may be there that are to leave. */
  #isLeaving = true
  #standing: Standing = nowhere
  #job: Job | undefined
  #caughtUpAt: number
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<unknown> = Promise.resolve()
  #isTroubled = false
  #closed = false

  constructor(options: ProjectorOptions) {
    this.#options = options
    this.#projections = new Map(options.projections.map((projection) => [projection.name, projection]))
    this.#store = options.store
    this.#now = options.now ?? (() => performance.now())
    this.#caughtUpAt = this.#now()
    this.#standing = this.#stored()
  }

  /** Looks from now on. */
  start(): void {
    const again = (): void => {
      this.#looking = this.look().then(
        (more) => {
          this.#isTroubled = false
          next(more ? 0 : (this.#options.everyMs ?? 100))
        },
        (error: unknown) => {
          if (!this.#isTroubled && this.freshness().lagMs >= troubleAfterMs) {
            this.#isTroubled = true
            this.#options.onTrouble?.(error)
          }
          next(this.#options.everyMs ?? 100)
        },
      )
    }
    const next = (ms: number): void => {
      if (!this.#closed) this.#timer = setTimeout(again, ms).unref()
    }
    again()
  }

  /** Ends with the look that goes on. The store is its opener's to close. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  /** One look for what is live, and one for what is being built. True: there is more. */
  async look(): Promise<boolean> {
    const began = this.#now()
    if (this.#isDamaged) {
      this.#isDamaged = false
      this.#isLeaving = true
      this.#job = undefined
      this.#standing = nowhere
    }
    await this.#admit()
    const before = this.#standing
    const {
      journal,
      marks,
      records,
      more,
      isCut,
      waiting = [],
    } = await this.#options.source.turns(before.journal === '' ? undefined : before, {
      limit: this.#options.turnsMax ?? 500,
    })
    if (before.journal !== '' && journal !== before.journal) await this.#beginAnew()
    const { turns, asOf = 0, isComplete } = this.#standing
    if (isCut) this.#miss()
    const { copies } = this.#standing
    const lives = this.#lives(copies).filter(({ projection }) => !this.#failed.has(projection.name))
    const writes = this.#folded(lives, records, this.#failed)
    const isNews = journal !== this.#standing.journal || (!isComplete && !more)
    if (writes.length > 0 || records.length > 0 || isCut || isNews) {
      const latest = records.reduce((last, { at }) => Math.max(last, at), asOf) as Instant
      const stay = Object.entries(copies).filter(([name]) => !this.#failed.has(name))
      const keptFrom = this.#keptFrom(latest)
      // Another scope's turns may be so far ahead that some of these rows are to leave at once.
      this.#isLeaving = true
      await this.#commit(writes, {
        journal,
        marks,
        turns: turns + records.length,
        isComplete: isComplete || !more,
        copies: Object.fromEntries(stay),
        ...(latest > 0 && { asOf: latest }),
        ...(keptFrom > 0 && { keptFrom }),
      })
    } else this.#standing = { ...this.#standing, marks }
    this.#waiting = new Map(
      waiting.map((it) => [
        it.shard,
        { ...it, since: this.#waiting.get(it.shard)?.since ?? this.#caughtUpAt },
      ]),
    )
    if (!more) this.#caughtUpAt = began
    if (this.#isLeaving) this.#isLeaving = await this.#leave(this.#lives(this.#standing.copies))
    return (await this.#build()) || more || this.#isLeaving
  }

  /** Of one projection, or of the one that is latest. */
  freshness(of?: Projection): Freshness {
    const { asOf, keptFrom } = this.#standing
    const concerns = ({ types }: WaitingShard): boolean =>
      of === undefined || types.some((type) => of.actors.includes(type))
    const waiting = [...this.#waiting.values()].filter(concerns)
    const lagMs = Math.max(this.#lagMs(this.#caughtUpAt), ...waiting.map(({ since }) => this.#lagMs(since)))
    return { ...(asOf !== undefined && { asOf }), lagMs, ...(keptFrom !== undefined && { keptFrom }) }
  }

  /** Shards that others need not wait for: nobody can say now what of their latest turns is durable. */
  get waiting(): readonly { readonly shard: ShardId; readonly lagMs: number }[] {
    return [...this.#waiting.values()].map(({ shard, since }) => ({ shard, lagMs: this.#lagMs(since) }))
  }

  #lagMs(since: number): number {
    return Math.max(0, Math.round(this.#now() - since))
  }

  get turns(): number {
    return this.#standing.turns
  }

  view(): readonly ProjectionView[] {
    return [...this.#projections.values()].map(({ name, about, version }) => {
      const problem = this.#failed.get(name)
      const rebuild = this.#rebuilds.get(name)
      return {
        name,
        about,
        version,
        state: problem !== undefined ? 'failed' : this.isLive(name) ? 'live' : 'building',
        ...(problem !== undefined && { problem }),
        ...(this.isCut(name) && { isCut: true }),
        ...(rebuild && { rebuild }),
      }
    })
  }

  isLive(name: string): boolean {
    return this.#standing.copies[name]?.version === this.#projections.get(name)?.version
  }

  /** What was trimmed from the journal before it was built is not in it. */
  isCut(name: string): boolean {
    return this.#standing.copies[name]?.isCut ?? false
  }

  row<Row>({ name }: Projection, table: Table<Row>, key: Key): Row | undefined {
    const copy = this.#standing.copies[name]
    if (copy === undefined) return undefined
    return this.#read(() => this.#store.get(rowKey(copyName(name, copy), table, key))) as Row | undefined
  }

  /**
   * Rows in one of the table's orders, whose keys there begin with `prefix` and go on with an instant in `from`, `to`.
   * `next` is where the page after it begins; a page may be empty and not the last.
   */
  page<Row>(
    { name }: Projection,
    table: Table<Row>,
    page: {
      readonly order: string
      readonly prefix?: Key
      readonly from?: number
      /** Not part of it. */
      readonly to?: number
      readonly backwards?: boolean
      readonly after?: Key
      readonly limit: number
      readonly fits?: (row: Row) => boolean
    },
  ): { readonly rows: readonly Row[]; readonly next?: Key } {
    const live = this.#standing.copies[name]
    if (live === undefined) return { rows: [] }
    const copy = copyName(name, live)
    const {
      order,
      prefix = [],
      from = 0,
      to = Number.MAX_SAFE_INTEGER,
      after,
      limit,
      backwards = false,
    } = page
    const top = orderKey(copy, table, order, [])
    const bound = (key: Key): Key => [...top, ...key]
    // The first key behind another one is that key and one part more.
    let start = bound(after !== undefined && !backwards ? [...after, 0] : [...prefix, from])
    let end = bound(after !== undefined && backwards ? after : [...prefix, to])
    const rows: Row[] = []
    let last: Key | undefined
    for (let read = 0; read < rowsReadMax; ) {
      const found = this.#read(() => this.#store.range({ start, end }, { limit: limit + 1, backwards }))
      for (const [key, rowAt] of found) {
        if (rows.length === limit && last !== undefined) return { rows, next: last }
        const row = this.#read(() => this.#store.get(rowKey(copy, table, rowAt as Key))) as Row
        if (page.fits?.(row) ?? true) rows.push(row)
        last = key.slice(top.length)
        if (backwards) end = key
        else start = [...key, 0]
      }
      read += found.length
      if (found.length <= limit) return { rows }
    }
    return { rows, ...(last && { next: last }) }
  }

  /** Builds these anew, beside the live ones. False: one of them does not exist. */
  rebuild(names: readonly string[], { verify = false, acceptLoss = false }: RebuildWish): boolean {
    if (names.some((name) => !this.#projections.has(name))) return false
    for (const name of names) {
      const before = this.#rebuilds.get(name)
      if (before !== undefined && !isOver(before)) continue
      this.#rebuilds.set(name, { state: 'waiting', verify, acceptLoss, turns: 0 })
    }
    return true
  }

  // ── looking ──

  #stored(): Standing {
    try {
      return (this.#store.get(standingKey) as Standing | undefined) ?? nowhere
    } catch {
      return nowhere
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#isDamaged = true
      throw error
    }
  }

  /** What has no copy of its version joins at once if nothing was read yet, and is built otherwise. */
  async #admit(): Promise<void> {
    const missing = [...this.#projections.values()].filter(
      ({ name }) => !this.isLive(name) && !this.#failed.has(name),
    )
    if (missing.length === 0) return
    if (this.#standing.journal === '') {
      const copies = Object.fromEntries(
        missing.map(({ name, version }) => [name, { version, side: 'a' as const }]),
      )
      await this.#store.clear()
      this.#standing = { ...nowhere, copies }
    } else
      this.rebuild(
        missing.map(({ name }) => name),
        {},
      )
  }

  /** The journal is another one. */
  async #beginAnew(): Promise<void> {
    await this.#store.clear()
    this.#failed.clear()
    this.#job = undefined
    for (const [name, rebuild] of this.#rebuilds) if (!isOver(rebuild)) this.#rebuilds.delete(name)
    const all = [...this.#projections.values()]
    const copies = Object.fromEntries(all.map(({ name, version }) => [name, { version, side: 'a' as const }]))
    this.#standing = { ...nowhere, copies }
  }

  /** Turns are gone that were not read: whoever is still at the beginning begins with what is left. */
  #miss(): void {
    const { isComplete, copies } = this.#standing
    if (isComplete) {
      for (const name of Object.keys(copies)) this.#failed.set(name, missedInWords)
    } else {
      const cut = Object.entries(copies).map(([name, copy]) => [name, { ...copy, isCut: true as const }])
      this.#standing = { ...this.#standing, copies: Object.fromEntries(cut) }
    }
  }

  #lives(copies: Standing['copies']): readonly Live[] {
    return [...this.#projections.values()].flatMap((projection) => {
      const copy = copies[projection.name]
      return copy?.version === projection.version ? { projection, copy: copyName(projection.name, copy) } : []
    })
  }

  /** What the turns come to in each of these. One that fails on one of them has changed nothing, and is named. */
  #folded(
    lives: readonly Live[],
    records: readonly JournalRecord[],
    failed: Map<string, string>,
  ): RowWrite[] {
    return lives.flatMap(({ projection, copy }) => {
      const draft = this.#draft(copy)
      const types = new Set(projection.actors)
      for (const record of records) {
        if (!types.has(typeOf(record.actor))) continue
        try {
          projection.apply(draft, record)
        } catch (error) {
          if (this.#isDamaged) throw error
          failed.set(projection.name, `turn ${record.sequence} of ${record.actor}: ${wordsOf(error)}`)
          return []
        }
      }
      return [...draft.writes()]
    })
  }

  #draft(copy: string): Draft {
    return new Draft({ get: (key) => this.#read(() => this.#store.get(key)) }, copy)
  }

  async #commit(writes: readonly RowWrite[], standing: Standing): Promise<void> {
    await this.#store.commit([...writes, { key: standingKey, row: standing }])
    this.#standing = standing
  }

  // ── leaving ──

  #keptFrom(latest: Instant): Instant {
    const { keptMs } = this.#options
    const { keptFrom: before = 0 } = this.#standing
    return (keptMs === undefined ? before : Math.max(before, latest - keptMs * 1_000)) as Instant
  }

  /** A page of each table whose rows have come to their end before `keptFrom`. True: there is more. */
  async #leave(from: readonly Live[]): Promise<boolean> {
    const { keptFrom = 0 } = this.#standing
    let more = false
    const writes: RowWrite[] = []
    for (const { projection, copy } of from) {
      const draft = this.#draft(copy)
      for (const table of projection.tables) {
        if (table.leavesBy === undefined) continue
        const order = (key: Key): Key => orderKey(copy, table, table.leavesBy as string, key)
        const range = { start: order([0]), end: order([keptFrom]) }
        const due = this.#read(() => this.#store.range(range, { limit: rowsAtOnce }))
        for (const [, key] of due) draft.remove(table, key as Key)
        more ||= due.length === rowsAtOnce
      }
      writes.push(...draft.writes())
    }
    if (writes.length > 0) await this.#store.commit(writes)
    return more
  }

  // ── building ──

  /** True: there is more to do at once. */
  async #build(): Promise<boolean> {
    this.#job ??= await this.#begin()
    const job = this.#job
    if (job === undefined) return false
    const { journal, marks: upTo } = this.#standing
    const { records, marks, more, isCut } = await this.#options.source.turns(
      { journal, marks: job.marks },
      { limit: this.#options.turnsMax ?? 500, upTo },
    )
    await this.#store.commit(this.#folded(this.#built(job), records, job.failed))
    job.marks = marks
    job.isCut ||= isCut ?? false
    job.turns += records.length
    this.#tell(job, { state: 'reading' })
    if (!more) {
      await this.#finish(job)
      this.#job = undefined
    }
    return true
  }

  async #begin(): Promise<Job | undefined> {
    const waiting = [...this.#rebuilds].filter(([, { state }]) => state === 'waiting')
    const first = waiting[0]?.[1]
    if (first === undefined) return undefined
    const { verify, acceptLoss } = first
    const alike = waiting.filter(([, it]) => it.verify === verify && it.acceptLoss === acceptLoss)
    const names = alike.map(([name]) => name)
    const job: Job = { names, verify, acceptLoss, failed: new Map(), marks: {}, turns: 0, isCut: false }
    for (const { copy } of this.#built(job)) await this.#remove(copy)
    return job
  }

  /** The copies that it builds: each on the other side of the live one. */
  #built({ names, failed }: Job): readonly Live[] {
    return names.flatMap((name) => {
      const projection = this.#projections.get(name)
      if (projection === undefined || failed.has(name)) return []
      return { projection, copy: copyName(name, this.#nextCopy(projection)) }
    })
  }

  #nextCopy({ name, version }: Projection): Copy {
    return { version, side: this.#standing.copies[name]?.side === 'a' ? 'b' : 'a' }
  }

  async #finish(job: Job): Promise<void> {
    const copies: Record<string, Copy> = { ...this.#standing.copies }
    const old: string[] = []
    // Both read the same journal to the same marks: what one of them has not seen is not there any more.
    const notKept = this.#standing.turns - job.turns
    while (await this.#leave([...this.#lives(copies), ...this.#built(job)])) await breath()
    for (const { projection, copy } of this.#built(job)) {
      const { name, version } = projection
      const live = copies[name]
      let differences: Differences | undefined
      if (live?.version === version) {
        this.#tell(job, { state: 'comparing' }, [name])
        differences = await this.#compared(projection, copyName(name, live), copy)
      }
      const isLoss = !job.verify && !job.acceptLoss && notKept > 0 && differences?.count !== 0
      if (job.verify || isLoss) old.push(copy)
      else {
        copies[name] = { ...this.#nextCopy(projection), ...(job.isCut && { isCut: true }) }
        this.#failed.delete(name)
        if (live !== undefined) old.push(copyName(name, live))
      }
      const compared = differences ? { differences, notKept } : isLoss && { notKept }
      const problem = lossInWords(notKept, differences)
      // As long as it has no copy, it is not tried again by itself.
      if (isLoss && differences === undefined && !this.#failed.has(name)) this.#failed.set(name, problem)
      this.#tell(job, isLoss ? { state: 'refused', problem, ...compared } : { state: 'done', ...compared }, [
        name,
      ])
    }
    await this.#commit([], { ...this.#standing, copies })
    for (const copy of old) await this.#remove(copy)
    for (const [name, problem] of job.failed) {
      if (!this.isLive(name)) this.#failed.set(name, problem)
      this.#tell(job, { state: 'failed', problem }, [name])
    }
  }

  #tell(
    { names, verify, acceptLoss, turns }: Job,
    how: Pick<Rebuild, 'state' | 'notKept' | 'differences' | 'problem'>,
    of: readonly string[] = names,
  ): void {
    for (const name of of) this.#rebuilds.set(name, { verify, acceptLoss, turns, ...how })
  }

  async #compared(projection: Projection, live: string, built: string): Promise<Differences> {
    const first: string[] = []
    let [count, missing] = [0, 0]
    const differs = (key: Key, was: unknown, is: unknown): void => {
      count += 1
      if (is === undefined) missing += 1
      if (first.length === differencesTold) return
      const [table, , ...of] = key.slice(1)
      first.push(`${table} ${of.join(' ')}: was ${JSON.stringify(was)}, is ${JSON.stringify(is)}`)
    }
    for (const { name } of projection.tables) {
      const was = this.#walk(startingWith([live, name, '']))
      const is = this.#walk(startingWith([built, name, '']))
      let [left, right] = [await was.next(), await is.next()]
      while (!left.done || !right.done) {
        const [a, b] = [left.value, right.value]
        const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a[0].slice(1), b[0].slice(1))
        if (order < 0 && a) differs(a[0], a[1], undefined)
        else if (order > 0 && b) differs(b[0], undefined, b[1])
        else if (a && b && !isSame(a[1], b[1])) differs(a[0], a[1], b[1])
        if (order <= 0) left = await was.next()
        if (order >= 0) right = await is.next()
      }
    }
    return { count, missing, first }
  }

  async *#walk(range: { start: Key; end: Key }): AsyncGenerator<readonly [Key, unknown], undefined> {
    for (let { start } = range; ; ) {
      const rows = this.#store.range({ start, end: range.end }, { limit: rowsAtOnce })
      yield* rows
      const last = rows[rowsAtOnce - 1]
      if (last === undefined) return undefined
      start = [...last[0], 0]
      await breath()
    }
  }

  async #remove(copy: string): Promise<void> {
    for (;;) {
      const rows = this.#store.range(startingWith([copy]), { limit: rowsAtOnce })
      await this.#store.commit(rows.map(([key]) => ({ key })))
      if (rows.length < rowsAtOnce) return
      await breath()
    }
  }
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const isOver = ({ state }: Rebuild): boolean => state === 'done' || state === 'refused' || state === 'failed'

const missedInWords = 'turns were trimmed from the journal before they were read'

function lossInWords(notKept: number, differences: Differences | undefined): string {
  const gone = `${notKept} turns are not in the journal any more`
  if (differences === undefined) return `${gone}, and what they made would be missing`
  const { count, missing } = differences
  return `${gone}: ${missing} rows would be lost and ${count - missing} would change`
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
