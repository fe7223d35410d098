/**
 * What happens, told to readers who stay: an actor's turns, what a device shows, what is pushed to an account; as Server-Sent
 * Events, or over whatever else is a `Line`.
 *
 * A stream remembers one number: the id that it sent last. At every change it reads its source from there,
 * so nothing queues up for a slow reader, and a reader that comes back with `Last-Event-ID` misses nothing that is kept.
 *
 * Owns:     the open streams, how many there may be, and their heartbeat.
 * Does not: know what an event means (the route renders it) or who may read it.
 *
 * Invariants:
 *   E1. The events of one stream have growing ids, and none is sent twice.
 *   E2. What waits in memory for one reader is at most one read of its source.
 *   E3. A stream that has ended, or whose connection has, is neither listened for nor written to.
 *   E4. Nobody has all of them: one order, one account and one address has a share at most.
 *   E5. A reader that takes nothing from one heartbeat to the next is cut off.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ActorId } from '#actor'
import type { JournalRecord } from '#ports'
import type { ClusterClient } from './cluster-client.ts'
import { networkOf } from './network-of.ts'
import { Problem } from './problems.ts'
import { takeOver } from './server.ts'

/** At most this many records at once; a reader further behind gets the newest, and sees the gap in the ids. */
const recordsMax = 1_000
const pageSize = 200
/** What a browser waits before it comes back. */
const reconnectMs = 1_000

export interface StreamEvent {
  readonly id: number
  readonly data: unknown
  /** After this one nothing more will come: the stream ends. */
  readonly isLast?: boolean
}

export interface StreamSource {
  /** Whose share of the streams it takes: an order's, or an account's. */
  readonly holder: string
  /** The last id that the reader has. */
  readonly after: number
  /** What came after that id, oldest first. */
  readonly since: (id: number) => Promise<readonly StreamEvent[]>
  /** Calls back when there may be more, until it is let go. */
  readonly watch: (changed: () => void) => () => void
  /** Asked at each heartbeat; never rejects. Default: who was let in stays. */
  readonly isAllowed?: () => Promise<boolean>
}

export type Ending = 'over' | 'gateway-closes' | 'not-readable' | 'not-allowed'

/** How events get to one reader. */
export interface Line {
  /** The reader has left when it closes. */
  readonly socket: Socket
  /** Where what was written waits for the reader. */
  readonly out: Writable
  write(event: StreamEvent): void
  beat(): void
  end(why: Ending): void
}

export interface StreamBounds {
  readonly heartbeatMs: number
  readonly streamsMax: number
  /** For one order, or one account. */
  readonly ofOneMax: number
  /** For one address. */
  readonly fromOneMax: number
}

interface Stream extends StreamSource {
  readonly line: Line
  readonly address: string
  /** Stops listening to the actor and to the connection. */
  readonly letGo: () => void
  sent: number
  isReading: boolean
  hasChanged: boolean
  /** It had not taken everything at the last heartbeat. */
  isSlow: boolean
}

export class EventStreams {
  readonly #bounds: StreamBounds
  readonly #open = new Set<Stream>()
  readonly #heartbeat: NodeJS.Timeout
  #isClosed = false

  constructor(bounds: StreamBounds) {
    this.#bounds = bounds
    this.#heartbeat = setInterval(() => this.#beat(), bounds.heartbeatMs)
    this.#heartbeat.unref()
  }

  /**
   * Takes over the reply. It ends with the last event, with the reader, or with the server.
   *
   * @throws Problem `too-many-streams`.
   */
  start(reply: FastifyReply, source: StreamSource): void {
    const address = networkOf(reply.request.ip)
    this.#assertPlace(source.holder, address)
    takeOver(reply, 200)
    // Not the response: one that waits behind others on its connection is never told that its reader has left.
    const { socket } = reply.request.raw
    if (socket.destroyed) return
    this.#follow(sseLine(reply, socket), address, source)
  }

  /**
   * Follows over the line that `open` makes; it makes none for who has left.
   *
   * @throws Problem `too-many-streams`.
   */
  startOver(open: () => Line | undefined, { ip }: FastifyRequest, source: StreamSource): void {
    const address = networkOf(ip)
    this.#assertPlace(source.holder, address)
    const line = open()
    if (line !== undefined) this.#follow(line, address, source)
  }

