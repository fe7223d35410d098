/**
 * All checks of a day over one history: the journal's commits in order, and what guests and provider know.
 *
 * Owns:     which check sees what, and the verdicts.
 * Does not: produce the history: a simulated run feeds it commit by commit, a live one from its journal.
 */
import type { ActorId, Instant } from '#actor'
import type { Commit } from '#sim'
import type { CheckName } from '../day.ts'
import { Reached, type Situation } from '../situations.ts'
import { ConformanceCheck, type ConformanceOptions } from './conformance.ts'
import { IdentityCheck } from './identity.ts'
import { KitchenCheck } from './kitchen.ts'
import { livenessProblems } from './liveness.ts'
import { MessagesCheck } from './messages.ts'
import type { MoneyCounts, ProviderEntry } from './money.ts'
import { MoneyCheck } from './money.ts'
import type { Rows } from './nothing-left.ts'
import { leftProblems } from './nothing-left.ts'
import { type CarriedEntry, NoticesCheck } from './notices.ts'
import type { GuestOrder, OrderCounts } from './orders.ts'
import { OrdersCheck } from './orders.ts'
import { type IsArchived, OwnerCheck } from './owner.ts'
import type { Problems } from './problems.ts'
import { ReadModelsCheck } from './read-models.ts'
import { StockCheck, type SuppliedEntry } from './stock.ts'

export interface Verdict {
  readonly id: string
  readonly held: boolean
  readonly detail?: string
}

/** What there is to know when the day is over. */
export interface DayEnd {
  readonly log: readonly GuestOrder[]
  readonly provider: readonly ProviderEntry[]
  /** What mail server, SMS provider and receivers have done. Absent: their books are not seen. */
  readonly carried?: readonly CarriedEntry[]
  /** What suppliers have delivered. Absent: their books are not seen. */
  readonly supplied?: readonly SuppliedEntry[]
  readonly rows: Rows
  readonly healedAt: Instant
  readonly settleWithinUs: number
  /** Timers that were due before have fired. */
  readonly dueBefore?: Instant
  /** What the day must have reached; none: it is not judged. */
  readonly sometimes?: readonly Situation[]
}

export interface DayCheckerOptions extends ConformanceOptions {
  /** Commits come in the order in which they were made, whoever made them. */
  readonly isOneLog?: boolean
  readonly isArchived?: IsArchived
  /** Actors whose first turns are kept no longer. If there are any, only what needs no turns of others is judged. */
  readonly cut?: ReadonlySet<ActorId>
}

export class DayChecker {
  readonly owner: OwnerCheck
  readonly reached = new Reached()
  readonly #messages = new MessagesCheck()
  readonly #orders = new OrdersCheck()
  readonly #money = new MoneyCheck()
  readonly #stock: StockCheck
  readonly #kitchen = new KitchenCheck()
  readonly #notices = new NoticesCheck()
  readonly #identity = new IdentityCheck()
  readonly #readModels: ReadModelsCheck
  readonly #conformance: ConformanceCheck

  readonly #isOneLog: boolean
  readonly #cut: ReadonlySet<ActorId>

  constructor(options: DayCheckerOptions) {
    const { registry, isOneLog = false, isArchived, cut = new Set() } = options
    this.#cut = cut
    this.owner = new OwnerCheck(isArchived)
    this.#isOneLog = isOneLog
    this.#stock = new StockCheck(
      (row) => registry.typeOf(row.id).machine.load(row.state).state.context as never,
    )
    this.#readModels = new ReadModelsCheck(registry, options.midnight)
    this.#conformance = new ConformanceCheck(options)
  }

  commit(given: Commit): void {
    const commit = this.#cut.size > 0 ? withoutTurnsOf(this.#cut, given) : given
    this.owner.commit(commit)
    this.reached.commit(commit)
    if (commit.kind !== 'appended') return
    for (const record of commit.batch.records) {
      this.#messages.record(record, this.#isOneLog ? '' : commit.scope)
      this.#orders.record(record)
      this.#money.record(record)
      this.#stock.record(record)
      this.#kitchen.record(record)
      this.#notices.record(record)
      this.#identity.record(record)
      this.#readModels.record(record)
      const replayed = this.#conformance.record(record)
      if (replayed !== undefined) this.#stock.replayed(record, replayed.context)
    }
    this.#stock.writes(commit.batch.writes)
    this.#conformance.writes(commit.batch.writes)
    this.#readModels.writes(commit.batch.writes)
  }

  /** What holds at any moment, while orders are open. What has to be true at close is judged by `close`. */
  standing(provider: readonly ProviderEntry[]): readonly Verdict[] {
    if (this.#cut.size > 0) return [verdict('owner', this.owner.found), this.#conforms()]
    this.#money.compare(provider, (order) => this.#orders.orders.has(order))
    return [
      verdict('money', this.#money.found),
      verdict('stock', this.#stock.found),
      verdict('kitchen', this.#kitchen.found),
      verdict('owner', this.owner.found),
      verdict('messages', this.#messages.found),
      verdict('read-models', this.#readModels.found),
      this.#conforms(),
    ]
  }

  /** Every order that there is has settled, and nothing of one is left. */
  isQuiet(rows: Rows): boolean {
    if (this.#cut.size > 0) return false
    for (const settled of this.#orders.orders.values()) if (settled === undefined) return false
    return this.#notices.isQuiet && leftProblems(rows).none
  }

  close({
    log,
    provider,
    carried,
    supplied,
    rows,
    healedAt,
    settleWithinUs,
    dueBefore,
    sometimes = [],
  }: DayEnd): {
    readonly orders: OrderCounts
    readonly money: MoneyCounts
    readonly verdicts: readonly Verdict[]
  } {
    this.#money.close(provider)
    this.#notices.close(carried)
    this.#identity.close()
    this.#stock.close((order) => this.#orders.orders.get(order)?.state === 'completed', supplied)
    return {
      orders: this.#orders.count(log),
      money: this.#money.count(provider),
      verdicts: [
        verdict('orders', this.#orders.problems(log)),
        verdict('money', this.#money.found),
        verdict('stock', this.#stock.found),
        verdict('kitchen', this.#kitchen.found),
        verdict('identity', this.#identity.found),
        verdict('owner', this.owner.found),
        verdict('messages', this.#messages.found),
        this.#conforms(),
        verdict('notices', this.#notices.found),
        verdict('read-models', this.#readModels.found),
        verdict('liveness', livenessProblems(this.#orders, log, healedAt, settleWithinUs)),
        verdict('nothing-left', leftProblems(rows, dueBefore)),
        ...(sometimes.length === 0 ? [] : [verdict('reached', this.reached.missed(sometimes))]),
      ],
    }
  }

  /** Says also when it holds how much it has looked at. */
  #conforms(): Verdict {
    const { found, scope } = this.#conformance
    return found.none
      ? { id: 'conformance', held: true, detail: scope }
      : { id: 'conformance', held: false, detail: found.detail }
  }
}

function withoutTurnsOf(cut: ReadonlySet<ActorId>, commit: Commit): Commit {
  if (commit.kind !== 'appended') return commit
  const records = commit.batch.records.filter(({ actor }) => !cut.has(actor))
  return { ...commit, batch: { ...commit.batch, records } }
}

export function verdict(id: CheckName, problems: Problems): Verdict {
  return problems.none ? { id, held: true } : { id, held: false, detail: problems.detail }
}
