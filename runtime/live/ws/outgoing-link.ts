/**
 * The way to one peer: dial, prove, send; and dial again.
 *
 * Owns:     the connection to one process of the peer, what waits for it, and when to try again.
 * Does not: receive frames. The peer has a link of its own to here; so no two ends ever have to agree
 *           on which of two connections counts.
 *
 * Invariants:
 *   W1. What waits for the peer stays below `waitingBytesMax` plus one frame; the rest is dropped and counted.
 *   W2. A message is one frame of at most `frameBytesMax`, or several of at most `messageBytes` in all.
 */
import { WebSocket } from 'ws'
import type { Member, NodeId, Random } from '#ports'
import {
  type Challenge,
  type Hello,
  handshakeBytesMax,
  newHello,
  type Party,
  protocolVersion,
  type Refusal,
  readChallenge,
  readWelcome,
  welcomeRefusalOf,
} from './handshake.ts'

export interface LinkBounds {
  /** Encoded frames that may wait for a peer, in its socket and before it. More are dropped. */
  readonly waitingBytesMax: number
  /** The longest frame. A longer one is dropped here, and closes the link there. */
  readonly frameBytesMax: number
  /** From the connection to the welcome. */
  readonly handshakeMs: number
  readonly redialMinMs: number
  readonly redialMaxMs: number
}

export const linkBounds: LinkBounds = {
  waitingBytesMax: 16 * 2 ** 20,
  frameBytesMax: 8 * 2 ** 20,
  handshakeMs: 2_000,
  redialMinMs: 25,
  redialMaxMs: 2_000,
}

export interface LinkCounts {
  frames: number
  bytes: number
  /** There was no link. */
  unreachable: number
  /** Too many bytes waited (W1). */
  overflowed: number
  /** Longer than `frameBytesMax`. */
  oversized: number
  dials: number
}

// Frames of one tick go out together, but not in messages so long that the peer works on one for long.
export const messageBytes = 64 * 1_024

/** No compression on loopback; and a peer that does not answer a close is cut off soon. */
export const socketOptions = { perMessageDeflate: false, closeTimeout: 250 }

export class OutgoingLink {
  readonly peer: Pick<Member, 'node' | 'life' | 'address'>
  readonly counts: LinkCounts = {
    frames: 0,
    bytes: 0,
    unreachable: 0,
    overflowed: 0,
    oversized: 0,
    dials: 0,
  }
  #self: Party
  #bounds: LinkBounds
  #random: Random
  #changed: (peer: NodeId, up: boolean) => void
  #refused: (reason: Refusal) => void
  #socket: WebSocket | undefined
  #isUp = false
  #isClosed = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #flushing: NodeJS.Immediate | undefined

  constructor(
    self: Party,
    peer: Pick<Member, 'node' | 'life' | 'address'>,
    bounds: LinkBounds,
    random: Random,
    told: { changed(peer: NodeId, up: boolean): void; refused(reason: Refusal): void },
  ) {
    this.peer = peer
    this.#self = self
    this.#bounds = bounds
    this.#random = random
    this.#changed = told.changed
    this.#refused = told.refused
    this.#dial()
  }

  get isUp(): boolean {
    return this.#isUp
  }

  send(frame: Buffer): void {
    const socket = this.#socket
    if (!this.#isUp || socket === undefined) {
      this.counts.unreachable += 1
    } else if (frame.length > this.#bounds.frameBytesMax) {
      this.counts.oversized += 1
    } else if (this.#waitingBytes + socket.bufferedAmount >= this.#bounds.waitingBytesMax) {
      this.counts.overflowed += 1
    } else {
      this.#enqueue(frame)
    }
  }

  /** Sends what waits, then ends the link for good. */
  close(): void {
    this.#flush()
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket?.close(1_001)
    this.#down()
  }

  #enqueue(frame: Buffer): void {
    if (this.#waitingBytes + frame.length > messageBytes) this.#flush()
    this.#waiting.push(frame)
    this.#waitingBytes += frame.length
    this.counts.frames += 1
    this.counts.bytes += frame.length
    this.#flushing ??= setImmediate(() => this.#flush())
  }

  #flush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
    const [first] = this.#waiting
    if (first === undefined) return
    const message = this.#waiting.length === 1 ? first : Buffer.concat(this.#waiting, this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    if (this.#isUp) this.#socket?.send(message)
  }

  #dial(): void {
    this.counts.dials += 1
    const socket = new WebSocket(this.peer.address, {
      ...socketOptions,
      maxPayload: handshakeBytesMax,
      handshakeTimeout: this.#bounds.handshakeMs,
    })
    this.#socket = socket
    let challenge: Challenge | undefined
    let hello: Hello | undefined
    this.#timer = setTimeout(() => this.#refuse(socket, 'slow'), this.#bounds.handshakeMs)
    socket.on('message', (data) => {
      const said = String(data)
      if (hello === undefined || challenge === undefined) {
        challenge = readChallenge(said)
        if (challenge === undefined) this.#refuse(socket, 'malformed')
        else if (challenge.protocol !== protocolVersion) this.#refuse(socket, 'protocol')
        else {
          hello = newHello(this.#self, this.peer.node, challenge)
          socket.send(JSON.stringify(hello))
        }
        return
      }
      const welcome = this.#isUp ? undefined : readWelcome(said)
      if (welcome === undefined) {
        this.#refuse(socket, 'malformed')
        return
      }
      const refusal = welcomeRefusalOf(this.#self, this.peer, challenge, hello, welcome)
      if (refusal === undefined) this.#up()
      else this.#refuse(socket, refusal)
    })
    // An error is always followed by a close; what to do is the same.
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#socket === socket) this.#ended()
    })
  }

  #refuse(socket: WebSocket, reason: Refusal): void {
    this.#refused(reason)
    socket.terminate()
  }

  #up(): void {
    clearTimeout(this.#timer)
    this.#failures = 0
    this.#isUp = true
    this.#changed(this.peer.node, true)
  }

  #down(): void {
    this.#waiting = []
    this.#waitingBytes = 0
    if (!this.#isUp) return
    this.#isUp = false
    this.#changed(this.peer.node, false)
  }

  #ended(): void {
    clearTimeout(this.#timer)
    this.#socket = undefined
    this.#down()
    if (this.#isClosed) return
    const { redialMinMs, redialMaxMs } = this.#bounds
    const pauseMs = Math.min(redialMaxMs, redialMinMs * 2 ** Math.min(this.#failures, 16))
    this.#failures += 1
    // Between half of the pause and all of it: nodes that lost the same peer do not all come back at once.
    const jitter = 0.5 + this.#random.next() / 2 ** 33
    this.#timer = setTimeout(() => this.#dial(), pauseMs * jitter)
  }
}