  /** Ends every stream; their readers come back, to another gateway or a later life of this one. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#heartbeat)
    for (const stream of this.#open) this.#end(stream, 'gateway-closes')
  }

  #assertPlace(holder: string, address: string): void {
    const { streamsMax, ofOneMax, fromOneMax } = this.#bounds
    const open = [...this.#open]
    const refused = (detail: string): Problem => new Problem('too-many-streams', detail)
    if (open.length >= streamsMax) throw refused(`There are ${streamsMax} streams open already.`)
    if (open.filter((stream) => stream.holder === holder).length >= ofOneMax)
      throw refused(`There are ${ofOneMax} streams of this order, or to this account, open already.`)
    if (open.filter((stream) => stream.address === address).length >= fromOneMax)
      throw refused(`There are ${fromOneMax} streams open to your address already.`)
  }

  #follow(line: Line, address: string, source: StreamSource): void {
    const { socket } = line
    const unwatch = source.watch(() => void this.#read(stream))
    const leave = (): void => this.#end(stream, 'over')
    const letGo = (): void => {
      unwatch()
      socket.off('close', leave)
    }
    const stream: Stream = {
      ...source,
      line,
      address,
      letGo,
      sent: source.after,
      isReading: false,
      hasChanged: false,
      isSlow: false,
    }
    socket.once('close', leave)
    this.#open.add(stream)
    if (this.#isClosed) this.#end(stream, 'gateway-closes')
    else void this.#read(stream)
  }

  #end(stream: Stream, why: Ending): void {
    if (!this.#open.delete(stream)) return
    stream.letGo()
    stream.line.end(why)
  }

  #beat(): void {
    for (const stream of this.#open) {
      const { line, isSlow } = stream
      stream.isSlow = line.out.writableNeedDrain
      if (!stream.isSlow) line.beat()
      else if (isSlow) line.socket.destroy()
      void this.#askWhetherAllowed(stream)
    }
  }

  async #askWhetherAllowed(stream: Stream): Promise<void> {
    const isAllowed = await stream.isAllowed?.()
    if (isAllowed === false) this.#end(stream, 'not-allowed')
  }

  async #read(stream: Stream): Promise<void> {
    stream.hasChanged = true
    if (stream.isReading) return
    stream.isReading = true
    try {
      while (stream.hasChanged && this.#open.has(stream)) {
        stream.hasChanged = false
        await this.#send(stream, await stream.since(stream.sent))
      }
    } catch {
      // The source cannot be read now. The reader comes back with the id of the last event it has.
      this.#end(stream, 'not-readable')
    } finally {
      stream.isReading = false
    }
  }

  async #send(stream: Stream, events: readonly StreamEvent[]): Promise<void> {
    const { line } = stream
    for (const event of events) {
      if (!this.#open.has(stream)) return
      stream.sent = event.id
      line.write(event)
      if (event.isLast === true) this.#end(stream, 'over')
      else if (line.out.writableNeedDrain) {
        await roomIn(line)
        stream.isSlow = false
      }
    }
  }
}

function sseLine(reply: FastifyReply, socket: Socket): Line {
  const out: ServerResponse = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) out.setHeader(name, value)
  }
  out.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies that buffer would hold the events back.
    'x-accel-buffering': 'no',
  })
  out.write(`retry: ${reconnectMs}\n\n`)
  return {
    socket,
    out,
    write: ({ id, data }) => out.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`),
    beat: () => out.write(': still here\n\n'),
    end: () => out.end(),
  }
}

/** An actor's turns: ids are their sequences. */
export function turnStream(
  client: ClusterClient,
  actor: ActorId,
  of: Pick<StreamSource, 'after'> & { readonly event: (record: JournalRecord) => Omit<StreamEvent, 'id'> },
): StreamSource {
  return {
    holder: actor,
    after: of.after,
    since: async (sequence) =>
      (await recordsSince(client, actor, sequence)).map((record) => ({
        id: record.sequence,
        ...of.event(record),
      })),
    watch: (changed) => client.watch(actor, changed),
  }
}

/** The records after `sequence`, oldest first. */
async function recordsSince(
  client: ClusterClient,
  actor: ActorId,
  sequence: number,
): Promise<readonly JournalRecord[]> {
  const newestFirst: JournalRecord[] = []
  while (newestFirst.length < recordsMax) {
    const before = newestFirst.at(-1)?.previous
    if (newestFirst.length > 0 && before === undefined) break
    const page = await client.history(actor, { ...(before && { before }), limit: pageSize })
    const unseen = page.filter((record) => record.sequence > sequence)
    newestFirst.push(...unseen)
    if (unseen.length < pageSize) break
  }
  return newestFirst.reverse()
}

/** What a reader takes of what is there as a stream and as a page; `usual` for one that takes anything. */
export function formOf(
  accept = '*/*',
  { hasStreams, usual }: { readonly hasStreams: boolean; readonly usual: 'stream' | 'page' },
): 'stream' | 'page' {
  const types = accept.split(',').map((part) => part.split(';', 1)[0]?.trim().toLowerCase())
  const takes = (...names: string[]): boolean => names.some((name) => types.includes(name))
  if (hasStreams && takes('text/event-stream')) return 'stream'
  if (takes('application/json', 'application/*')) return 'page'
  if (takes('*/*')) return hasStreams ? usual : 'page'
  if (hasStreams && takes('text/*')) return 'stream'
  if (!hasStreams)
    throw new Problem('not-acceptable', 'Streams are switched off: ask for it as application/json.')
  throw new Problem('not-acceptable', 'It comes as text/event-stream or application/json.')
}

/** A browser sends back what it was given; what is no id starts from the beginning. */
export function lastEventIdOf(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0
}

/** Resolves when the reader has read, or has left. */
async function roomIn({ out, socket }: Line): Promise<void> {
  const listening = new AbortController()
  const { signal } = listening
  try {
    await Promise.race([once(out, 'drain', { signal }), once(socket, 'close', { signal })])
  } finally {
    listening.abort()
  }
}
