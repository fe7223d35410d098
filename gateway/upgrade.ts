/**
 * Requests that want to go on as a WebSocket are requests like all others: limits, tokens, problem documents and routes
 * come first, and a route that has the other end for it takes the connection over.
 *
 * Owns:     which requests those are. Other upgrades are passed over, as HTTP allows: some clients offer HTTP/2 each time.
 * Does not: speak WebSocket (`device-line.ts`).
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Server } from './server.ts'

/** By request that may go on so: what came after its head. */
const heads = new WeakMap<IncomingMessage, Buffer>()

/** What its sender has said already to the other end; undefined when this is no WebSocket's handshake. */
export const upgradeOf = (request: IncomingMessage): Buffer | undefined => heads.get(request)

export function takeUpgrades({ server }: Server, isTls: boolean): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!isHandshake(request)) return goOnAsRequest(server, request, socket, head, isTls)
    socket.on('error', () => socket.destroy())
    heads.set(request, head)
    const response = new ServerResponse(request)
    // Whatever is answered by HTTP, this connection has left it.
    response.shouldKeepAlive = false
    response.once('finish', () => socket.end())
    response.assignSocket(socket)
    server.emit('request', request, response)
  })
}

const isHandshake = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['sec-websocket-version'] === '13' &&
  /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')

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
