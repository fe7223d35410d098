/**
 * Requests that want to go on as a WebSocket are requests like all others: limits, tokens, problem documents and routes
 * come first, and a route that has the other end for it takes the connection over.
 *
 * Owns:     which requests those are. Other upgrades are passed over, as HTTP allows: some clients offer HTTP/2 each time.
 * Does not: speak WebSocket (`device-line.ts`).
 *
 * Invariants:
 *   U1. A connection goes on only when all that was asked on it before is answered.
 *   U2. A connection that was refused is closed, whatever the other end does.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server } from './server.ts'

/** By request that may go on so: what came after its head. */
const heads = new WeakMap<IncomingMessage, Buffer>()

/** What its sender has said already to the other end; undefined when this is no WebSocket's handshake. */
export const upgradeOf = (request: IncomingMessage): Buffer | undefined => heads.get(request)

/** `addresses`: those of the routes that can go on so. */
export function takeUpgrades({ server }: Server, addresses: readonly string[], isTls: boolean): void {
  const latest = new WeakMap<Socket, ServerResponse>()
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) =>
    latest.set(socket, response),
  )
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const goOn = (): void => {
      if (!isHandshake(request, addresses)) goOnAsRequest(server, request, socket, head, isTls)
      else goOnAsHandshake(server, request, socket, head)
    }
    const before = latest.get(socket)
    if (before === undefined || hasLeft(before)) return goOn()
    const isBroken = (): void => void socket.destroy()
    socket.once('error', isBroken)
    before.once('finish', () => {
      socket.off('error', isBroken)
      if (socket.writable) goOn()
    })
  })
}

/** One that waits for its turn has no socket yet, and one that is written may have it for another moment. */
const hasLeft = ({ socket, writableFinished }: ServerResponse): boolean => writableFinished && socket === null

const isHandshake = ({ method, url, headers }: IncomingMessage, addresses: readonly string[]): boolean =>
  method === 'GET' &&
  addresses.includes(url?.split('?', 1)[0] ?? '') &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['sec-websocket-version'] === '13' &&
  /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')

function goOnAsHandshake(server: HttpServer, request: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.on('error', () => socket.destroy())
  heads.set(request, head)
  const response = new ServerResponse(request)
  // Whatever is answered by HTTP, this connection has left it.
  response.shouldKeepAlive = false
  response.once('finish', () => socket.destroySoon())
  response.assignSocket(socket)
  server.emit('request', request, response)
}

/** Node stopped reading HTTP here, for somebody listens to upgrades: it begins again with the same head, without the wish. */
function goOnAsRequest(
  server: HttpServer,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Socket,
  rest: Buffer,
  isTls: boolean,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (rawHeaders[n]?.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]))
  server.emit(isTls ? 'secureConnection' : 'connection', socket)
}
