/**
 * An account, over HTTP: whoever has one registers, logs in, and asks with its access token.
 *
 * Owns:     its tokens. One that is no longer good is got again by logging in.
 * Does not: decide what is asked, or make accounts of the house (`staff.ts` does).
 */
import type { DayClock } from './day-clock.ts'
import { type Answer, type Asked, ask, insist } from './requests.ts'

interface Tokens {
  readonly accessToken: string
}

export interface Credentials {
  readonly email: string
  readonly password: string
}

export class Account {
  readonly #url: string
  readonly #credentials: Credentials
  #session: Promise<Answer<Tokens>> | undefined

  constructor(url: string, credentials: Credentials) {
    this.#url = `${url}/api/v1`
    this.#credentials = credentials
  }

  /** Asked for again under the same key it is the same account. */
  register(key: string): Promise<Answer<{ readonly id: string }>> {
    const headers = { 'idempotency-key': key }
    return ask(`${this.#url}/auth/register`, { method: 'POST', headers, body: this.#credentials })
  }

  /** What is asked before there is a token that is good has not been heard. */
  async ask<Body>(path: string, asked: Asked = {}): Promise<Answer<Body>> {
    this.#session ??= this.#logIn()
    const session = this.#session
    const given = await session
    if (given.kind === 'done') {
      const headers = { ...asked.headers, authorization: `Bearer ${given.body.accessToken}` }
      const answer = await ask<Body>(`${this.#url}${path}`, { ...asked, headers })
      if (answer.kind !== 'refused' || answer.status !== 401) return answer
    }
    // It was good for ten minutes; or there was none. Whoever asked at the same time may have another by now.
    if (this.#session === session) this.#session = undefined
    if (given.kind === 'refused') return given
    return { kind: 'unheard', retryAfterMs: given.kind === 'done' ? 0 : given.retryAfterMs }
  }

  /**
   * Logs in, and exchanges the refresh token: more than once the same one, as a client that never heard the answer.
   * The tokens that it was given for it.
   */
  async renew(times: number, clock: DayClock, untilMs: number): Promise<readonly string[]> {
    const { answer: first } = await insist(clock, untilMs, () => this.#logIn())
    if (first.kind !== 'done') return []
    const headers = { cookie: cookieOf(first) }
    const given: string[] = []
    for (let time = 0; time < times; time += 1) {
      const { answer } = await insist(clock, untilMs, () =>
        ask<Tokens>(`${this.#url}/auth/refresh`, { method: 'POST', headers }),
      )
      if (answer.kind !== 'done') break
      given.push(cookieOf(answer))
      this.#session = Promise.resolve(answer)
    }
    return given
  }

  #logIn(): Promise<Answer<Tokens>> {
    return ask(`${this.#url}/auth/login`, { method: 'POST', body: this.#credentials })
  }
}

const cookieOf = ({ headers }: Extract<Answer, { kind: 'done' }>): string =>
  headers.get('set-cookie')?.split(';')[0] ?? ''
