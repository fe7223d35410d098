/**
 * Frames between node processes over WebSockets.
 *
 * Each node dials every other: a link carries frames one way, from the dialler. Frames of one tick go out as
 * one message. Whatever is not a frame of a proven peer closes its link with a reason and is counted.
 *
 * Owns:     the listening socket, a link to each member, and what came in on links of others.
 * Does not: decide who is a member (`peers` is told) or mend losses (the kernel's channels do).
 */
import { createServer, type Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Frame, Member, NodeId, Random, Transport } from '#ports'
import type { FaultyLink } from '../control.ts'
import { decodeFrames, encodeFrame } from './frame-codec.ts'
import {
  newChallenge,
  newWelcome,
  type Party,
  type Refusal,
  readHello,
  refusalOf,
  refusals,
} from './handshake.ts'
import { LinkFilter } from './link-filter.ts'
import {
  type LinkBounds,
  type LinkCounts,
  linkBounds,
  messageBytes,
  OutgoingLink,
  socketOptions,
} from './outgoing-link.ts'

export interface WsTransportOptions extends Party {
  readonly random: Random
  readonly bounds?: Partial<LinkBounds>
  /** Loopback, unless it stands behind mTLS. */
  readonly host?: string
  readonly port?: number
}

function encoded(frame: Frame): Buffer | undefined {
  try {
    return encodeFrame(frame)
  } catch {
    return undefined
  }
}

export class WsTransport implements Transport {
  /** For this node's member row. */
  readonly address: string
  /** What is done to frames on purpose, and its counts. */
  readonly filter: LinkFilter
  /** Links refused or closed from here, by reason. */
  readonly refused: Record<Refusal, number> = {
    malformed: 0,
    protocol: 0,
    cluster: 0,
    'other-node': 0,
    secret: 0,
    slow: 0,
  }
  /** Items that were no plain data: what an actor's query has answered, say. */
  unencodable = 0
  #options: WsTransportOptions
  #bounds: LinkBounds
  #http: Server
  #server: WebSocketServer
  #links = new Map<NodeId, OutgoingLink>()
  #accepted = new Set<WebSocket>()
  #receive: (from: NodeId, frame: Frame) => void = () => {}
  #linkChanged: (peer: NodeId, up: boolean) => void = () => {}
  #isClosed = false

