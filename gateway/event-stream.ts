/**
 * What happens, as Server-Sent Events: an actor's journal, or what a device shows.
 *
 * A stream remembers one number: the id that it sent last. At every change it reads its source from there,
 * so nothing queues up for a slow reader, and a reader that comes back with `Last-Event-ID` misses nothing that is kept.
 *
 * Owns:     the open streams, their number and their heartbeat.
 * Does not: know what an event means (the route renders it) or who may read it.
 *
 * Invariants:
 *   E1. The events of one stream have growing ids, and none is sent twice.
 *   E2. What waits in memory for one reader is at most one read of its source.
 *   E3. A stream that has ended, or whose connection has, is neither listened for nor written to.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { ActorId } from '#actor'
import type { JournalRecord } from '#ports'
import type { ClusterClient } from './cluster-client.ts'
import { Problem } from './problems.ts'

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
  /** The last id that the reader has. */
  readonly after: number
  /** What came after that id, oldest first. */
  readonly since: (id: number) => Promise<readonly StreamEvent[]>
  /** Calls back when there may be more, until it is let go. */
  readonly watch: (changed: () => void) => () => void
}

interface Stream extends StreamSource {
  readonly out: ServerResponse
  readonly socket: Socket
  /** Stops listening to the actor and to the connection. */
  readonly letGo: () => void
  sent: number
  isReading: boolean
  hasChanged: boolean
}

export class EventStreams {
  readonly #streamsMax: number
  readonly #open = new Set<Stream>()
  readonly #heartbeat: NodeJS.Timeout

  constructor(options: { readonly heartbeatMs: number; readonly streamsMax: number }) {
    this.#streamsMax = options.streamsMax
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs)
    this.#heartbeat.unref()
  }

  /** Takes over the reply. It ends with the last event, with the reader, or with the server. */
  start(reply: FastifyReply, source: StreamSource): void {
    if (this.#open.size >= this.#streamsMax) {
      throw new Problem('too-many-streams', `There are ${this.#streamsMax} streams open already.`)
    }
    reply.hijack()
    const out = reply.raw
    // Not the response: one that waits behind others on its connection is never told that its reader has left.
    const { socket } = reply.request.raw
    if (socket.destroyed) return
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
    const unwatch = source.watch(() => void this.#read(stream))
    const leave = (): void => this.#end(stream)
    const letGo = (): void => {
      unwatch()
      socket.off('close', leave)
    }
    const stream: Stream = {
      ...source,
      out,
      socket,
      letGo,
      sent: source.after,
      isReading: false,
      hasChanged: false,
    }
    socket.once('close', leave)
    this.#open.add(stream)
    void this.#read(stream)
  }

  /** Ends every stream; their readers come back, to another gateway or a later life of this one. */
  close(): void {
    clearInterval(this.#heartbeat)
    for (const stream of this.#open) this.#end(stream)
  }

  #end(stream: Stream): void {
    if (!this.#open.delete(stream)) return
    stream.letGo()
    stream.out.end()
  }

  #beat(): void {
    for (const { out } of this.#open) if (!out.writableNeedDrain) out.write(': still here\n\n')
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
      this.#end(stream)
    } finally {
      stream.isReading = false
    }
  }

  async #send(stream: Stream, events: readonly StreamEvent[]): Promise<void> {
    const { out } = stream
    for (const { id, data, isLast } of events) {
      if (!this.#open.has(stream)) return
      stream.sent = id
      const hasRoom = out.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
      if (isLast) this.#end(stream)
      else if (!hasRoom) await roomIn(stream)
    }
  }
}

/** An actor's turns: ids are their sequences. */
export function turnStream(
  client: ClusterClient,
  actor: ActorId,
  of: Pick<StreamSource, 'after'> & { readonly event: (record: JournalRecord) => Omit<StreamEvent, 'id'> },
): StreamSource {
  return {
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
async function roomIn({ out, socket }: Stream): Promise<void> {
  const listening = new AbortController()
  const { signal } = listening
  try {
    await Promise.race([once(out, 'drain', { signal }), once(socket, 'close', { signal })])
  } finally {
    listening.abort()
  }
}
