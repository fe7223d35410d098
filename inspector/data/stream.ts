/**
 * The stream, for rooms: a picture of all actors to read, and drawings of it, while somebody looks.
 *
 * Owns:     when there is a line (a room wants one, and the tab is seen), coming back, why there is none, and how often
 *           pictures and drawings are handed out.
 * Does not: make anything inside a picture reactive: each one replaces the one before. A drawing is handed on as it is.
 */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import { streamPath, type ToPage } from '../../gateway/stream-protocol.ts'
import type { Picture } from '../model/cluster-model.ts'
import type { FromFeed, ToFeed } from '../model/feed-words.ts'
import type { SupervisionLog } from '../model/supervision-log.ts'
import type { Drawing, Found, View } from '../scene/drawer.ts'
import { type Gaps, withGap } from './gaps.ts'
import { ask, Refused, token } from './operator.ts'
import { whyCut, whyRefused } from './why-lost.ts'

/** A person reads no faster. */
const pictureMs = 500
const drawingMs = 100
const retryMinMs = 500
const retryMaxMs = 8_000
const anotherBuild = 'The cluster is of another build than this page.'

export type Line = 'off' | 'connecting' | 'live' | 'lost'

export const line = shallowRef<Line>('off')
/** Undefined until the first one. */
export const picture: ShallowRef<Picture | undefined> = shallowRef()
/** What has failed while this page looked. It is kept while the line is lost. */
export const supervision: ShallowRef<SupervisionLog | undefined> = shallowRef()
/** Undefined while there is a line, or nobody wants one. `since`: by this page's clock. */
export const lost = shallowRef<{ readonly since: number; readonly why: string }>()
export const gaps = shallowRef<Gaps>(new Map())
/** The gateway speaks otherwise than this page does: there is no line any more. */
export const isOfAnotherBuild = shallowRef(false)

const wanted = new Map<string, number>()
const listeners = new Set<(words: ToPage) => void>()
let worker: Worker | undefined
let retryMs = retryMinMs
let lines = 0
let retry: ReturnType<typeof setTimeout> | undefined
let reading: ReturnType<typeof setTimeout> | undefined
let drawing: ReturnType<typeof setTimeout> | undefined
let frame = 0
let artist: Artist | undefined
let told: View | undefined
const asked = new Map<number, (found: Found | undefined) => void>()
let tag = 0
/** Rooms that show pictures, and such that show what has failed. */
const readers = { picture: 0, supervision: 0 }

/** While the component is there, `picture` is kept up to date. */
export function useActivity(): void {
  read('picture')
}

/** While the component is there, `supervision` is kept up to date. */
export function useSupervision(): void {
  read('supervision')
}

