/**
 * What the payment provider tells by itself: signed news of a payment, sent until it is taken.
 *
 * Owns:     the signature, the tries, and what is still to be sent.
 * Does not: decide when (`callbackDelaysMs`), or promise an order: news may come late, twice, or after newer news.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { ProviderNews } from './provider.ts'

export interface CallbackOptions {
  readonly url: string
  /** Known to both sides: what is signed with it is the provider's. */
  readonly secret: string
}

const triesMax = 5
const againMs = 500
const answerWithinMs = 5_000
/** Beyond this many nothing is sent: who asks is told. */
const waitingMax = 10_000

export class ProviderCallbacks {
  readonly #options: CallbackOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #underWay = new Set<{ destroy(): unknown }>()
  #isClosed = false

  constructor(options: CallbackOptions) {
    this.#options = options
  }

  send(news: ProviderNews, delayMs: number): void {
    if (this.#timers.size >= waitingMax) return
    this.#after(delayMs, () => this.#try(JSON.stringify({ id: randomUUID(), ...news }), 1))
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const each of this.#underWay) each.destroy()
  }

  #try(body: string, tries: number): void {
    const { url, secret } = this.#options
    const again = (): void => {
      if (tries < triesMax) this.#after(againMs * 2 ** tries, () => this.#try(body, tries + 1))
    }
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'provider-signature': signatureOf(body, secret, Math.floor(Date.now() / 1_000)),
    }
    // The listener is on this machine, and what is sent is signed and no secret: any certificate will do.
    const options = { method: 'POST', headers, timeout: answerWithinMs, rejectUnauthorized: false }
    const sent = (url.startsWith('https:') ? overHttps : overHttp)(url, options, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      if (statusCode === 429 || statusCode >= 500) again()
    })
    this.#underWay.add(sent)
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.on('error', again)
    sent.on('close', () => this.#underWay.delete(sent))
    sent.end(body)
  }

  #after(delayMs: number, run: () => void): void {
    if (this.#isClosed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }
}

/** `t=1767225600,v1=…`: seconds since 1970, and HMAC-SHA-256 of them, a full stop and the body. */
export function signatureOf(body: string, secret: string, seconds: number): string {
  const tag = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${tag}`
}
