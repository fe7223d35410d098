/**
 * Every guest pays for what they got, once, and for nothing else.
 *
 * Owns:     our side of the money, as the journal's events tell it, against the provider's own books.
 *
 * Invariants:
 *   M1. Of one order at most one capture.
 *   M2. A completed order has kept exactly its bill, but for what somebody of the house asked to give back; an order
 *       that ended otherwise has kept nothing.
 *   M3. At close nothing is kept or blocked for an order that has not ended, and both ledgers agree.
 *   M4. Whatever is asked of the provider again is asked under the same key: many would do it twice under another.
 *   M5. What is given back by name was asked for by that name, with that amount, and is given once; at close all that the
 *       payment has promised is given.
 */
import type { Message } from '#actor'
import { keyOf } from '#actor'
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
  /** Of `refunded`, what was given back of an order all the same. */
  readonly givenBack: number
  readonly doubleCharges: number
}

interface Account {
  captures: number
  captured: number
  refunded: number
  /** By the name of a refund: its amount, and how often it was given. */
  readonly asked: Map<string, { readonly amount: number; times: number }>
  givenBack: number
  /** What it may keep, once it has ended. */
  due: number | undefined
}

type MoneyEvent = Message & {
  readonly order?: string
  readonly amount?: number
  readonly total?: number
  readonly refund?: string
}

export class MoneyCheck {
  readonly found = new Problems()
  readonly #accounts = new Map<string, Account>()

  record(record: JournalRecord): void {
    const { refund, amount } = record.message as MoneyEvent
    // A payment that takes the message has promised it.
    if (record.message?.type === 'payment.refund' && refund !== undefined && amount !== undefined) {
      const { asked } = this.#account(keyOf(record.actor))
      if (!asked.has(refund)) asked.set(refund, { amount, times: 0 })
    }
    for (const event of record.events ?? []) this.#event(event as MoneyEvent)
  }

  count(provider: readonly ProviderEntry[]): MoneyCounts {
    const counts = { billed: 0, captured: 0, refunded: 0, givenBack: 0, doubleCharges: 0 }
    const double = new Set<string>()
    for (const [order, { captures, captured, refunded, givenBack, due = 0 }] of this.#accounts) {
      if (due > 0) counts.givenBack += givenBack
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

  /** M3, M4, M5. */
  close(provider: readonly ProviderEntry[]): void {
    for (const entry of provider) this.#checkKeys(entry)
    for (const [order, { asked, due = 0 }] of this.#accounts) {
      for (const [refund, { amount, times }] of asked) {
        if (due > 0 && times === 0)
          this.found.add(`of order/${order} ${amount} cents were promised back as ${refund} and never given`)
      }
    }
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

  #event({ type, order, amount = 0, total = 0, refund }: MoneyEvent): void {
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
        if (refund !== undefined) this.#givenBack(order, refund, amount)
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

  #givenBack(order: string, refund: string, amount: number): void {
    const account = this.#account(order)
    account.givenBack += amount
    const asked = account.asked.get(refund)
    if (asked === undefined || asked.amount !== amount || asked.times > 0) {
      this.found.add(`order/${order} was given back ${amount} cents as ${refund}, which nobody asked for`)
    }
    if (asked !== undefined) asked.times += 1
  }

  #checkKeys({ payment, keys = {} }: ProviderEntry): void {
    const asked = new Set<unknown>()
    for (const print of Object.values(keys)) {
      const [operation, , , , refund = null] = JSON.parse(print) as readonly unknown[]
      const what = refund === null ? operation : `${operation} ${refund}`
      if (asked.has(what)) this.found.add(`payment/${payment}: ${what} was asked for under two keys`)
      asked.add(what)
    }
  }

  #checkKept(order: string): void {
    const { captured, refunded, givenBack, due } = this.#account(order)
    const kept = captured - refunded
    if (kept < 0) this.found.add(`order/${order} was given back ${-kept} cents more than it paid`)
    else if (due !== undefined && kept !== (due === 0 ? 0 : due - givenBack)) {
      this.found.add(`order/${order} has ended, owes ${due} cents and has paid ${kept}`)
    }
  }

  #account(order: string): Account {
    let account = this.#accounts.get(order)
    if (account === undefined) {
      account = { captures: 0, captured: 0, refunded: 0, asked: new Map(), givenBack: 0, due: undefined }
      this.#accounts.set(order, account)
    }
    return account
  }
}
