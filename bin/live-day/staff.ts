/**
 * Somebody of the house, with an account: gives money back to guests who complain.
 *
 * Owns:     the account, which it makes at the operators' door.
 * Does not: decide who is given how much (the day does).
 */
import { currency } from '#actors'
import { passwordHash } from '#gateway'
import { operatorHeaders } from '../settings.ts'
import { Account } from './account.ts'
import type { DayClock } from './day-clock.ts'
import { type Answer, ask, insist } from './requests.ts'

const email = 'till@house.example'
const password = 'the till of this house'
const patienceMs = 60_000

export class Staff {
  readonly #account: Account
  readonly #opsUrl: string
  readonly #clock: DayClock
  #made: Promise<void> | undefined

  constructor(url: string, opsUrl: string, clock: DayClock) {
    this.#account = new Account(url, { email, password })
    this.#opsUrl = `${opsUrl}/ops/v1`
    this.#clock = clock
  }

  /** `key` is the refund's: asked for again it is the same refund. */
  async refund(payment: string, amount: number, key: string): Promise<{ readonly answer: Answer }> {
    this.#made ??= this.#make()
    await this.#made
    return this.#insist(() =>
      this.#account.ask(`/payments/${payment}/refunds`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        body: { amount: { amount, currency } },
      }),
    )
  }

  /** Where there is one from before, that is who logs in. */
  async #make(): Promise<void> {
    const hash = await passwordHash(password)
    const headers = { ...operatorHeaders(), 'idempotency-key': `staff-of-the-day-${email}` }
    await this.#insist(() =>
      ask(`${this.#opsUrl}/admins`, { method: 'POST', headers, body: { email, hash, another: true } }),
    )
  }

  #insist<Body>(send: () => Promise<Answer<Body>>) {
    return insist(this.#clock, performance.now() + patienceMs, send)
  }
}
