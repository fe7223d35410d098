/**
 * Somebody's server that is told by webhook: it checks each signature, as docs tell receivers to, with code of its own.
 *
 * Owns:     what came, and how each was answered.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly delivery: string
  readonly body: { readonly id: string; readonly type: string; readonly order: string }
  readonly isSigned: boolean
  readonly answered: number
}

export class WebhookReceiver {
  readonly received: Received[] = []
  /** What it was given when it registered. */
  secret = ''
  /** The first try of each delivery is answered 500. */
  failsFirst = false
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const delivery = String(request.headers['brigade-delivery'])
      const isSigned = this.#isSigned(String(request.headers['brigade-signature']), text)
      const isFirst = !this.received.some((one) => one.delivery === delivery)
      const answered = !isSigned ? 401 : this.failsFirst && isFirst ? 500 : 204
      this.received.push({ delivery, body: JSON.parse(text), isSigned, answered })
      response.writeHead(answered).end()
    })
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/told`
  }

  /** How the tries of one delivery were answered. */
  answersTo(delivery: string): readonly number[] {
    return this.received.filter((one) => one.delivery === delivery).map(({ answered }) => answered)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #isSigned(signature: string, text: string): boolean {
    const [, at, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? []
    if (at === undefined || digest === undefined) return false
    const expected = createHmac('sha256', this.secret).update(`${at}.${text}`).digest()
    return timingSafeEqual(expected, Buffer.from(digest, 'hex'))
  }
}
