/**
 * One actor, for Stately's inspector: what it is, and each of its turns, over a WebSocket of this machine.
 *
 * Owns:     the listener, who may listen to it, and what a latecomer is told.
 * Does not: know where turns come from (`commands/inspect.ts`); show anything itself: Stately's page does, in a frame.
 *
 * Invariants:
 *   SL1. It listens on the loopback address alone, and to no page but its own: any page may dial a port of its machine.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect'
import { WebSocket, WebSocketServer } from 'ws'

const host = '127.0.0.1'
const stately = 'https://stately.ai'
/** Events that who comes later is told, beside what the actor is. */
const keptMax = 200

export class StatelyLink {
  /** What Stately's package makes events of: `actor`, `event` and `snapshot`. */
  readonly inspector: ReturnType<typeof createInspector>
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  #actor: string | undefined
  readonly #kept: string[] = []

  constructor() {
    this.inspector = createInspector({ send: (event) => this.#tell(event) })
    this.#server = createServer((_request, response) => this.#show(response))
    this.#server.on('upgrade', (request, socket, head) => {
      const { origin, host: asked } = request.headers
      // Whoever breaks off has broken off.
      socket.on('error', () => {})
      const isOurs = origin === undefined || origin === `http://${asked}`
      if (!isOurs || !isLoopback(asked)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on('error', () => opened.terminate())
        for (const said of [this.#actor, ...this.#kept]) if (said !== undefined) opened.send(said)
      })
    })
  }

  /** Listens, and returns the port. @throws the error of the socket, when the port is taken. */
  async open(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #tell(event: StatelyInspectionEvent): void {
    const said = JSON.stringify(event)
    if (event.type === '@xstate.actor') this.#actor = said
    else {
      this.#kept.push(said)
      if (this.#kept.length > keptMax) this.#kept.shift()
    }
    for (const socket of this.#sockets.clients) if (socket.readyState === WebSocket.OPEN) socket.send(said)
  }

  #show(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; frame-src ${stately}; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'`,
      'cache-control': 'no-store',
    })
    response.end(page)
  }
}

const isLoopback = (asked = ''): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(asked)

/** Stately's page in a frame; what is said goes to it, and to nobody else. */
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Stately's inspector</title>
<style>html,body,iframe{margin:0;border:0;width:100%;height:100%}</style>
<iframe title="Stately's inspector" src="${stately}/inspect"></iframe>
<script>
  const frame = document.querySelector('iframe')
  const waiting = []
  let isThere = false
  const hand = (event) => frame.contentWindow.postMessage(event, '${stately}')
  addEventListener('message', ({ origin, data }) => {
    if (origin !== '${stately}' || data?.type !== '@statelyai.connected') return
    isThere = true
    waiting.splice(0).forEach(hand)
  })
  new WebSocket('ws://' + location.host).onmessage = ({ data }) => {
    const event = JSON.parse(data)
    if (isThere) hand(event)
    else waiting.push(event)
  }
</script>
</html>
`
