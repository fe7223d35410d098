/**
 * The suppliers' own books.
 *
 * An outside party: the stub server speaks for it over HTTP, the simulator asks it directly. It is the other side of the
 * check on what was delivered. Its time is the world's: a lorry is under way while the restaurant's clock goes.
 *
 * Owns:     every order, when it is to come, when it does, and what comes of it.
 * Does not: wait, or keep a file (`supplier-server.ts` does both).
 *
 * Invariants:
 *   L1. What is ordered again under a name that is known is the same order, and comes once.
 *   L2. Every answer says where the order stands after the operation.
 */
import type { Instant } from '#actor'
import type { SupplierAnswer, SupplierArgs, SupplierOperation } from '#actors'
import type { CallOutcome } from '#ports'

export interface SupplyRecord {
  readonly order: string
  readonly site: string
  readonly ingredient: string
  readonly amount: number
  /** What was promised, and what happens. */
  readonly dueAt: Instant
  readonly arrivesAt: Instant
  /** What is in it: less than was ordered, when there was no more. */
  readonly brings: number
}

export interface SupplierSettings {
  /** The middle of the time that an answer takes. */
  latencyMs: number
  /** From the order to the delivery that is promised, by the world's clock. */
  leadMs: number
  /** Share of deliveries that come late, by up to as long as they take. */
  lateShare: number
  /** Share that is short. */
  shortShare: number
  /** Share of calls that fail, with nothing done. */
  failShare: number
  /** Share of calls that are done, and are not heard of. */
  silentShare: number
  /** Nothing is done, and nothing is answered but an error. */
  outage: boolean
}

export interface SupplierResult {
  /** `never`: what was asked is done, and nobody will hear of it. */
  readonly outcome: CallOutcome | 'never'
  readonly delayMs: number
  /** An order that is new. */
  readonly taken?: SupplyRecord
}

export interface SupplierDisturbance {
  /** Calls that met it: the proof that it struck. */
  readonly met: number
  heal(): void
}

export class SupplierLedger {
  readonly settings: SupplierSettings
  readonly #orders = new Map<string, SupplyRecord>()
  readonly #outages = new Set<{ met: number }>()

  constructor(settings: Partial<SupplierSettings> = {}) {
    const good = { lateShare: 0, shortShare: 0, failShare: 0, silentShare: 0, outage: false }
    this.settings = { latencyMs: 40, leadMs: 7_200_000, ...good, ...settings }
  }

  /** Takes records back after a restart. */
  restore(records: Iterable<SupplyRecord>): void {
    for (const record of records) this.#orders.set(record.order, record)
  }

  get orders(): readonly SupplyRecord[] {
    return [...this.#orders.values()]
  }

  /** From now on nothing is taken, and nothing is told. */
  disturb(): SupplierDisturbance {
    const outage = { met: 0 }
    this.#outages.add(outage)
    return {
      get met() {
        return outage.met
      },
      heal: () => void this.#outages.delete(outage),
    }
  }

  /** `now` is the world's clock; `draw` gives the next number in [0, 1). */
  handle(operation: SupplierOperation, args: unknown, now: Instant, draw: () => number): SupplierResult {
    const { latencyMs, failShare, silentShare, outage } = this.settings
    const delayMs = Math.round(latencyMs * (0.5 + draw()))
    for (const one of this.#outages) one.met += 1
    if (this.#outages.size > 0 || outage || draw() < failShare) {
      return { outcome: { kind: 'unknown', detail: 'the supplier is not available' }, delayMs }
    }
    if (!areArgs(operation, args)) return { outcome: { kind: 'refused', detail: 'bad-request' }, delayMs }
    const known = this.#orders.get(args.order)
    const taken =
      known === undefined && operation === 'supplier.order' ? this.#take(args, now, draw) : undefined
    const isSilent = draw() < silentShare
    const outcome = { kind: 'done', result: standing(taken ?? known, now) } as const
    return { outcome: isSilent ? 'never' : outcome, delayMs, ...(taken && { taken }) }
  }

  #take(args: SupplierArgs['supplier.order'], now: Instant, draw: () => number): SupplyRecord {
    const { order, site, ingredient, amount } = args
    const { leadMs, lateShare, shortShare } = this.settings
    const dueAt = (now + leadMs * 1_000) as Instant
    const lateMs = draw() < lateShare ? Math.round(leadMs * draw()) : 0
    const share = draw() < shortShare ? draw() : 1
    const record: SupplyRecord = {
      order,
      site,
      ingredient,
      amount,
      dueAt,
      arrivesAt: (dueAt + lateMs * 1_000) as Instant,
      brings: Math.max(1, Math.floor(amount * share)),
    }
    this.#orders.set(order, record)
    return record
  }
}

/** Who is late says until when as soon as the promised time is over. */
function standing(record: SupplyRecord | undefined, now: Instant): SupplierAnswer {
  if (record === undefined) return { status: 'none' }
  const { dueAt, arrivesAt, brings } = record
  if (now >= arrivesAt) return { status: 'delivered', amount: brings }
  return { status: 'ordered', dueAt: now >= dueAt ? arrivesAt : dueAt }
}

function areArgs(operation: SupplierOperation, args: unknown): args is SupplierArgs['supplier.order'] {
  const { order, site, ingredient, amount } = (args ?? {}) as Readonly<Record<string, unknown>>
  if (typeof order !== 'string' || order === '') return false
  if (operation === 'supplier.lookup') return true
  const isAmount = Number.isSafeInteger(amount) && (amount as number) > 0
  return typeof site === 'string' && typeof ingredient === 'string' && isAmount
}
