/**
 * Somebody of the house, with an account: gives money back to guests who complain.
 *
 * Owns:     the account, which it makes at the operators' door, and its access token.
 * Does not: decide who is given how much (the day does).
 */
import { currency } from '#actors'
import { passwordHash } from '#gateway'
import { operatorHeaders } from '../settings.ts'
import type { DayClock } from './day-clock.ts'
import { type Answer, ask, insist } from './requests.ts'

const email = 'till@house.example'
const password = 'the till of this house'
const patienceMs = 60_000

export class Staff {
  readonly #url: string
  readonly #opsUrl: string
  readonly #clock: DayClock
  #token: Promise<string> | undefined

  constructor(url: string, opsUrl: string, clock: DayClock) {
    this.#url = `${url}/api/v1`
    this.#opsUrl = `${opsUrl}/ops/v1`
    this.#clock = clock
  }

  /** `key` is the refund's: asked for again it is the same refund. */
  refund(payment: string, amount: number, key: string): Promise<{ readonly answer: Answer }> {
    return this.#insist(async () => {
      this.#token ??= this.#logIn()
      const token = await this.#token
      const answer = await ask(`${this.#url}/payments/${payment}/refunds`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
        body: { amount: { amount, currency } },
      })
      if (answer.kind !== 'refused' || answer.status !== 401) return answer
      // It was good for ten minutes.
      this.#token = undefined
      return { kind: 'unheard', retryAfterMs: 0 }
    })
  }

  async #logIn(): Promise<string> {
    const hash = await passwordHash(password)
    const headers = { ...operatorHeaders(), 'idempotency-key': `staff-of-the-day-${email}` }
    // Where there is one from before, that is who logs in.
    await this.#insist(() =>
      ask(`${this.#opsUrl}/admins`, { method: 'POST', headers, body: { email, hash, another: true } }),
    )
    const { answer } = await this.#insist(() =>
      ask<{ readonly accessToken: string }>(`${this.#url}/auth/login`, {
        method: 'POST',
        body: { email, password },
      }),
    )
    if (answer.kind !== 'done')
      throw new Error(`The staff of the day cannot log in: ${JSON.stringify(answer)}.`)
    return answer.body.accessToken
  }

  #insist<Body>(send: () => Promise<Answer<Body>>) {
    return insist(this.#clock, performance.now() + patienceMs, send)
  }
}
