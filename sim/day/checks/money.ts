/**
 * Every guest pays for what they got, once, and for nothing else.
 *
 * Owns:     our side of the money, as the journal's events tell it, against the provider's own books.
 *
 * Invariants:
 *   M1. Of one order at most one capture.
 *   M2. A completed order has kept exactly its bill; an order that ended otherwise has kept nothing.
 *   M3. At close nothing is kept or blocked for an order that has not ended, and both ledgers agree.
 *   M4. Whatever is asked of the provider again is asked under the same key: many would do it twice under another.
 */
import type { Message } from '#actor'
import type { JournalRecord } from '#ports'
import { Problems } from './problems.ts'

/** What the provider says of one payment. */
export interface ProviderEntry {
  readonly payment: string
  readonly status: string
  readonly amount: number
  readonly captured: number
  readonly refunded: number
  /** By key: the operation that was asked for under it, and its arguments, as a JSON list. */
  readonly keys?: Readonly<Record<string, string>>
}

export interface MoneyCounts {
  readonly billed: number
  readonly captured: number
  readonly refunded: number
  readonly doubleCharges: number
}

interface Account {
  captures: number
  captured: number
  refunded: number
  /** What it may keep, once it has ended. */
  due: number | undefined
}

type MoneyEvent = Message & { readonly order?: string; readonly amount?: number; readonly total?: number }

export class MoneyCheck {
  readonly found = new Problems()
  readonly #accounts = new Map<string, Account>()

  record(record: JournalRecord): void {
    for (const event of record.events ?? []) this.#event(event as MoneyEvent)
  }

  count(provider: readonly ProviderEntry[]): MoneyCounts {
    const counts = { billed: 0, captured: 0, refunded: 0, doubleCharges: 0 }
    const double = new Set<string>()
    for (const [order, { captures, captured, refunded, due = 0 }] of this.#accounts) {
      counts.billed += due
      counts.captured += captured
      counts.refunded += refunded
      if (captures > 1) double.add(order)
    }
    for (const { payment, amount, captured } of provider) if (captured > amount) double.add(payment)
    return { ...counts, doubleCharges: double.size }
  }

  /**
   * Before close: of orders that have ended both ledgers agree, and nobody was charged for an order that there never
   * was. Of an order that goes on the provider may know more than we do.
   */
  compare(provider: readonly ProviderEntry[], isOrder: (order: string) => boolean): void {
    for (const { payment, captured, refunded } of provider) {
      const ours = this.#accounts.get(payment)
      if (captured > 0 && !isOrder(payment)) {
        this.found.add(`the provider has captured ${captured} cents for order/${payment}, which never was`)
      } else if (ours?.due !== undefined && (captured !== ours.captured || refunded !== ours.refunded)) {
        this.found.add(
          `of payment/${payment} the provider has captured ${captured} and refunded ${refunded} cents, we ${ours.captured} and ${ours.refunded}`,
        )
      }
    }
  }

  /** M3, M4. */
  close(provider: readonly ProviderEntry[]): void {
    for (const entry of provider) this.#checkKeys(entry)
    for (const [order, { captured, refunded, due }] of this.#accounts) {
      if (due === undefined && captured !== refunded) {
        this.found.add(`order/${order} has not ended and keeps ${captured - refunded} cents`)
      }
    }
    const theirs = new Set<string>()
    for (const { payment, status, captured, refunded } of provider) {
      theirs.add(payment)
      const { captured: ourCaptured = 0, refunded: ourRefunded = 0 } = this.#accounts.get(payment) ?? {}
      if (captured !== ourCaptured || refunded !== ourRefunded) {
        this.found.add(
          `of payment/${payment} the provider has captured ${captured} and refunded ${refunded} cents, we ${ourCaptured} and ${ourRefunded}`,
        )
      } else if (status === 'authorized') {
        this.found.add(`payment/${payment} still blocks the guest's money`)
      }
    }
    for (const [order, { captured }] of this.#accounts) {
      if (captured > 0 && !theirs.has(order)) {
        this.found.add(
          `we have captured ${captured} cents for order/${order}, and the provider knows nothing`,
        )
      }
    }
  }

  #event({ type, order, amount = 0, total = 0 }: MoneyEvent): void {
    if (order === undefined) return
    switch (type) {
      case 'payment.captured': {
        const account = this.#account(order)
        account.captures += 1
        account.captured += amount
        if (account.captures > 1) this.found.add(`order/${order} was captured ${account.captures} times`)
        break
      }
      case 'payment.refunded':
        this.#account(order).refunded += amount
        break
      case 'order.completed':
        this.#account(order).due = total
        break
      case 'order.rejected':
      case 'order.cancelled':
      case 'order.expired':
        this.#account(order).due = 0
        break
      default:
        return
    }
    this.#checkKept(order)
  }

  #checkKeys({ payment, keys = {} }: ProviderEntry): void {
    const asked = new Set<unknown>()
    for (const print of Object.values(keys)) {
      const [operation] = JSON.parse(print) as readonly unknown[]
      if (asked.has(operation))
        this.found.add(`payment/${payment}: ${operation} was asked for under two keys`)
      asked.add(operation)
    }
  }

  #checkKept(order: string): void {
    const { captured, refunded, due } = this.#account(order)
    const kept = captured - refunded
    if (kept < 0) this.found.add(`order/${order} was given back ${-kept} cents more than it paid`)
    else if (due !== undefined && kept !== due) {
      this.found.add(`order/${order} has ended, owes ${due} cents and has paid ${kept}`)
    }
  }

  #account(order: string): Account {
    let account = this.#accounts.get(order)
    if (account === undefined) {
      account = { captures: 0, captured: 0, refunded: 0, due: undefined }
      this.#accounts.set(order, account)
    }
    return account
  }
}
