/**
 * The cluster as it happens, for pages that look: `WS /ops/v1/stream`.
 *
 * All viewers share one feed of each kind, which begins with the first of them and ends with the last.
 *
 * Owns:     the viewers, what each of them wants, and what becomes of one that reads too slowly.
 * Does not: know what an activity frame says, or carry out commands.
 *
 * Invariants:
 *   ST1. Without a viewer nothing is asked of the cluster.
 *   ST2. What waits for one viewer is bounded: frames beyond it are left out and counted, and whole ones follow.
 *   ST3. Who is let in is asked again at each heartbeat, and sent away when the answer is no.
 */
import type { Socket } from 'node:net'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { type ActorId, ClusterError } from '#actor'
import type { ActivityWatch, ClusterClient } from '../cluster-client.ts'
import type { FaultControl } from '../fault-control.ts'
import type { KitchenPatch } from '../kitchen-words.ts'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import {
  activityKind,
  activityVersion,
  binaryHeaderBytes,
  type Capability,
  type FromPage,
  type StreamName,
  streamPath,
  streamProtocol,
  type ToPage,
} from '../stream-protocol.ts'
import type { TimeControl } from '../time-control.ts'
import { upgradeOf } from '../upgrade.ts'
import { openWebSocket } from '../web-socket.ts'
import { actorOf } from './actors.ts'
import { KitchenFeed } from './kitchen-feed.ts'
import type { Taps } from './taps.ts'

export const streamBounds = {
  viewersMax: 50,
  /** On average, to one viewer. */
  bytesPerSecond: 256 * 1_024,
  /** What a viewer may be sent at once beyond it: what is whole. */
  burstBytes: 4 * 2 ** 20,
  /** With more than this waiting for it, a viewer gets no more frames. */
  waitingBytesMax: 2 ** 20,
  /** With more than this it is cut off. */
  backlogBytesMax: 8 * 2 ** 20,
  /** Actors that one viewer follows. */
  actorsMax: 20,
  /** After a gap all is told again, and not sooner than so long after the last time. */
  againMs: 2_000,
  clusterMs: 1_000,
  timeMs: 100,
  faultsMs: 500,
  heartbeatMs: 10_000,
} as const
export type StreamBounds = { readonly [Key in keyof typeof streamBounds]: number }

export interface StreamParts {
  readonly client: ClusterClient
  /** Whose kitchen is shown. */
  readonly site: string
  readonly time: TimeControl | undefined
  readonly faults?: FaultControl | undefined
  readonly taps: Taps
  readonly bounds?: Partial<StreamBounds>
}

const isFromPage = Compile(
  Type.Object(
    { type: Type.Enum(['subscribe', 'unsubscribe']), stream: Type.String({ maxLength: 210 }) },
    exact,
  ),
)
/** Longer ones are no control frames. */
const controlBytesMax = 4_096
/** Who does not answer a close is cut off after this long. */
const closeGraceMs = 2_000

const handshakes = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: controlBytesMax,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has(streamProtocol) ? streamProtocol : false),
})

