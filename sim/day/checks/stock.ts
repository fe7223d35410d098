/**
 * Nothing comes out of a bin that did not go into it, and nothing leaves it that no order took.
 *
 * Owns:     books of its own, kept from messages and events, against what the bins say of themselves. Only what a
 *           commit changed is looked at.
 *
 * Invariants:
 *   S1. opening + delivered + adjusted = free + held + issued + spoiled, none of the last four negative; the first
 *       three and the last are what messages and events said.
 *   S2. No more is issued than committed reservations have taken; at close exactly that much, and nothing is held.
 *   S3. Whoever asked a bin first is served first, and holds or waits once: in what a bin says after each turn, or where
 *       its turns are not replayed, after each batch.
 *   S4. At close all that was issued was served or wasted, and of an order that completed it was served.
 *   S5. What is free and what is held is what the lots hold.
 *   S6. What a bin was brought of an order is what the suppliers' books say has come of it, and it was brought once; at
 *       close all that came is in the bins, but for what came just now.
 */
import type { ActorId, Instant } from '#actor'
import { keyOf } from '#actor'
import type { Batch, JournalRecord, SnapshotRow } from '#ports'
import { Problems } from './problems.ts'

/** What a bin says of itself. */
export interface BinBooks {
  readonly opening: number
  readonly delivered: number
  readonly adjusted: number
  readonly free: number
  readonly held: number
  readonly issued: number
  readonly spoiled: number
  readonly lots: readonly { readonly amount: number; readonly expires: number }[]
  readonly holds: readonly { readonly reservation: string }[]
  readonly waiting: readonly { readonly reservation: string }[]
}

/** What the suppliers say of one order. */
export interface SuppliedEntry {
  readonly order: string
  /** What has come of it; 0: nothing yet. */
  readonly amount: number
  /** It came long enough ago to be in its bin. */
  readonly isBooked: boolean
}

/** What a supplier's books hold of one order. */
type Supply = Pick<SuppliedEntry, 'order'> & { readonly brings: number; readonly arrivesAt: Instant }

/**
 * The suppliers' books as they stand at `now`, by the world's clock. What had come by `bookedBefore` is in its bin, if
 * all was well since `wellSince`.
 */
export function suppliedBy(
  orders: readonly Supply[],
  {
    now,
    bookedBefore,
    wellSince = 0,
  }: { readonly now: number; readonly bookedBefore: number; readonly wellSince?: number },
): readonly SuppliedEntry[] {
  return orders.map(({ order, brings, arrivesAt }) => ({
    order,
    amount: arrivesAt <= now ? brings : 0,
    isBooked: arrivesAt <= bookedBefore && wellSince <= bookedBefore,
  }))
}

interface Books {
  opening: number
  delivered: number
  adjusted: number
  spoiled: number
  /** By reservations that were committed and have not given it back. */
  taken: number
  last: BinBooks | undefined
  /** Reservations that have no answer yet, in the order in which they asked. */
  asking: readonly string[]
}

interface Taking {
  bins: readonly (readonly [bin: string, amount: number])[]
  committed: boolean
  fate: string | undefined
}

interface StockMessage {
  readonly type: string
  readonly opening?: number
  readonly reservation?: string
  readonly amount?: number
  readonly delta?: number
  readonly site?: string
  readonly fate?: string
  readonly lines?: readonly { readonly ingredient: string; readonly amount: number }[]
  readonly order?: { readonly name: string }
}

export class StockCheck {
  readonly found = new Problems()
  readonly #books = new Map<string, Books>()
  readonly #takings = new Map<ActorId, Taking>()
  /** By order from a supplier. */
  readonly #brought = new Map<string, number>()
  readonly #read: (row: SnapshotRow) => BinBooks

  constructor(read: (row: SnapshotRow) => BinBooks) {
    this.#read = read
  }

  record({ actor, message, events, state }: JournalRecord): void {
    if (actor.startsWith('bin/'))
      this.#binRecord(actor, message as StockMessage, events as readonly StockMessage[])
    else if (actor.startsWith('reservation/'))
      this.#reservationRecord(actor, message as StockMessage, state, events as readonly StockMessage[])
  }

  /** What a bin's machine says after this turn of it. */
  replayed({ actor }: JournalRecord, context: unknown): void {
    if (actor.startsWith('bin/')) this.#checkBin(actor, context as BinBooks)
  }

  /** After the records of the same batch. */
  writes(writes: Batch['writes']): void {
    for (const { table, value } of writes) {
      if (table !== 'snapshots' || value === undefined || !value.id.startsWith('bin/')) continue
      this.#checkBin(value.id, this.#read(value))
    }
  }

  /** `isCompleted`: of this order the guest has got the plates. `supplied`: the suppliers' books, where they are seen. */
  close(isCompleted: (order: string) => boolean, supplied?: readonly SuppliedEntry[]): void {
    if (supplied !== undefined) this.#compare(supplied)
    for (const [reservation, { committed, fate }] of this.#takings) {
      if (!committed) continue
      const order = keyOf(reservation)
      if (fate === undefined) this.found.add(`what order/${order} took was neither served nor wasted`)
      else if (fate !== 'served' && isCompleted(order)) {
        this.found.add(`what order/${order} took was ${fate}, and it completed`)
      }
    }
    for (const [bin, { taken, last }] of this.#books) {
      if (last === undefined) continue
      if (last.held > 0) this.found.add(`${bin} still holds ${last.held}`)
      if (last.issued !== taken) {
        this.found.add(`${bin} has issued ${last.issued}, and orders have taken ${taken}`)
      }
    }
  }

