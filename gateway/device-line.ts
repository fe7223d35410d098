/**
 * A device that listens over a WebSocket, and says what it has shown.
 *
 * To it: `{"type":"notification","notification":{…}}`, and `{"type":"acknowledged","id":…}`. From it:
 * `{"type":"ack","id":…}`.
 *
 * Owns:     the frames, and what becomes of those that are none of these.
 * Does not: choose what is sent (`event-stream.ts`) or know the inbox (a route hands in `acknowledge`).
 *
 * Invariants:
 *   D1. Of a notification that this line was sent at most one acknowledgement is on its way, and of others none.
 *   D2. A line whose acknowledgement failed is closed: what it was sent comes again to the next one.
 */
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Ending, Line } from './event-stream.ts'
import { openWebSocket } from './web-socket.ts'

/** Longer ones are no acknowledgements. */
const frameBytesMax = 1_024
/** Of what is not acknowledged the oldest is forgotten; an inbox offers fewer at once. */
const unacknowledgedMax = 200
/** Frames about nothing that was sent here, as those that come twice. Who sends more is sent away. */
const strayMax = 100
/** Who does not answer a close is cut off after this long. */
const closeGraceMs = 2_000

const handshakes = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: frameBytesMax,
  perMessageDeflate: false,
  // Each would wait in memory for a reader that does not read: `lineOf` answers the pings of one that does.
  autoPong: false,
})

const closing: Readonly<Record<Ending, readonly [code: number, reason: string]>> = {
  over: [1000, ''],
  'gateway-closes': [1001, 'come back'],
  'not-readable': [1013, 'come back'],
  'not-allowed': [1008, 'token-invalid'],
}

/** Resolves when the inbox knows; rejects when that is in doubt. */
export type Acknowledge = (id: string) => Promise<unknown>

/** Takes over the reply to a handshake. Undefined: its sender has left. */
export function deviceLine(reply: FastifyReply, head: Buffer, acknowledge: Acknowledge): Line | undefined {
  let line: Line | undefined
  openWebSocket(reply, head, handshakes, (device, socket) => {
    line = lineOf(device, socket, acknowledge)
  })
  return line
}

function lineOf(device: WebSocket, socket: Socket, acknowledge: Acknowledge): Line {
  const unacknowledged = new Set<string>()
  let strays = 0
  let hasAnswered = true

  const say = (words: object): void => {
    if (device.readyState === WebSocket.OPEN) device.send(JSON.stringify(words))
  }
  const close = (code: number, reason: string): void => {
    device.close(code, reason)
    setTimeout(() => device.terminate(), closeGraceMs).unref()
  }
  const hear = (id: string): void => {
    if (unacknowledged.delete(id))
      acknowledge(id).then(
        () => say({ type: 'acknowledged', id }),
        () => close(...closing['not-readable']),
      )
    else if (++strays > strayMax) close(1008, 'nothing of this was sent here')
  }
  device.on('pong', () => {
    hasAnswered = true
  })
  device.on('ping', (data) => {
    if (!socket.writableNeedDrain) device.pong(data)
  })
  device.on('message', (data, isBinary) => {
    if (device.readyState !== WebSocket.OPEN) return
    const id = isBinary ? undefined : acknowledgedIn(data)
    if (id === undefined) close(1008, 'not an acknowledgement')
    else hear(id)
  })
  // What breaks the protocol is answered with its close code; nothing else is to be done about it.
  device.on('error', () => setTimeout(() => device.terminate(), closeGraceMs).unref())

  return {
    socket,
    out: socket,
    write: ({ data }) => {
      const { id } = data as { readonly id: string }
      unacknowledged.add(id)
      if (unacknowledged.size > unacknowledgedMax)
        unacknowledged.delete(unacknowledged.values().next().value as string)
      say({ type: 'notification', notification: data })
    },
    beat: () => {
      if (!hasAnswered) return device.terminate()
      hasAnswered = false
      device.ping()
    },
    end: (why) => close(...closing[why]),
  }
}

function acknowledgedIn(data: RawData): string | undefined {
  try {
    const { type, id } = JSON.parse(String(data)) as { readonly type?: unknown; readonly id?: unknown }
    return type === 'ack' && typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