export class Streams {
  readonly #parts: StreamParts
  readonly #bounds: StreamBounds
  readonly #viewers = new Set<Viewer>()
  #activity: ActivityWatch | undefined
  #again: NodeJS.Timeout | undefined
  #againAt = Number.NEGATIVE_INFINITY
  #kitchen: KitchenFeed | undefined
  readonly #timers = new Map<Rhythm, NodeJS.Timeout>()
  #isAsking = false
  #timeTold = ''
  #faultsTold = ''

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#bounds = { ...streamBounds, ...parts.bounds }
  }

  /** @throws Problem `too-many-streams`. */
  assertPlace(): void {
    const { viewersMax } = this.#bounds
    if (this.#viewers.size < viewersMax) return
    throw new Problem('too-many-streams', `There are ${viewersMax} viewers already.`)
  }

  /** `mayStay` never rejects. */
  async admit(webSocket: WebSocket, socket: Socket, mayStay: () => Promise<boolean>): Promise<void> {
    const viewer = new Viewer(webSocket, socket, mayStay, this.#bounds, {
      heard: (said) => this.#heard(viewer, said),
      left: () => this.#left(viewer),
    })
    this.#viewers.add(viewer)
    this.#keep('heartbeat', true)
    const { client } = this.#parts
    const cluster = await client.cluster().then(
      ({ id }) => id,
      () => '',
    )
    viewer.say({
      type: 'welcome',
      cluster,
      capabilities: capabilitiesOf(this.#parts),
      bytesPerSecond: this.#bounds.bytesPerSecond,
    })
  }

  close(): void {
    for (const viewer of [...this.#viewers]) viewer.close(1001, 'come back')
  }

  #heard(viewer: Viewer, { type, stream }: FromPage): void {
    const name = this.#streamOf(viewer, stream)
    if (name === undefined) return
    if (type === 'unsubscribe') {
      viewer.leave(name)
      viewer.say({ type: 'unsubscribed', stream: name })
      this.#keepAll()
      return
    }
    if (viewer.wants(name)) return
    if (name.startsWith('actor:') && viewer.actors >= this.#bounds.actorsMax) {
      const detail = `A page follows at most ${this.#bounds.actorsMax} actors.`
      viewer.say({ type: 'error', code: 'off', detail })
      return
    }
    if (name.startsWith('tap:')) {
      this.#followTap(viewer, name)
      return
    }
    viewer.say({ type: 'subscribed', stream: name })
    if (name.startsWith('actor:')) {
      const actor = name.slice('actor:'.length) as ActorId
      viewer.enter(
        name,
        this.#parts.client.watch(actor, () => viewer.say({ type: 'changed', actor })),
      )
      return
    }
    viewer.enter(name)
    this.#keepAll()
    if (name === 'activity') this.#activity?.again()
    else if (name === 'cluster') void this.#tellCluster()
    else if (name === 'kitchen') this.#tellKitchen(viewer)
    else if (name === 'faults') void this.#tellFaults(viewer)
    else this.#tellTime(true)
  }

  #streamOf(viewer: Viewer, stream: string): StreamName | undefined {
    const actor = stream.startsWith('actor:') ? stream.slice('actor:'.length) : undefined
    if (actor !== undefined && isActorId(actor)) return `actor:${actor}`
    if (stream.startsWith('tap:')) return stream as StreamName
    const { time } = this.#parts
    if (stream === 'time' && time === undefined) {
      viewer.say({ type: 'error', code: 'off', detail: timeIsOff })
      return undefined
    }
    if (stream === 'faults' && this.#parts.faults === undefined) {
      viewer.say({ type: 'error', code: 'off', detail: faultsAreOff })
      return undefined
    }
    const named = plainStreams.find((one) => one === stream)
    if (named !== undefined) return named
    viewer.say({ type: 'error', code: 'unknown-stream', detail: `There is no stream '${stream}'.` })
    return undefined
  }

  #followTap(viewer: Viewer, name: StreamName): void {
    const id = name.slice('tap:'.length)
    const tap = this.#parts.taps.find(id)
    if (tap === undefined || !tap.hasPlace) {
      const detail = tap === undefined ? `There is no tap '${id}'; it may have ended.` : 'Too many read it.'
      viewer.say({ type: 'error', code: 'unknown-stream', detail })
      return
    }
    viewer.say({ type: 'subscribed', stream: name })
    const stop = tap.follow(
      {
        get hasRoom() {
          return viewer.hasRoom
        },
        tell: (told) => {
          const words = { type: 'tapped', tap: id, ...told } satisfies ToPage
          // Counts alone are said also to who has no room: at its end a tap tells what was missed.
          if (told.messages.length === 0) viewer.say(words)
          else viewer.show(name, JSON.stringify(words))
        },
        end: (why) => {
          viewer.leave(name)
          viewer.say({ type: 'tap-ended', tap: id, why })
        },
      },
      0,
    )
    viewer.enter(name, stop)
  }

  #left(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    this.#keepAll()
  }

  #wanted(stream: StreamName): readonly Viewer[] {
    return [...this.#viewers].filter((viewer) => viewer.wants(stream))
  }

  /** Begins and ends what is asked of the cluster, by who wants it. */
  #keepAll(): void {
    const isWanted = this.#wanted('activity').length > 0
    if (isWanted) this.#activity ??= this.#parts.client.watchActivity((frame) => this.#tellActivity(frame))
    else {
      this.#activity?.stop()
      this.#activity = undefined
    }
    this.#keepKitchen()
    this.#keep('cluster', this.#wanted('cluster').length > 0)
    this.#keep('time', this.#wanted('time').length > 0)
    this.#keep('faults', this.#wanted('faults').length > 0)
    this.#keep('heartbeat', this.#viewers.size > 0)
  }

  #keepKitchen(): void {
    const { client, site, time } = this.#parts
    if (this.#wanted('kitchen').length > 0) {
      const tell = (patch: KitchenPatch): void => {
        const words = JSON.stringify({ type: 'kitchen', ...patch } satisfies ToPage)
        for (const viewer of this.#wanted('kitchen'))
          if (viewer.show('kitchen', words) === 'after-a-gap') this.#tellKitchen(viewer)
      }
      this.#kitchen ??= new KitchenFeed(client, site, tell, time)
    } else {
      this.#kitchen?.stop()
      this.#kitchen = undefined
    }
  }

  /** All of it. */
  #tellKitchen(viewer: Viewer): void {
    if (this.#kitchen === undefined) return
    viewer.show('kitchen', JSON.stringify({ type: 'kitchen', ...this.#kitchen.whole } satisfies ToPage))
  }

  #keep(name: Rhythm, isNeeded: boolean): void {
    const timer = this.#timers.get(name)
    if (isNeeded && timer === undefined) {
      const run = {
        cluster: () => void this.#tellCluster(),
        time: () => this.#tellTime(false),
        faults: () => void this.#tellFaults(),
        heartbeat: () => this.#beat(),
      }[name]
      this.#timers.set(name, setInterval(run, this.#bounds[`${name}Ms`]))
    } else if (!isNeeded && timer !== undefined) {
      clearInterval(timer)
      this.#timers.delete(name)
    }
  }

  #tellActivity(frame: Uint8Array): void {
    const bytes = new Uint8Array(binaryHeaderBytes + frame.length)
    bytes.set([activityKind, activityVersion])
    bytes.set(frame, binaryHeaderBytes)
    for (const viewer of this.#wanted('activity'))
      if (viewer.show('activity', bytes) === 'after-a-gap') this.#tellAllAgain()
  }

  /** All nodes tell all to all viewers: one who reads slowly does not make them do so all the time. */
  #tellAllAgain(): void {
    this.#again ??= setTimeout(
      () => {
        this.#again = undefined
        this.#againAt = performance.now()
        this.#activity?.again()
      },
      Math.max(0, this.#againAt + this.#bounds.againMs - performance.now()),
    ).unref()
  }

  async #tellCluster(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    const said: ToPage = await this.#parts.client.cluster().then(
      (view) => ({ type: 'cluster', view }),
      () => ({ type: 'silent', stream: 'cluster', detail: 'The cluster does not answer.' }),
    )
    this.#isAsking = false
    for (const viewer of this.#wanted('cluster')) viewer.say(said)
  }

  /** Only when it is not what was told. */
  #tellTime(isNew: boolean): void {
    const view = this.#parts.time?.view()
    if (view === undefined) return
    const told = JSON.stringify(view)
    if (told === this.#timeTold && !isNew) return
    this.#timeTold = told
    for (const viewer of this.#wanted('time')) viewer.say({ type: 'time', view })
  }

  /** To a newcomer what there is; to all of them only what has changed. */
  async #tellFaults(newcomer?: Viewer): Promise<void> {
    const faults = await this.#parts.faults?.faults().catch(() => undefined)
    if (faults === undefined) return
    const told = JSON.stringify(
      faults.map(({ ageMs: _, leftMs: __, ended, ...fault }) => [fault, ended?.how]),
    )
    const hasChanged = told !== this.#faultsTold
    this.#faultsTold = told
    const viewers = hasChanged ? this.#wanted('faults') : newcomer === undefined ? [] : [newcomer]
    for (const viewer of viewers) viewer.say({ type: 'faults', faults })
  }

  #beat(): void {
    for (const viewer of this.#viewers) viewer.beat()
  }
}

