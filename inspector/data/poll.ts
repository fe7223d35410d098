/**
 * What the page knows of the cluster, asked for each second.
 *
 * Owns:     the rhythm, and whether anybody answers: after a silence it asks again by itself, ever more rarely.
 * Does not: make anything reactive but the reference to each answer: an answer is replaced whole, and never changed.
 *
 * A hidden tab asks nothing.
 */
import { computed, shallowRef } from 'vue'
import { countIn } from '../shell/words.ts'
import type { ActorItem, Cluster, ClusterIncident, Invariant, Page, Time } from './answers.ts'
import { changesBetween, type Incident, toldOf } from './incidents.ts'
import { ask, Refused } from './operator.ts'
import { turnsBetween } from './turns-between.ts'

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly since: number; readonly retryAt: number; readonly why: string }
  /** It wants a token; `isWrong`: another than this one. */
  | { readonly kind: 'locked'; readonly isWrong: boolean }

/** One moment of what passed through the cluster, by the world's clock. */
export interface Sample {
  readonly at: number
  readonly turnsPerSecond: number
}

const everyMs = 1_000
/** What an incident has changed is asked for sooner: a page that tells of it, and shows what was before, contradicts itself. */
const newsMs = 200
const retryMaxMs = 8_000
const incidentsKept = 200
const samplesKept = 900
const pagesOfOrdersMax = 10

export const connection = shallowRef<Connection>({ kind: 'connecting' })
export const cluster = shallowRef<Cluster>()
/** Undefined: the cluster is live, and its time is everybody's. */
export const time = shallowRef<Time>()
export const orders = shallowRef<readonly ActorItem[]>([])
/** There may be more on their way than are asked for. */
const areOrdersAll = shallowRef(true)
export const invariants = shallowRef<readonly Invariant[]>([])
export const incidents = shallowRef<readonly Incident[]>([])
export const samples = shallowRef<readonly Sample[]>([])
/** How long shards had no owner when that happened last. */
export const lastRecoveryMs = shallowRef<number>()
/** When the latest answer came, by this page's clock (`performance.now()`). */
export const heardAt = shallowRef(0)

/** Of the orders on their way: `1,284`, or `2,000+` when there are more than are asked for. */
export const orderCount = computed(() => `${countIn(orders.value.length)}${areOrdersAll.value ? '' : '+'}`)
export const deadLetterCount = computed(() => total(cluster.value, 'deadLettersNow'))
export const actorCount = computed(() => total(cluster.value, 'actors'))

/** The world's clock at a moment of this page's; between two answers it goes on as fast as it went. */
export function worldAt(pageNow: number): number | undefined {
  const known = cluster.value
  if (known === undefined) return undefined
  const clock = time.value
  const goes = connection.value.kind === 'live' && (clock === undefined || clock.state === 'running')
  const passedMs = goes ? Math.min(pageNow - heardAt.value, 2 * everyMs) * known.world.speed : 0
  return Date.parse(clock?.now ?? known.world.now) + Math.max(0, passedMs)
}

const total = (known: Cluster | undefined, gauge: string): number =>
  (known?.nodes ?? []).reduce((sum, { gauges }) => sum + (gauges[gauge] ?? 0), 0)

let timer: ReturnType<typeof setTimeout> | undefined
let failures = 0
let isAsking = false
let isNews = false
let newestAt: string | undefined
/** What this page alone has seen. */
let changes: readonly Incident[] = []

/** Asks now, and from then on each second. */
export function startPolling(): void {
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void askAll()
  })
  void askAll()
}

/** Does not wait for the time of the next try. */
export function askNow(): void {
  void askAll()
}

async function askAll(): Promise<void> {
  if (isAsking) return
  isAsking = true
  clearTimeout(timer)
  const startedAt = performance.now()
  try {
    await askEach()
    failures = 0
    connection.value = { kind: 'live' }
  } catch (error) {
    failures += 1
    connection.value = connectionAfter(error)
  }
  isAsking = false
  if (document.hidden) return
  const { value: now } = connection
  if (now.kind === 'locked') return
  // What took long is not asked for again at once.
  const restMs = isNews ? newsMs : everyMs
  const nextAt =
    now.kind === 'lost' ? now.retryAt : Math.max(startedAt + restMs, performance.now() + restMs / 2)
  timer = setTimeout(() => void askAll(), Math.max(0, nextAt - performance.now()))
}

async function askEach(): Promise<void> {
  const view = await ask<Cluster>('cluster')
  const [clock, live, { items }, kept] = await Promise.all([
    view.world.isSimulated ? ask<Time>('time') : undefined,
    askOrders(),
    ask<Page<Invariant>>('invariants'),
    ask<Page<ClusterIncident>>('incidents'),
  ])
  const before = cluster.value
  const at = Date.parse(clock?.now ?? view.world.now)
  const now = performance.now()
  if (before !== undefined && before.id === view.id) {
    const seconds = (now - heardAt.value) / 1_000
    const turnsPerSecond = turnsBetween(before, view) / seconds
    samples.value = [...samples.value.slice(1 - samplesKept), { at, turnsPerSecond }]
    changes = [...changesBetween(before, view, at), ...changes].slice(0, incidentsKept)
  }
  incidents.value = [...kept.items.map((one) => toldOf(one, view.world)), ...changes].toSorted(
    (one, other) => other.at - one.at,
  )
  const [newest] = kept.items
  isNews = newest !== undefined && newest.at !== newestAt
  newestAt = newest?.at
  lastRecoveryMs.value = kept.items.find(({ kind }) => kind === 'recovered')?.tookMs
  heardAt.value = now
  cluster.value = view
  time.value = clock
  orders.value = live
  invariants.value = items
}

/** Those that are on their way. Of very many, the first pages. */
async function askOrders(): Promise<readonly ActorItem[]> {
  const found: ActorItem[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesOfOrdersMax; page += 1) {
    const more: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const answer = await ask<Page<ActorItem>>(`actors?type=order&status=live&limit=200${more}`)
    found.push(...answer.items)
    cursor = answer.nextCursor
    if (cursor === undefined) break
  }
  areOrdersAll.value = cursor === undefined
  return found
}

function connectionAfter(error: unknown): Connection {
  if (error instanceof Refused && error.refusal.status === 401)
    return { kind: 'locked', isWrong: error.refusal.code === 'token-invalid' }
  const now = performance.now()
  const { value: before } = connection
  return {
    kind: 'lost',
    since: before.kind === 'lost' ? before.since : now,
    retryAt: now + Math.min(retryMaxMs, everyMs * 2 ** (failures - 1)),
    why: error instanceof Refused ? error.refusal.title : 'nobody answers',
  }
}
