/**
 * A client of the public API that only knows one answer to trouble: the same request again, with the same key.
 *
 * Owns:     what is worth sending again: no connection, no answer, and answers that say "later".
 * Does not: know routes.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answered<Body = Record<string, unknown>> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
  /** How often it was sent. */
  readonly tries: number
}

export interface Sent {
  readonly body?: unknown
  /** Default: a new random one for each request, the same for its tries. */
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A gateway that was killed again and again is started again more and more slowly. */
const patienceMs = 60_000
const pauseMs = 50
const answerWithinMs = 8_000
const later: ReadonlySet<number> = new Set([429, 502, 503, 504])

export class Insistent {
  readonly url: string
  /** Sent with every request, once it is known. */
  accessToken: string | undefined
  cookie: string | undefined

  constructor(url: string) {
    this.url = url
  }

  /** @throws Error when nobody has answered definitively for a minute. */
  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { body, key = crypto.randomUUID(), headers = {} }: Sent = {},
  ): Promise<Answered<Body>> {
    let last = ''
    const until = performance.now() + patienceMs
    for (let tries = 1; performance.now() < until; tries += 1) {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          ...(method !== 'GET' && { 'idempotency-key': key }),
          ...(body !== undefined && {
            'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          }),
          ...(this.accessToken !== undefined && { authorization: `Bearer ${this.accessToken}` }),
          ...(this.cookie !== undefined && { cookie: this.cookie }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerWithinMs),
      }).catch((error: unknown) => {
        last = String(error)
        return undefined
      })
      const text = await response?.text().catch(() => undefined)
      if (response !== undefined && text !== undefined) {
        const said = parsed(text)
        last = `${response.status} ${text}`
        const inProgress =
          response.status === 409 && (said as { code?: string }).code === 'request-in-progress'
        if (!later.has(response.status) && !inProgress) {
          this.#keepCookie(response)
          return { status: response.status, headers: response.headers, body: said as Body, tries }
        }
      }
      await sleep(pauseMs)
    }
    throw new Error(
      `${method} ${path}: no definitive answer in ${patienceMs / 1_000} s; the last was ${last}`,
    )
  }

  #keepCookie(response: Response): void {
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.split(';')[0]
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