function isActorId(id: string): boolean {
  try {
    actorOf(id)
    return true
  } catch (error) {
    if (error instanceof ClusterError) return false
    throw error
  }
}

type Rhythm = 'cluster' | 'time' | 'faults' | 'heartbeat'
const plainStreams = ['activity', 'cluster', 'kitchen', 'time', 'faults'] as const
const faultsAreOff = 'This gateway has nothing to break its cluster with.'
const timeIsOff = 'This cluster is live: its time cannot be turned.'

function capabilitiesOf({ time, faults }: StreamParts): readonly Capability[] {
  const later = 'It is not built yet.'
  return [
    { name: 'time', ...(time === undefined && { offBecause: timeIsOff }) },
    { name: 'faults', ...(faults === undefined && { offBecause: faultsAreOff }) },
    ...['traces', 'logs', 'metrics', 'loads', 'tours'].map((name) => ({ name, offBecause: later })),
  ]
}

interface ViewerEvents {
  readonly heard: (said: FromPage) => void
  readonly left: () => void
}

/** One page at the other end. */
class Viewer {
  readonly #webSocket: WebSocket
  readonly #mayStay: () => Promise<boolean>
  readonly #bounds: StreamBounds
  readonly #streams = new Map<StreamName, (() => void) | undefined>()
  /** Bytes that it may be sent now, and when that was so. */
  #allowance: number
  #at = performance.now()
  readonly #dropped = new Map<StreamName, number>()
  #hasAnswered = true
  readonly #left: () => void

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    mayStay: () => Promise<boolean>,
    bounds: StreamBounds,
    { heard, left }: ViewerEvents,
  ) {
    this.#webSocket = webSocket
    this.#mayStay = mayStay
    this.#bounds = bounds
    this.#allowance = bounds.burstBytes
    webSocket.on('pong', () => {
      this.#hasAnswered = true
    })
    webSocket.on('message', (data, isBinary) => {
      if (webSocket.readyState !== WebSocket.OPEN) return
      const said = isBinary ? undefined : saidIn(data)
      if (said !== undefined) return heard(said)
      this.say({ type: 'error', code: 'malformed', detail: 'This is no frame of inspector.v1.' })
      this.close(1008, 'malformed')
    })
    // What breaks the protocol is answered with its close code; nothing else is to be done about it.
    webSocket.on('error', () => this.#cutOffSoon())
    this.#left = left
    socket.once('close', () => this.#letGo())
  }

  get actors(): number {
    return [...this.#streams.keys()].filter((stream) => stream.startsWith('actor:')).length
  }

  wants(stream: StreamName): boolean {
    return this.#streams.has(stream)
  }

  /** `stop` ends what was begun for this viewer alone. */
  enter(stream: StreamName, stop?: () => void): void {
    this.#streams.set(stream, stop)
  }

  leave(stream: StreamName): void {
    this.#streams.get(stream)?.()
    this.#streams.delete(stream)
    this.#dropped.delete(stream)
  }

  say(words: ToPage): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return
    if (this.#webSocket.bufferedAmount > this.#bounds.backlogBytesMax) this.#webSocket.terminate()
    else this.#webSocket.send(JSON.stringify(words))
  }

  /** Whether a frame would be sent now. */
  get hasRoom(): boolean {
    const now = performance.now()
    const { bytesPerSecond, burstBytes, waitingBytesMax } = this.#bounds
    this.#allowance = Math.min(burstBytes, this.#allowance + ((now - this.#at) / 1_000) * bytesPerSecond)
    this.#at = now
    const isBehind = this.#webSocket.bufferedAmount > waitingBytesMax || this.#allowance < 0
    return !isBehind && this.#webSocket.readyState === WebSocket.OPEN
  }

  /** Sends a frame, or leaves it out. `after-a-gap`: this one was sent, and others before it were not. */
  show(stream: StreamName, frame: Uint8Array | string): 'sent' | 'left-out' | 'after-a-gap' {
    if (!this.hasRoom) {
      this.#dropped.set(stream, (this.#dropped.get(stream) ?? 0) + 1)
      return 'left-out'
    }
    this.#allowance -= frame.length
    const dropped = this.#dropped.get(stream) ?? 0
    this.#dropped.delete(stream)
    if (dropped > 0) this.say({ type: 'gap', stream, dropped })
    this.#webSocket.send(frame)
    return dropped > 0 ? 'after-a-gap' : 'sent'
  }

  beat(): void {
    if (!this.#hasAnswered) {
      this.#webSocket.terminate()
      return
    }
    this.#hasAnswered = false
    this.#webSocket.ping()
    void this.#mayStay().then((may) => {
      if (!may) this.close(1008, 'token-invalid')
    })
  }

  close(code: number, reason: string): void {
    this.#letGo()
    this.#webSocket.close(code, reason)
    this.#cutOffSoon()
  }

  #letGo(): void {
    for (const stop of this.#streams.values()) stop?.()
    this.#streams.clear()
    this.#left()
  }

  #cutOffSoon(): void {
    setTimeout(() => this.#webSocket.terminate(), closeGraceMs).unref()
  }
}

