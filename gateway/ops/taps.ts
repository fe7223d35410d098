/**
 * Taps: every message of the cluster that fits a filter, for a while.
 *
 * All readers of a tap share what it keeps. A reader remembers one number, and is told what came after it: nothing queues up
 * for a slow one, who is told how many it has missed.
 *
 * Owns:     the taps, how many there may be, what each keeps, its cap, its end; and that nothing secret leaves it.
 * Does not: know what fits (`#activity`), or how filters are written (`message-filter.ts`).
 *
 * Invariants:
 *   TP1. Of each message that fits one is told or counted, as over the cap or as lost.
 *   TP2. A tap ends after `lifeMs`, or when nobody has read it for `idleMs` or `leftMs`; then no node is asked any more.
 *   TP3. What a tap keeps is bounded, in messages and in bytes.
 */
import { randomUUID } from 'node:crypto'
import type { TapBatch, TappedMessage } from '#activity'
import type { ClusterClient } from '../cluster-client.ts'
import { readMessageFilter } from '../message-filter.ts'
import { Problem } from '../problems.ts'
import type { TapCounts, TapEnd, Told, ToldMessage } from '../tap-words.ts'
import { timestampOf } from '../timestamp.ts'
import { withoutSecrets } from './redaction.ts'

export const tapsBounds = {
  tapsMax: 8,
  readersMax: 8,
  lifeMs: 600_000,
  /** Until its first reader comes. */
  idleMs: 30_000,
  /** After its last one has left. */
  leftMs: 5_000,
  keptMax: 2_000,
  keptBytesMax: 4 * 2 ** 20,
  /** How often readers are told. */
  tellMs: 100,
  /** Messages told at once. */
  readMax: 200,
} as const
export type TapsBounds = { readonly [Key in keyof typeof tapsBounds]: number }

export interface TapAsked {
  readonly filter: string
  readonly perSecond: number
  readonly total: number
}

/** One who reads. */
export interface TapReader {
  readonly hasRoom: boolean
  tell(told: Told): void
  end(why: TapEnd): void
}

export class Taps {
  readonly #client: Pick<ClusterClient, 'tapMessages'>
  readonly #bounds: TapsBounds
  readonly #taps = new Map<string, Tap>()
  #timer: NodeJS.Timeout | undefined

  constructor(client: Pick<ClusterClient, 'tapMessages'>, bounds: Partial<TapsBounds> = {}) {
    this.#client = client
    this.#bounds = { ...tapsBounds, ...bounds }
  }

