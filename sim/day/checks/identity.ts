/**
 * Of one e-mail address there is one account, an account has an address that is its own, and a session gives for one
 * number one other.
 *
 * Owns:     those books, from what addresses, accounts and sessions publish.
 */
import { keyOf, type Message } from '#actor'
import type { JournalRecord } from '#ports'
import { Problems } from './problems.ts'

export class IdentityCheck {
  readonly found = new Problems()
  /** By address: the account that has confirmed it. */
  readonly #owners = new Map<string, string>()
  /** By account that is not closed: its address. */
  readonly #accounts = new Map<string, string>()
  /** By session and presented number: what was given for it. */
  readonly #given = new Map<string, number>()

  record({ actor, message, events = [] }: JournalRecord): void {
    for (const event of events) {
      const said = event as Message & Readonly<Record<string, unknown>>
      if (event.type === 'address.confirmed') this.#confirmed(keyOf(actor), String(said.account))
      else if (event.type === 'address.freed') this.#owners.delete(keyOf(actor))
      else if (event.type === 'account.registered') this.#accounts.set(keyOf(actor), String(said.address))
      else if (event.type === 'account.closed') this.#accounts.delete(keyOf(actor))
      else if (event.type === 'session.rotated') {
        const presented = (message as Message & { readonly counter?: number }).counter ?? 0
        this.#exchanged(`${actor} ${presented}`, Number(said.counter))
      }
    }
  }

  /** To be called once, at the end. */
  close(): void {
    for (const [account, address] of this.#accounts) {
      const owner = this.#owners.get(address)
      if (owner !== account)
        this.found.add(`account/${account} has an address that belongs to ${owner ?? 'nobody'}`)
    }
  }

  #confirmed(address: string, account: string): void {
    const owner = this.#owners.get(address) ?? account
    if (owner !== account) this.found.add(`address/${address} belongs to ${owner} and to ${account}`)
    this.#owners.set(address, account)
  }

  #exchanged(presented: string, given: number): void {
    const earlier = this.#given.get(presented) ?? given
    if (earlier !== given) this.found.add(`${presented} was exchanged for ${earlier} and for ${given}`)
    this.#given.set(presented, given)
  }
}