  /** Listens on a free port of loopback, unless told otherwise. */
  static async listen(options: WsTransportOptions): Promise<WsTransport> {
    const http = createServer((_, response) => response.writeHead(426).end())
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
    })
    return new WsTransport(options, http)
  }

  private constructor(options: WsTransportOptions, http: Server) {
    this.#options = options
    this.#bounds = { ...linkBounds, ...options.bounds }
    this.#http = http
    this.filter = new LinkFilter(options.random)
    const address = http.address()
    if (address === null || typeof address === 'string') throw new Error('The transport listens on no port.')
    this.address = `ws://${options.host ?? '127.0.0.1'}:${address.port}`
    this.#server = new WebSocketServer({
      server: http,
      ...socketOptions,
      maxPayload: Math.max(this.#bounds.frameBytesMax, messageBytes),
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  onFrame(receive: (from: NodeId, frame: Frame) => void): void {
    this.#receive = receive
  }

  onLink(change: (peer: NodeId, up: boolean) => void): void {
    this.#linkChanged = change
  }

  /** Keeps a link to every member but this node, and to nobody else. A new life of a node is dialled at once. */
  peers(members: readonly Member[]): void {
    if (this.#isClosed) return
    const wanted = new Map(members.map((member) => [member.node, member]))
    wanted.delete(this.#options.node)
    for (const [node, { peer }] of [...this.#links]) {
      const member = wanted.get(node)
      if (member?.life === peer.life && member.address === peer.address) wanted.delete(node)
      else this.#drop(node)
    }
    for (const member of wanted.values()) this.#dial(member)
  }

  // What one frame cannot carry, because it is too long or no plain data, goes in halves: of all its items only the
  // one at fault is lost. Dropped whole it would be sent again whole, and be dropped again, for ever.
  send(to: NodeId, frame: Frame): void {
    const bytes = encoded(frame)
    const { items } = frame
    if (items.length > 1 && (bytes === undefined || bytes.length > this.#bounds.frameBytesMax)) {
      const half = items.length >> 1
      this.send(to, { ...frame, items: items.slice(0, half) })
      this.send(to, { ...frame, items: items.slice(half) })
      return
    }
    if (bytes === undefined) {
      this.unencodable += 1
      return
    }
    if (to === this.#options.node) {
      setImmediate(() => this.#deliver(to, bytes))
      return
    }
    this.filter.out(to, bytes, (passed) => this.#links.get(to)?.send(passed))
  }

  /** Nothing passes between here and `peer`, in either direction, until `heal`. */
  cut(peer: NodeId): void {
    this.#changing([peer], () => {
      this.filter.cut(peer, 'in')
      this.filter.cut(peer, 'out')
    })
  }

  /** Ends every fault of the links with `peer`. */
  heal(peer: NodeId): void {
    this.#changing([peer], () => this.filter.heal(peer))
  }

  /** Puts exactly these faults in force on the links from and to this node, and ends all others. */
  faults(links: readonly FaultyLink[]): void {
    const { node } = this.#options
    this.#changing([...this.#links.keys()], () => {
      this.filter.healAll()
      for (const { from, to, cut, ...fault } of links) {
        if (cut === true && from === node) this.filter.cut(to, 'out', fault.id)
        else if (cut === true && to === node) this.filter.cut(from, 'in', fault.id)
        else if (from === node) this.filter.shape(to, fault)
      }
    })
  }

  /** Of the link to `peer` since it became a member, in this life. */
  counts(peer: NodeId): LinkCounts | undefined {
    return this.#links.get(peer)?.counts
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.filter.close()
    for (const node of [...this.#links.keys()]) this.#drop(node)
    for (const socket of this.#accepted) socket.terminate()
    this.#server.close()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }

  #isUp(peer: NodeId): boolean {
    return !this.filter.isCut(peer) && this.#links.get(peer)?.isUp === true
  }

  // A cut looks like a link that went down, although the connection stays.
  #changing(peers: readonly NodeId[], change: () => void): void {
    const before = peers.map((peer) => this.#isUp(peer))
    change()
    peers.forEach((peer, i) => {
      const isUp = this.#isUp(peer)
      if (isUp !== before[i]) this.#linkChanged(peer, isUp)
    })
  }

  #dial(member: Member): void {
    const link = new OutgoingLink(this.#options, member, this.#bounds, this.#options.random, {
      changed: (peer, up) => {
        if (!this.filter.isCut(peer)) this.#linkChanged(peer, up)
      },
      refused: (reason) => {
        this.refused[reason] += 1
      },
    })
    this.#links.set(member.node, link)
  }

  #drop(node: NodeId): void {
    this.#links.get(node)?.close()
    this.#links.delete(node)
  }

  #accept(socket: WebSocket): void {
    this.#accepted.add(socket)
    const challenge = newChallenge()
    let peer: NodeId | undefined
    const refuse = (reason: Refusal): void => {
      this.refused[reason] += 1
      peer = undefined
      socket.close(refusals[reason], reason)
    }
    const slow = setTimeout(() => refuse('slow'), this.#bounds.handshakeMs)
    socket.on('message', (data, isBinary) => {
      if (socket.readyState !== socket.OPEN) return
      if (peer !== undefined) {
        if (!isBinary || !this.#deliver(peer, data as Buffer)) refuse('malformed')
        return
      }
      clearTimeout(slow)
      const hello = isBinary ? undefined : readHello(String(data))
      const refusal = hello === undefined ? 'malformed' : refusalOf(this.#options, challenge, hello)
      if (hello === undefined || refusal !== undefined) {
        refuse(refusal ?? 'malformed')
        return
      }
      peer = hello.node as NodeId
      socket.send(JSON.stringify(newWelcome(this.#options, challenge, hello)))
    })
    // ws itself closes with 1009 what is too long and with 1002 what is no WebSocket frame. A reset is neither.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR') === true) this.refused.malformed += 1
    })
    socket.on('close', () => {
      clearTimeout(slow)
      this.#accepted.delete(socket)
    })
    socket.send(JSON.stringify(challenge))
  }

  #deliver(from: NodeId, bytes: Buffer): boolean {
    const frames = decodeFrames(bytes)
    if (frames === undefined) return false
    if (this.#isClosed || !this.filter.letsIn(from, frames.length)) return true
    for (const frame of frames) this.#receive(from, frame)
    return true
  }
}
