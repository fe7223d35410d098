/**
 * The end of the stream in this page, in a thread of its own: it decodes and folds, and hands out pictures.
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
import { ClusterModel, type Picture } from './cluster-model.ts'
import type { FromFeed, ToFeed } from './feed-words.ts'

/** A worker's own scope; the types that are here are those of pages. */
const thread = self as unknown as {
  postMessage(words: FromFeed, moved: Transferable[]): void
  addEventListener(type: 'message', hear: (event: MessageEvent<ToFeed>) => void): void
}
const tell = (words: FromFeed, moved: readonly Transferable[] = []): void =>
  thread.postMessage(words, [...moved])

let socket: WebSocket | undefined
let model = new ClusterModel()
let drawnAt = 0

thread.addEventListener('message', ({ data }) => {
  switch (data.kind) {
    case 'open':
      open(data.url, data.token)
      return
    case 'close':
      socket?.close(1000)
      socket = undefined
      return
    case 'say':
      if (socket?.readyState === WebSocket.OPEN)
        socket.send(JSON.stringify({ type: data.type, stream: data.stream }))
      return
    case 'ended':
      model.nodeEnded(data.node)
      return
    case 'picture': {
      const now = performance.now()
      const picture = model.picture(drawnAt === 0 ? 0 : now - drawnAt)
      drawnAt = now
      tell({ kind: 'picture', picture }, buffersOf(picture))
    }
  }
})

function open(url: string, token: string): void {
  socket?.close(1000)
  const bearer = token === '' ? [] : [bearerProtocol + base64url(token)]
  const opened = new WebSocket(url, [streamProtocol, ...bearer])
  opened.binaryType = 'arraybuffer'
  socket = opened
  model = new ClusterModel()
  drawnAt = 0
  opened.addEventListener('open', () => tell({ kind: 'open' }))
  opened.addEventListener('close', ({ code }) => {
    if (socket === opened) tell({ kind: 'closed', code })
  })
  opened.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (socket !== opened) return
    if (typeof data === 'string') tell({ kind: 'said', words: JSON.parse(data) as ToPage })
    else fold(new Uint8Array(data))
  })
}

/** A gap is mended by the gateway: whole frames follow it. Of another kind or version this page knows nothing. */
function fold(bytes: Uint8Array): void {
  const [kind, version] = bytes
  if (kind === activityKind && version === activityVersion)
    model.fold(decodeActivity(bytes.subarray(binaryHeaderBytes)))
}

const buffersOf = ({ actors, edges }: Picture): readonly Transferable[] =>
  [...Object.values(actors), ...Object.values(edges)].map(
    (column: { readonly buffer: ArrayBuffer }) => column.buffer,
  )

const base64url = (text: string): string =>
  btoa(text).replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '')
