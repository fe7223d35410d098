/**
 * The end of the stream in this page, in a thread of its own: it decodes and folds, and hands out pictures and drawings.
 *
 * Owns:     the socket of one page.
 * Does not: come back by itself (`data/stream.ts` decides when), or know what is drawn.
 */
import { decodeActivity } from '#activity'
import {
  activityKind,
  activityVersion,
  bearerProtocol,
  binaryHeaderBytes,
  streamProtocol,
  type ToPage,
} from '../../gateway/stream-protocol.ts'
import { Drawer, type Drawing } from '../scene/drawer.ts'
import { ClusterModel, type Picture } from './cluster-model.ts'
import type { FromFeed, ToFeed } from './feed-words.ts'
import { SupervisionLogger } from './supervision-log.ts'

/** A worker's own scope; the types that are here are those of pages. */
const thread = self as unknown as {
  postMessage(words: FromFeed, moved: Transferable[]): void
  addEventListener(type: 'message', hear: (event: MessageEvent<ToFeed>) => void): void
}
const tell = (words: FromFeed, moved: readonly Transferable[] = []): void =>
  thread.postMessage(words, [...moved])

let socket: WebSocket | undefined
let model = new ClusterModel()
const drawer = new Drawer()
/** For as long as the page is open, over all lines. */
const supervision = new SupervisionLogger()
let latest: Picture | undefined
let madeAt = 0
/** Who asks again within this time is given the same one. */
const madeAgainMs = 50

thread.addEventListener('message', ({ data }) => {
  switch (data.kind) {
    case 'open':
      open(data)
      return
    case 'close':
      socket?.close(1000)
      socket = undefined
      supervision.looksAway()
      return
    case 'say':
      if (data.stream === 'activity') {
        if (data.type === 'subscribe') supervision.looks()
        else supervision.looksAway()
      }
      if (socket?.readyState === WebSocket.OPEN)
        socket.send(JSON.stringify({ type: data.type, stream: data.stream }))
      return
    case 'ended':
      model.nodeEnded(data.node)
      supervision.nodeEnded(data.node)
      return
    case 'picture':
      tell({ kind: 'picture', picture: pictureNow() })
      return
    case 'supervision':
      if (data.known !== supervision.version) tell({ kind: 'supervision', log: supervision.log })
      return
    case 'look':
      drawer.look(data.view)
      return
    case 'draw': {
      const drawing = drawer.drawing(pictureNow())
      tell({ kind: 'drawing', drawing }, drawing === undefined ? [] : buffersOf(drawing))
      return
    }
    case 'who': {
      const { x, y, reach, tag } = data
      tell({ kind: 'found', found: drawer.actorAt(x, y, reach), tag })
    }
  }
})

function pictureNow(): Picture {
  const now = performance.now()
  if (latest !== undefined && now - madeAt < madeAgainMs) return latest
  latest = model.picture(madeAt === 0 ? 0 : now - madeAt)
  madeAt = now
  drawer.saw(latest)
  return latest
}

function open({ url, token, line }: Extract<ToFeed, { kind: 'open' }>): void {
  socket?.close(1000)
  const bearer = token === '' ? [] : [bearerProtocol + base64url(token)]
  const opened = new WebSocket(url, [streamProtocol, ...bearer])
  opened.binaryType = 'arraybuffer'
  socket = opened
  supervision.looksAway()
  opened.addEventListener('open', () => {
    // Until then what was known last can be drawn.
    model = new ClusterModel()
    latest = undefined
    madeAt = 0
    tell({ kind: 'open', line })
  })
  opened.addEventListener('close', ({ code }) => {
    if (socket !== opened) return
    supervision.looksAway()
    tell({ kind: 'closed', code, line })
  })
  opened.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (socket !== opened) return
    if (typeof data === 'string') tell({ kind: 'said', words: JSON.parse(data) as ToPage })
    else if (!fold(new Uint8Array(data))) tell({ kind: 'another-build', line })
  })
}

/**
 * A gap is mended by the gateway: whole frames follow it. Of another kind this page knows nothing.
 *
 * @returns false for another version.
 */
function fold(bytes: Uint8Array): boolean {
  const [kind, version] = bytes
  if (kind !== activityKind) return true
  if (version !== activityVersion) return false
  const frame = decodeActivity(bytes.subarray(binaryHeaderBytes))
  supervision.take(frame.head)
  model.fold(frame)
  return true
}

const buffersOf = ({ marks, links, flights }: Drawing): readonly Transferable[] =>
  [marks, links, flights].flatMap(({ columns }) =>
    Object.values(columns).map(({ buffer }) => buffer as ArrayBuffer),
  )

const base64url = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(
    /[+/=]/g,
    (sign) => ({ '+': '-', '/': '_' })[sign] ?? '',
  )
