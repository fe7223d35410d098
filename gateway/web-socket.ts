/** Takes a request over as the WebSocket that it wants to be. */
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import { takeOver } from './server.ts'

/** `head`: what `upgradeOf` says of its request. `opened` is called at once, or never: its sender has left. */
export function openWebSocket(
  reply: FastifyReply,
  head: Buffer,
  handshakes: WebSocketServer,
  opened: (webSocket: WebSocket, socket: Socket) => void,
): void {
  takeOver(reply, 101)
  const { raw } = reply.request
  const { socket } = raw
  reply.raw.detachSocket(socket)
  handshakes.handleUpgrade(raw, socket, head, (webSocket) => opened(webSocket, socket))
}
