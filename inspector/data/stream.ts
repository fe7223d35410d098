/**
 * The stream, for rooms: a picture of all actors while somebody looks.
 *
 * Owns:     when there is a line (a room wants one, and the tab is seen), coming back, and how often a picture is handed out.
 * Does not: make anything inside a picture reactive: each one replaces the one before.
 */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import { streamPath, type ToPage } from '../../gateway/stream-protocol.ts'
import type { Picture } from '../model/cluster-model.ts'
import type { FromFeed, ToFeed } from '../model/feed-words.ts'
import { token } from './operator.ts'

const pictureMs = 100
const retryMinMs = 500
const retryMaxMs = 8_000

export type Line = 'off' | 'connecting' | 'live' | 'lost'

export const line = shallowRef<Line>('off')
/** Undefined until the first one. */
export const picture: ShallowRef<Picture | undefined> = shallowRef()
/** Frames that were left out, since the line is there. */
export const dropped = shallowRef(0)

const wanted = new Map<string, number>()
const listeners = new Set<(words: ToPage) => void>()
let worker: Worker | undefined
let retryMs = retryMinMs
let retry: ReturnType<typeof setTimeout> | undefined
let drawing: ReturnType<typeof setTimeout> | undefined

/** While the component is there, `picture` is kept up to date. */
export function useActivity(): void {
  want('activity')
  onScopeDispose(() => leave('activity'))
}

/** Also has what is said of a stream come in, until what is returned is called. Others that are wanted come in, too. */
export function follow(stream: string, hear: (words: ToPage) => void): () => void {
  listeners.add(hear)
  want(stream)
  return () => {
    listeners.delete(hear)
    leave(stream)
  }
}

/** The cluster's view says that the process of a node has ended. */
export function tellEnded(node: string): void {
  tell({ kind: 'ended', node })
}

function want(stream: string): void {
  const before = wanted.get(stream) ?? 0
  wanted.set(stream, before + 1)
  if (before > 0) return
  if (line.value === 'live') tell({ kind: 'say', type: 'subscribe', stream })
  else connect()
}

function leave(stream: string): void {
  const left = (wanted.get(stream) ?? 1) - 1
  if (left > 0) {
    wanted.set(stream, left)
    return
  }
  wanted.delete(stream)
  tell({ kind: 'say', type: 'unsubscribe', stream })
  if (wanted.size === 0) disconnect()
}

function connect(): void {
  if (line.value === 'connecting' || document.hidden || wanted.size === 0) return
  clearTimeout(retry)
  worker ??= newWorker()
  line.value = 'connecting'
  const url = new URL(streamPath, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  tell({ kind: 'open', url: url.href, token: token.value })
}

function disconnect(): void {
  clearTimeout(retry)
  clearTimeout(drawing)
  drawing = undefined
  tell({ kind: 'close' })
  line.value = 'off'
  picture.value = undefined
}

function newWorker(): Worker {
  const made = new Worker(new URL('../model/feed.worker.ts', import.meta.url), { type: 'module' })
  made.addEventListener('message', ({ data }: MessageEvent<FromFeed>) => heard(data))
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) disconnect()
    else connect()
  })
  return made
}

function heard(words: FromFeed): void {
  switch (words.kind) {
    case 'open':
      line.value = 'live'
      dropped.value = 0
      retryMs = retryMinMs
      for (const stream of wanted.keys()) tell({ kind: 'say', type: 'subscribe', stream })
      draw()
      return
    case 'closed':
      line.value = 'lost'
      clearTimeout(drawing)
      drawing = undefined
      retry = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMaxMs, retryMs * 2)
      return
    case 'said':
      said(words.words)
      return
    case 'picture':
      if (line.value !== 'live') return
      picture.value = words.picture
      drawing = setTimeout(draw, pictureMs)
  }
}

function said(words: ToPage): void {
  if (words.type === 'gap') dropped.value += words.dropped
  for (const hear of [...listeners]) hear(words)
}

/** Never more often than the screen is drawn. */
function draw(): void {
  if (wanted.has('activity')) requestAnimationFrame(() => tell({ kind: 'picture' }))
  else drawing = setTimeout(draw, pictureMs)
}

function tell(words: ToFeed): void {
  worker?.postMessage(words)
}
