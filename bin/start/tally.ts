/**
 * What the guests of a service know together, and whether it can be true.
 *
 * Owns:     counts of orders by state, over every start of the restaurant in this service; and what is checked while everything runs: no order that was acknowledged is
 *           gone, no key has made two, and the provider has kept of each settled order exactly its bill.
 * Does not: judge a whole day (`brigade day`, `brigade check`).
 *
 * Invariants:
 *   T1. A guest is counted once, where it stands now; what has ended, only with the service that accepted it.
 */
import { latencyOf, type SettledState } from '#day'
import type { ProviderLedger } from '#outside'
import { isWithoutOrder, type LiveGuest } from '../live-day/guest.ts'
import type { Gone } from './guest-book.ts'

/** How guests see an order that is not settled. */
export const stages = ['placed', 'paying', 'queued', 'cooking', 'plating', 'ready', 'ending'] as const
export type Stage = (typeof stages)[number]

const stageOf: Readonly<Record<string, Stage>> = {
  placed: 'placed',
  reserving: 'placed',
  revising: 'placed',
  paying: 'paying',
  confirmed: 'queued',
  queued: 'queued',
  cooking: 'cooking',
  plating: 'plating',
  ready: 'ready',
  cancelling: 'ending',
  refunding: 'ending',
  releasing: 'ending',
}

export interface TallyView {
  readonly stages: Readonly<Record<Stage, number>>
  readonly ended: Readonly<Record<SettledState, number>>
  readonly acknowledged: number
  /** Refused, or without an answer that they could wait for. */
  readonly leftWithout: number
  /** Of the last acknowledgements since this process began. */
  readonly acceptMs: { readonly p50: number; readonly p95: number; readonly n: number }
  readonly problems: readonly string[]
  /** Cents of the settled orders of this service. */
  readonly kept: number
}

/** Money that is still on its way back when an order ends has this long to arrive. */
const moneyWithinMs = 60_000
const latenciesMax = 500

const nobody: Readonly<Record<SettledState, number>> = { completed: 0, rejected: 0, cancelled: 0, expired: 0 }

/** One who is here, or one who has left before this process began. */
type Guest = Pick<LiveGuest, 'state' | 'receipt'>

export class Tally {
  readonly #ledger: Pick<ProviderLedger, 'payment'>
  readonly #present = new Map<LiveGuest, Stage>()
  readonly #gone = new WeakSet<LiveGuest>()
  /** In which service each was accepted: those of this one are counted. */
  readonly #acceptedIn = new WeakMap<Guest, number>()
  #service = 0
  #ended = { ...nobody }
  readonly #latencies: number[] = []
  readonly #complaints = new Set<string>()
  /** Settled orders whose money is not as it has to be, and since when. */
  readonly #owing = new Map<Guest, number>()
  #acknowledged = 0
  #leftWithout = 0
  #kept = 0

  constructor(ledger: Pick<ProviderLedger, 'payment'>) {
    this.#ledger = ledger
  }

  /** A service begins, or goes on after a stop with those who have left it before. Who lingers is still present. */
  begin(gone: Iterable<Gone>): void {
    this.#service += 1
    this.#ended = { ...nobody }
    this.#acknowledged = 0
    this.#leftWithout = 0
    this.#kept = 0
    for (const guest of gone) {
      if (guest.receipt !== undefined) this.#accept(guest)
      this.#leave(guest)
    }
  }

  /** Of a guest whose state has changed. */
  changed(guest: LiveGuest): void {
    const { state, receipt, latencyMs, complaints } = guest
    for (const complaint of complaints) this.#complaints.add(complaint)
    if (this.#gone.has(guest)) return
    if (receipt !== undefined && !this.#acceptedIn.has(guest)) {
      this.#accept(guest)
      if (latencyMs !== undefined) this.#latencies.push(latencyMs)
      if (this.#latencies.length > latenciesMax) this.#latencies.shift()
    }
    const stage = stageOf[state]
    if (stage !== undefined) this.#present.set(guest, stage)
    else this.#present.delete(guest)
    if (!isWithoutOrder(state) && !guest.isSettled) return
    this.#gone.add(guest)
    this.#leave(guest)
  }

  view(now: number): TallyView {
    for (const [guest] of this.#owing) this.#settle(guest)
    const wrong = [...this.#owing].filter(([, since]) => now - since > moneyWithinMs)
    const counts = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>
    for (const stage of this.#present.values()) counts[stage] += 1
    const { p50, p95, n } = latencyOf(this.#latencies)
    return {
      stages: counts,
      ended: { ...this.#ended },
      acknowledged: this.#acknowledged,
      leftWithout: this.#leftWithout,
      acceptMs: { p50, p95, n },
      problems: [...this.#complaints, ...wrong.map(([guest]) => this.#moneyProblem(guest))],
      kept: this.#kept,
    }
  }

  #accept(guest: Guest): void {
    this.#acceptedIn.set(guest, this.#service)
    this.#acknowledged += 1
  }

  #leave(guest: Guest): void {
    if (isWithoutOrder(guest.state)) {
      this.#leftWithout += 1
      return
    }
    if (this.#isCounted(guest)) this.#ended[guest.state as SettledState] += 1
    this.#owing.set(guest, performance.now())
  }

  #isCounted(guest: Guest): boolean {
    return this.#acceptedIn.get(guest) === this.#service
  }

  #settle(guest: Guest): void {
    if (keptOf(guest, this.#ledger) !== owedBy(guest)) return
    this.#owing.delete(guest)
    if (this.#isCounted(guest)) this.#kept += owedBy(guest)
  }

  #moneyProblem(guest: Guest): string {
    return `order/${guest.receipt?.order} is ${guest.state}: owed ${owedBy(guest)} cents, kept ${keptOf(guest, this.#ledger)}`
  }
}

const owedBy = ({ state, receipt }: Guest): number => (state === 'completed' ? (receipt?.total ?? 0) : 0)

function keptOf({ receipt }: Guest, ledger: Pick<ProviderLedger, 'payment'>): number {
  const payment = receipt && ledger.payment(receipt.order)
  return payment === undefined ? 0 : payment.captured - payment.refunded
}
