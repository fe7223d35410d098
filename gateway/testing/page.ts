/**
 * A page that looks at the operators' stream: what it was told, in order, over a real socket.
 */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type ActivityFrame, decodeActivity } from '#activity'
import {
  activityKind,
  bearerProtocol,
  binaryHeaderBytes,
  type FromPage,
  streamPath,
  streamProtocol,
  type ToPage,
} from '../stream-protocol.ts'

export class Page {
  readonly socket: WebSocket
  readonly said: ToPage[] = []
  readonly frames: ActivityFrame[] = []
  #wake: (() => void)[] = []

  /** `token`: of the operator listener. */
  constructor(opsUrl: string, { token, origin }: { readonly token?: string; readonly origin?: string } = {}) {
    const bearer = token === undefined ? [] : [bearerProtocol + Buffer.from(token).toString('base64url')]
    const address = opsUrl.replace(/^http/, 'ws') + streamPath
    this.socket = new WebSocket(address, [streamProtocol, ...bearer], { ...(origin && { origin }) })
    this.socket.on('error', () => {})
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) this.said.push(JSON.parse(String(data)) as ToPage)
      else if (data[0] === activityKind) this.frames.push(decodeActivity(data.subarray(binaryHeaderBytes)))
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  /** The status of a refused handshake. */
  async refused(): Promise<number | undefined> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [
      unknown,
      { readonly statusCode?: number; destroy(): void },
    ]
    response.destroy()
    return response.statusCode
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number]
    return code
  }

  say(type: FromPage['type'], stream: string): void {
    this.socket.send(JSON.stringify({ type, stream }))
  }

  /** The first word of this type, also one that was said before. */
  async hear<T extends ToPage['type']>(type: T, from = 0): Promise<Extract<ToPage, { type: T }>> {
    for (;;) {
      const found = this.said.slice(from).find((words) => words.type === type)
      if (found !== undefined) return found as Extract<ToPage, { type: T }>
      await this.more()
    }
  }

  /** Resolves when something was told that fits, looked for after each word and each frame. */
  async until(fits: () => boolean): Promise<void> {
    while (!fits()) await this.more()
  }

  more(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }
}
