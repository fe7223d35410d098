/**
 * Every member is told what happened to their own orders: once by each way, and nobody is told of another's.
 *
 * Owns:     notices as the journal tells them, against the books of those who carried them.
 *
 * Invariants:
 *   N1. At close every notification has ended.
 *   N2. What is asked of a mail server, an SMS provider or a receiver again is asked under the same key: under another
 *       it would be done twice.
 *   N3. No inbox is told of an order that is not its account's, and nothing is carried for an order without a member.
 *   N4. A member's order that is ready has its entry in the member's list, where that wants it.
 *   N5. What was sent has arrived.
 */
import type { Message } from '#actor'
import { keyOf, typeOf } from '#actor'
import type { JournalRecord } from '#ports'
import { Problems } from './problems.ts'

/** What a party outside says of one deed. */
export interface CarriedEntry {
  readonly party: string
  readonly key: string
  readonly about: string
  readonly order: string
}

const ended: ReadonlySet<unknown> = new Set(['sent', 'failed', 'suppressed'])

type Told = Message & {
  readonly guest?: string
  readonly order?: string
  readonly notice?: string
  readonly event?: string
  readonly channel?: string
  readonly preferences?: { readonly ready: readonly string[] }
}

export class NoticesCheck {
  readonly found = new Problems()
  /** By order, of those that have a member. */
  readonly #members = new Map<string, string>()
  /** By notification that has not ended: its state. */
  readonly #open = new Map<string, unknown>()
  readonly #ready = new Set<string>()
  readonly #noted = new Set<string>()
  /** By notification: what carried it. */
  readonly #sent = new Map<string, string>()
  /** Which inbox was told of which order. */
  readonly #told = new Map<string, string>()
  /** Accounts that do not want it in their list. */
  readonly #unlisted = new Set<string>()

  record({ actor, message, state, events = [] }: JournalRecord): void {
    const key = keyOf(actor)
    switch (typeOf(actor)) {
      case 'order':
        this.#order(key, message as Told, events as readonly Told[])
        break
      case 'inbox':
        this.#inbox(key, message as Told, events as readonly Told[])
        break
      case 'notification':
        if (ended.has(state)) this.#open.delete(key)
        else this.#open.set(key, state)
        for (const { type, channel } of events as readonly Told[]) {
          if (type === 'notification.sent' && channel !== undefined) this.#sent.set(key, channel)
        }
    }
  }

  /** Every notification has ended. */
  get isQuiet(): boolean {
    return this.#open.size === 0
  }

  /** `carried`: the books of the parties outside, where there are any. */
  close(carried?: readonly CarriedEntry[]): void {
    for (const [id, state] of this.#open) {
      this.found.add(`notification/${id} is still ${JSON.stringify(state)}`)
    }
    for (const order of this.#ready) {
      const member = this.#members.get(order) ?? ''
      if (this.#noted.has(`${order}.order.ready`) || this.#unlisted.has(member)) continue
      this.found.add(`order/${order} was ready, and inbox/${member} has no entry of it`)
    }
    for (const [order, account] of this.#told) {
      const member = this.#members.get(order)
      if (member === account) continue
      this.found.add(`inbox/${account} was told of order/${order}, which is ${member ?? 'nobody'}'s`)
    }
    if (carried === undefined) return
    const keys = new Map<string, string>()
    for (const { party, key, about, order } of carried) {
      const before = keys.get(`${party} ${about}`) ?? key
      keys.set(`${party} ${about}`, key)
      if (before !== key) this.found.add(`${about} was asked of ${party} under two keys`)
      if (!this.#members.has(order))
        this.found.add(`${party} was asked to tell of order/${order}, which is no member's`)
    }
    for (const [id, channel] of this.#sent) {
      if (channel === 'push' || keys.has(`${channel === 'sms' ? 'sms.send' : 'mail.send'} ${id}`)) continue
      this.found.add(`notification/${id} is sent, and nobody has carried it`)
    }
  }

  #order(order: string, message: Told, events: readonly Told[]): void {
    if (message.type === 'order.place' && message.guest !== undefined) this.#members.set(order, message.guest)
    const isReady = events.some(({ type }) => type === 'order.ready')
    if (isReady && this.#members.has(order)) this.#ready.add(order)
  }

  #inbox(account: string, message: Told, events: readonly Told[]): void {
    if (message.preferences?.ready.includes('in-app') === false) this.#unlisted.add(account)
    for (const { type, notice } of events) {
      if (type === 'inbox.noted' && notice !== undefined) this.#noted.add(notice)
    }
    if (message.type === 'inbox.notify' && message.order !== undefined) this.#told.set(message.order, account)
  }
}