function read(what: keyof typeof readers): void {
  readers[what] += 1
  want('activity')
  askForReaders()
  onScopeDispose(() => {
    readers[what] -= 1
    leave('activity')
  })
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

export interface Artist {
  /** What is looked at now, the same object while it is the same; undefined: it cannot draw yet. */
  view(): View | undefined
  draw(drawing: Drawing): void
}

/** While the component is there, one artist is handed a drawing up to ten times a second. */
export function useDrawings(one: Artist): void {
  useActivity()
  artist = one
  if (line.value === 'live') draw()
  onScopeDispose(() => {
    if (artist !== one) return
    artist = undefined
    told = undefined
    tell({ kind: 'look', view: undefined })
  })
}

/** Another view of the same: now, and not only with the next drawing. */
export function drawAgain(): void {
  if (artist === undefined || !canDraw()) return
  clearTimeout(drawing)
  draw()
}

/** Who is drawn at a point of the plan, or within `reach` of it. */
export function actorAt(x: number, y: number, reach: number): Promise<Found | undefined> {
  return new Promise((resolve) => {
    tag += 1
    asked.set(tag, resolve)
    tell({ kind: 'who', x, y, reach, tag })
  })
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
  // It is there also for a tab that nobody has seen yet: with it comes the look at whether it is seen.
  worker ??= newWorker()
  if (line.value === 'connecting' || document.hidden || wanted.size === 0) return
  if (isOfAnotherBuild.value) {
    tellLost(anotherBuild)
    return
  }
  clearTimeout(retry)
  line.value = 'connecting'
  lines += 1
  const url = new URL(streamPath, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  tell({ kind: 'open', url: url.href, token: token.value, line: lines })
}

function disconnect(): void {
  clearTimeout(retry)
  rest()
  lines += 1
  tell({ kind: 'close' })
  line.value = 'off'
  lost.value = undefined
  picture.value = undefined
}

/** What was known stays, and is old. */
function endForAnotherBuild(): void {
  isOfAnotherBuild.value = true
  clearTimeout(retry)
  rest()
  lines += 1
  tell({ kind: 'close' })
  line.value = 'lost'
  tellLost(anotherBuild)
}

function tellLost(why: string): void {
  lost.value = { since: lost.value?.since ?? performance.now(), why }
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
      if (words.line !== lines) return
      line.value = 'live'
      lost.value = undefined
      retryMs = retryMinMs
      for (const stream of wanted.keys()) tell({ kind: 'say', type: 'subscribe', stream })
      askForReaders()
      draw()
      return
    case 'closed':
      if (words.line !== lines) return
      if (line.value === 'live') tellLost(whyCut(words.code))
      else void learnWhy()
      line.value = 'lost'
      rest()
      retry = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMaxMs, retryMs * 2)
      return
    case 'another-build':
      if (words.line === lines) endForAnotherBuild()
      return
    case 'said':
      said(words.words)
      return
    case 'picture':
      if (line.value === 'live') picture.value = words.picture
      return
    case 'supervision':
      supervision.value = words.log
      return
    case 'drawing':
      if (!canDraw()) return
      if (words.drawing !== undefined) artist?.draw(words.drawing)
      clearTimeout(drawing)
      if (line.value === 'live') drawing = setTimeout(draw, drawingMs)
      return
    case 'found':
      asked.get(words.tag)?.(words.found)
      asked.delete(words.tag)
  }
}

/** Of a line that never was. It may be there, or not wanted, when the answer comes. */
async function learnWhy(): Promise<void> {
  const why = await ask('stream').then(
    () => whyRefused(undefined),
    (error: unknown) => whyRefused(error instanceof Refused ? error.refusal : undefined),
  )
  if (line.value === 'live' || line.value === 'off' || isOfAnotherBuild.value) return
  if (why === 'another-build') endForAnotherBuild()
  else tellLost(why)
}

function said(words: ToPage): void {
  if (words.type === 'gap') gaps.value = withGap(gaps.value, words.stream, words.dropped, performance.now())
  for (const hear of [...listeners]) hear(words)
}

function askForReaders(): void {
  clearTimeout(reading)
  if (line.value !== 'live') return
  if (readers.picture > 0) tell({ kind: 'picture' })
  if (readers.supervision > 0) tell({ kind: 'supervision', known: supervision.value?.version })
  reading = setTimeout(askForReaders, pictureMs)
}

/** Without a line, what was known last. */
const canDraw = (): boolean => line.value === 'live' || picture.value !== undefined

/** Never more often than the screen is drawn. */
function draw(): void {
  if (frame !== 0) return
  frame = requestAnimationFrame(() => {
    frame = 0
    const view = artist?.view()
    if (view === undefined || !canDraw()) return
    if (view !== told) tell({ kind: 'look', view })
    told = view
    tell({ kind: 'draw' })
  })
}

function rest(): void {
  clearTimeout(reading)
  clearTimeout(drawing)
  for (const answer of asked.values()) answer(undefined)
  asked.clear()
}

function tell(words: ToFeed): void {
  worker?.postMessage(words)
}