  #compare(supplied: readonly SuppliedEntry[]): void {
    const came = new Map(supplied.map((entry) => [entry.order, entry]))
    for (const [order, amount] of this.#brought) {
      const said = came.get(order)?.amount ?? 0
      if (said !== amount)
        this.found.add(`of ${order} ${amount} was brought to its bin, and ${said} has come`)
    }
    for (const { order, amount, isBooked } of supplied) {
      if (isBooked && !this.#brought.has(order)) {
        this.found.add(`of ${order} ${amount} has come, and its bin was brought nothing`)
      }
    }
  }

  #checkBin(bin: string, said: BinBooks): void {
    const books = this.#of(bin)
    books.last = said
    const { opening, delivered, adjusted, free, held, issued, spoiled, lots } = said
    const went = [free, held, issued, spoiled]
    if (opening + delivered + adjusted !== free + held + issued + spoiled || went.some((part) => part < 0)) {
      this.found.add(
        `${bin}: ${opening} + ${delivered} + ${adjusted} came in, ${free} is free, ${held} held, ${issued} issued and ${spoiled} spoiled`,
      )
    }
    if (spoiled !== books.spoiled)
      this.found.add(`${bin} says that ${spoiled} has spoiled, it has announced ${books.spoiled}`)
    const there = lots.reduce((sum, { amount }) => sum + amount, 0)
    if (there !== free + held) this.found.add(`${bin} has lots of ${there}, and ${free} + ${held} is there`)
    if (opening !== books.opening || delivered !== books.delivered || adjusted !== books.adjusted) {
      this.found.add(
        `${bin} says that ${opening} + ${delivered} + ${adjusted} came in, it was told ${books.opening} + ${books.delivered} + ${books.adjusted}`,
      )
    }
    if (issued > books.taken)
      this.found.add(`${bin} has issued ${issued}, and orders have taken ${books.taken}`)
    this.#checkQueue(bin, books, said)
  }

  #checkQueue(bin: string, books: Books, { holds, waiting }: BinBooks): void {
    if (books.asking.length === 0 && waiting.length === 0) return
    const waits = new Set(waiting.map(({ reservation }) => reservation))
    const first = books.asking.find((reservation) => waits.has(reservation))
    const behind = new Set(first === undefined ? [] : books.asking.slice(books.asking.indexOf(first)))
    const seen = new Set<string>()
    for (const { reservation } of waiting) {
      if (seen.has(reservation)) this.found.add(`${bin} has order/${reservation} twice`)
      seen.add(reservation)
    }
    for (const { reservation } of holds) {
      if (seen.has(reservation)) this.found.add(`${bin} has order/${reservation} twice`)
      if (behind.has(reservation))
        this.found.add(`${bin} has served order/${reservation} before order/${first}`)
      seen.add(reservation)
    }
    books.asking = books.asking.filter((reservation) => waits.has(reservation))
  }

  #binRecord(bin: string, message: StockMessage, events: readonly StockMessage[] = []): void {
    const books = this.#of(bin)
    if (message.type === 'bin.open') books.opening = message.opening ?? 0
    const { reservation } = message
    if (message.type === 'bin.hold' && reservation !== undefined && !books.asking.includes(reservation)) {
      books.asking = [...books.asking, reservation]
    }
    if (message.type === 'bin.deliver') {
      books.delivered += message.amount ?? 0
      const { order } = message
      if (order !== undefined) {
        if (this.#brought.has(order.name)) this.found.add(`${order.name} was brought to ${bin} twice`)
        this.#brought.set(order.name, message.amount ?? 0)
      }
    }
    for (const event of events) {
      if (event.type === 'inventory.adjusted') books.adjusted += event.delta ?? 0
      if (event.type === 'inventory.spoiled') books.spoiled += event.amount ?? 0
    }
  }

  #reservationRecord(
    reservation: ActorId,
    message: StockMessage,
    state: unknown,
    events: readonly StockMessage[] = [],
  ): void {
    if (message.type === 'reservation.hold' && !this.#takings.has(reservation)) {
      const { site = '', lines = [] } = message
      const bins = lines.map(({ ingredient, amount }) => [`bin/${site}:${ingredient}`, amount] as const)
      this.#takings.set(reservation, { bins, committed: false, fate: undefined })
      return
    }
    const taking = this.#takings.get(reservation)
    if (taking === undefined) return
    if (message.type === 'reservation.close') taking.fate = message.fate
    // After a revision it holds other lines than it began with.
    for (const { type, site = '', lines = [] } of events) {
      if (type !== 'inventory.reserved') continue
      taking.bins = lines.map(({ ingredient, amount }) => [`bin/${site}:${ingredient}`, amount] as const)
    }
    if (state === 'committed' && !taking.committed) {
      taking.committed = true
      for (const [bin, amount] of taking.bins) this.#of(bin).taken += amount
    } else if (state === 'released' && taking.committed) {
      taking.committed = false
      for (const [bin, amount] of taking.bins) this.#of(bin).taken -= amount
    }
  }

  #of(bin: string): Books {
    let books = this.#books.get(bin)
    if (books === undefined) {
      books = { opening: 0, delivered: 0, adjusted: 0, spoiled: 0, taken: 0, last: undefined, asking: [] }
      this.#books.set(bin, books)
    }
    return books
  }
}
