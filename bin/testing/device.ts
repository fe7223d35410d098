/**
 * A guest's phone: it listens to what is pushed, says that it has shown it, and comes back when its line ends.
 *
 * Owns:     what it was shown, and how often; what it knows to be acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

const pauseMs = 100

export class Device {
  /** By notification: how often it came. */
  readonly shown = new Map<string, number>()
  readonly acknowledged = new Set<string>()
  /** What came although it was acknowledged. */
  readonly again: string[] = []
  lines = 0
  readonly #url: string
  readonly #token: () => string
  #line: WebSocket | undefined
  #isOff = false

  /** `token` is asked for each line: it is renewed. */
  constructor(url: string, token: () => string) {
    this.#url = `${url.replace(/^http/, 'ws')}/api/v1/notifications/stream`
    this.#token = token
    void this.#listen()
  }

  switchOff(): void {
    this.#isOff = true
    this.#line?.terminate()
  }

  async #listen(): Promise<void> {
    while (!this.#isOff) {
      const line = new WebSocket(this.#url, { headers: { authorization: `Bearer ${this.#token()}` } })
      this.#line = line
      line.on('open', () => {
        this.lines += 1
      })
      line.on('error', () => {})
      line.on('message', (data) => {
        const { notification, id = notification?.id } = JSON.parse(String(data)) as {
          readonly id?: string
          readonly notification?: { readonly id: string }
        }
        if (id === undefined) return
        if (notification === undefined) {
          this.acknowledged.add(id)
          return
        }
        if (this.acknowledged.has(id)) this.again.push(id)
        this.shown.set(id, (this.shown.get(id) ?? 0) + 1)
        line.send(JSON.stringify({ type: 'ack', id }))
      })
      await new Promise((resolve) => line.once('close', resolve))
      await sleep(pauseMs)
    }
  }
}
