/**
 * What the guests of a running restaurant hold in hand, kept across its starts and stops.
 *
 * It is the guests' own log and not the cluster's: when a restaurant goes on after a stop, those who were promised
 * something are still there to ask for it.
 *
 * Owns:     the file `guests.jsonl` of the data folder. Half a last line, after a crash, is not there.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '#actor'
import type { Receipt } from '../live-day/guest.ts'

/** One opening of the restaurant, from its first guest to its last. */
export interface Service {
  readonly day: string
  readonly seed: number
  /** Of this service: keys of two never meet. */
  readonly run: string
  /** World time. */
  readonly midnight: Instant
  /** From 1, on this data folder. */
  readonly number: number
}

type Line =
  | { readonly service: Service }
  | { readonly guest: number; readonly receipt: Receipt }
  | { readonly guest: number; readonly settled: string }

/** A guest for whom all is over: with an order in its last state, or without one. */
export interface Gone {
  readonly state: string
  readonly receipt: Receipt | undefined
}

export class GuestBook {
  readonly #path: string
  #service: Service | undefined
  /** Of guests whose order was not settled when it was last heard of. */
  readonly #open = new Map<number, Receipt>()
  readonly #gone = new Map<number, Gone>()

  constructor(folder: string) {
    this.#path = join(folder, 'guests.jsonl')
    for (const line of existsSync(this.#path) ? linesIn(readFileSync(this.#path, 'utf8')) : [])
      this.#take(line)
  }

  get service(): Service | undefined {
    return this.#service
  }

  get open(): ReadonlyMap<number, Receipt> {
    return this.#open
  }

  /** Of this service: what the counts of a later start go on from. */
  get gone(): ReadonlyMap<number, Gone> {
    return this.#gone
  }

  begin(service: Service): void {
    this.#take({ service })
    writeFileSync(this.#path, `${JSON.stringify({ service })}\n`)
  }

  /** Also of an order that costs something else by now. */
  acknowledged(guest: number, receipt: Receipt): void {
    this.#add({ guest, receipt })
  }

  /** Also of a guest who left without an order. */
  settled(guest: number, state: string): void {
    this.#add({ guest, settled: state })
  }

  #add(line: Line): void {
    this.#take(line)
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }

  #take(line: Line): void {
    if ('service' in line) {
      this.#service = line.service
      this.#open.clear()
      this.#gone.clear()
    } else if ('receipt' in line) this.#open.set(line.guest, line.receipt)
    else {
      this.#gone.set(line.guest, { state: line.settled, receipt: this.#open.get(line.guest) })
      this.#open.delete(line.guest)
    }
  }
}

function* linesIn(text: string): Generator<Line> {
  for (const line of text.split('\n')) {
    try {
      yield JSON.parse(line) as Line
    } catch {}
  }
}