function saidIn(data: RawData): FromPage | undefined {
  try {
    const said: unknown = JSON.parse(String(data))
    return isFromPage.Check(said) ? said : undefined
  } catch {
    return undefined
  }
}

export function streamRoutes(app: Server, streams: Streams): void {
  app.get(
    streamPath,
    {
      schema: {
        summary: 'The cluster as it happens, over a WebSocket',
        description: [
          'Sub-protocol `inspector.v1`. Text frames are JSON: a page says `{"type":"subscribe","stream":"activity"}`, or',
          '`cluster`, `time`, `kitchen`, `faults`, `actor:ID`, `tap:ID`, and `unsubscribe`. The gateway says `welcome` once,',
          'which tells what is not offered, and why. Binary frames are what actors do, as columns of cumulative counts; `gap` says that frames were',
          'left out. A page with a token offers it as a second sub-protocol: `bearer.` and the token in base64url.',
        ].join(' '),
        tags: ['stream'],
        response: { ...problems('too-many-streams', 'upgrade-required') },
      },
    },
    async (request, reply) => {
      // First, and told to everybody: a browser hides from its page why a handshake was refused.
      streams.assertPlace()
      const head = upgradeOf(request.raw)
      const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
      if (head === undefined || !offered.includes(streamProtocol)) {
        throw new Problem('upgrade-required', {
          detail: `Ask for a WebSocket with the sub-protocol ${streamProtocol}.`,
          headers: { upgrade: 'websocket' },
        })
      }
      openWebSocket(reply, head, handshakes, (webSocket, socket) => {
        void streams.admit(webSocket, socket, request.mayStay)
      })
      return reply
    },
  )
  app.addHook('preClose', (done) => {
    streams.close()
    done()
  })
}