  /** @throws Problem `validation`, `tap-limit`. */
  begin(asked: TapAsked, by: string): Tap {
    const { terms, problem } = readMessageFilter(asked.filter)
    if (problem !== undefined)
      throw new Problem('validation', {
        detail: problem,
        errors: [{ pointer: '#/filter', detail: problem }],
      })
    const { tapsMax } = this.#bounds
    if (this.#taps.size >= tapsMax) throw new Problem('tap-limit', `There are ${tapsMax} taps already.`)
    const tap = new Tap(asked, by, this.#bounds)
    tap.stop = this.#client.tapMessages({ terms, perSecond: asked.perSecond }, (batch, lost) =>
      tap.hear(batch, lost),
    )
    this.#taps.set(tap.id, tap)
    this.#timer ??= setInterval(() => this.#tick(), this.#bounds.tellMs)
    return tap
  }

  get all(): readonly Tap[] {
    return [...this.#taps.values()]
  }

  find(id: string): Tap | undefined {
    return this.#taps.get(id)
  }

  end(tap: Tap, why: TapEnd): void {
    if (!this.#taps.delete(tap.id)) return
    tap.end(why)
    if (this.#taps.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  close(): void {
    for (const tap of this.all) this.end(tap, 'gateway-closes')
  }

  #tick(): void {
    const now = performance.now()
    for (const tap of this.all) {
      tap.settle(now - this.#bounds.tellMs)
      tap.tell()
      const why = tap.isOver(now)
      if (why !== undefined) this.end(tap, why)
    }
  }
}

interface Incoming {
  readonly heardAt: number
  readonly node: string
  readonly message: TappedMessage
}

export class Tap implements TapAsked {
  readonly id = randomUUID()
  readonly filter: string
  readonly perSecond: number
  readonly total: number
  /** Who began it. */
  readonly by: string
  readonly #bounds: TapsBounds
  /** Ends what the nodes are asked. */
  stop: () => void = () => {}
  /** Accepted, and not in order yet: another node may have had something earlier. */
  #incoming: Incoming[] = []
  readonly #kept: ToldMessage[] = []
  #keptBytes = 0
  /** Of the last message that is kept. */
  #n = 0
  #told = 0
  #overHere = 0
  #lost = 0
  readonly #nodes = new Map<string, Pick<TapBatch, 'node' | 'matched' | 'over'>>()
  readonly #readers = new Map<TapReader, { after: number; counts: string }>()
  readonly #beganAt = performance.now()
  #readAt = performance.now()
  #wasRead = false
  #second = { at: performance.now(), left: 0 }

  constructor({ filter, perSecond, total }: TapAsked, by: string, bounds: TapsBounds) {
    this.filter = filter
    this.perSecond = perSecond
    this.total = total
    this.by = by
    this.#bounds = bounds
    this.#second.left = perSecond
  }

  get hasPlace(): boolean {
    return this.#readers.size < this.#bounds.readersMax
  }

  get isFull(): boolean {
    return this.#told >= this.total
  }

  get #isDrained(): boolean {
    return this.isFull && this.#incoming.length === 0
  }

  get endsInMs(): number {
    return Math.max(0, Math.round(this.#beganAt + this.#bounds.lifeMs - performance.now()))
  }

  get counts(): TapCounts {
    const lives = [...this.#nodes.values()]
    const over = lives.reduce((sum, life) => sum + life.over, this.#overHere)
    return {
      matched: lives.reduce((sum, { matched }) => sum + matched, 0),
      ...{ told: this.#told, over, lost: this.#lost },
      nodes: [...new Set(lives.map(({ node }) => node))].sort(),
    }
  }

  hear({ node, life, run, matched, over, messages }: TapBatch, lost: number): void {
    this.#nodes.set(`${node} ${life} ${run}`, { node, matched, over })
    this.#lost += lost
    for (const message of messages) this.#take(node, message)
    if (this.isFull) this.stop()
  }

  /** @throws Problem `too-many-streams`. */
  follow(reader: TapReader, after: number): () => void {
    if (!this.hasPlace) throw new Problem('too-many-streams', `${this.#readers.size} read this tap already.`)
    this.#readers.set(reader, { after, counts: '' })
    this.#wasRead = true
    return () => this.#leave(reader)
  }

  /**
   * Puts in order what every node had time to tell: what was heard until then, and what happened before that.
   * Of one instant, messages of one node stay in its order.
   */
  settle(heardUntil: number): void {
    const until = this.#incoming.reduce(
      (latest, { heardAt, message }) => (heardAt <= heardUntil ? Math.max(latest, message.at) : latest),
      -1,
    )
    if (until < 0) return
    const isDue = ({ message }: Incoming): boolean => message.at <= until
    const due = this.#incoming.filter(isDue).sort((a, b) => a.message.at - b.message.at)
    this.#incoming = this.#incoming.filter((one) => !isDue(one))
    for (const { node, message } of due) this.#keep(node, message)
  }

  tell(): void {
    for (const [reader, place] of this.#readers) {
      if (!reader.hasRoom) continue
      const told = this.#read(place.after, this.#bounds.readMax)
      const counts = JSON.stringify(told.counts)
      if (told.messages.length > 0 || told.missed > 0 || counts !== place.counts) {
        place.after += told.missed + told.messages.length
        place.counts = counts
        reader.tell(told)
      }
      if (!this.#isDrained || place.after < this.#n) continue
      this.#leave(reader)
      reader.end('full')
    }
  }

  isOver(now: number): TapEnd | undefined {
    if (now - this.#beganAt >= this.#bounds.lifeMs) return 'expired'
    if (this.#readers.size > 0) this.#readAt = now
    const { idleMs, leftMs } = this.#bounds
    return now - this.#readAt >= (this.#wasRead ? leftMs : idleMs) ? 'idle' : undefined
  }

  end(why: TapEnd): void {
    this.stop()
    this.settle(Number.POSITIVE_INFINITY)
    for (const [reader, { after }] of this.#readers) {
      if (reader.hasRoom) reader.tell(this.#read(after, this.#bounds.keptMax))
      else reader.tell({ messages: [], counts: this.counts, missed: this.#n - after })
      reader.end(why)
    }
    this.#readers.clear()
  }

  #leave(reader: TapReader): void {
    this.#readers.delete(reader)
    this.#readAt = performance.now()
  }

  #take(node: string, message: TappedMessage): void {
    const now = performance.now()
    if (now - this.#second.at >= 1_000) this.#second = { at: now, left: this.perSecond }
    if (this.#second.left === 0 || this.isFull) {
      this.#overHere += 1
      return
    }
    this.#second.left -= 1
    this.#told += 1
    this.#incoming.push({ heardAt: now, node, message })
  }

  #keep(node: string, message: TappedMessage): void {
    this.#n += 1
    this.#kept.push(told(this.#n, node, message))
    this.#keptBytes += message.payload === undefined ? 0 : message.bytes
    const { keptMax, keptBytesMax } = this.#bounds
    while (this.#kept.length > keptMax || this.#keptBytes > keptBytesMax) {
      const gone = this.#kept.shift()
      this.#keptBytes -= gone?.payload === undefined ? 0 : gone.bytes
    }
  }

  #read(after: number, limit: number): Told {
    const first = this.#n - this.#kept.length
    const from = Math.max(0, after - first)
    return {
      messages: this.#kept.slice(from, from + limit),
      counts: this.counts,
      missed: Math.max(0, first - after),
    }
  }
}

function told(n: number, node: string, { at, payload, ...message }: TappedMessage): ToldMessage {
  return {
    n,
    at: timestampOf(at),
    node,
    ...message,
    ...(payload !== undefined && {
      payload: withoutSecrets(JSON.parse(payload) as Readonly<Record<string, unknown>>),
    }),
  }
}
