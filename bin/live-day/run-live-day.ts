/**
 * A restaurant day on a real cluster: real processes, real HTTP, real faults; then the checks of the simulator.
 *
 * Owns:     the order of a live day: a cluster starts, guests come, faults strike, the last orders settle, the
 *           cluster drains, and then its journal is judged.
 * Does not: know what a guest does (`guest.ts`) or how the journal is read (`judge.ts`).
 *
 * Invariants:
 *   L1. The cluster and its temporary data are gone when it resolves or rejects.
 *   L2. What is judged was read from the store after the last process had ended.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterError, type Instant } from '#actor'
import { binRef } from '#actors'
import {
  checkMode,
  type Day,
  type DayResult,
  deliveriesOf,
  durationUs,
  type FaultOutcome,
  hashOfDay,
  latencyOf,
  nodesOf,
  planGuests,
  suppliersOf,
  timeUs,
} from '#day'
import { type LauncherEvent, runtimeNow } from '#live'
import { worldAt } from '#ports'
import { site } from '../../cluster.config.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { type RunningCluster, startCluster } from '../up.ts'
import { DayClock, midnightBefore, worldBefore } from './day-clock.ts'
import { type GuestWorld, LiveGuest } from './guest.ts'
import { judge, type LiveEvidence } from './judge.ts'
import { playFaults } from './live-faults.ts'
import { openingsOf } from './openings.ts'
import { Operations } from './operations.ts'
import { hangRoster } from './roster.ts'
import { Staff } from './staff.ts'

export interface LiveDayRun {
  readonly seed: number
  /** Seconds of the restaurant in a real one. */
  readonly speed: number
  readonly nodes?: number
  /** Kept afterwards. Default: a folder that is removed. */
  readonly dataFolder?: string
  readonly commit?: string
  readonly onProgress?: (progress: LiveProgress) => void
  /** Told of every batch of the journal, when the day is over. */
  readonly onCommit?: NonNullable<LiveEvidence['onCommit']>
}

export interface LiveProgress {
  /** Microseconds since midnight. */
  readonly at: number
  readonly arrived: number
  readonly expected: number
  /** Acknowledged, and not settled yet. */
  readonly open: number
}

const progressEveryMs = 1_000
/** Types of actors that end with their order. */
const typesOfAnOrder = ['order', 'reservation', 'payment', 'ticket', 'dish', 'notification'] as const
const lookAgainMs = 1_000
/** Sixteen characters that no other run has. */
export const newRun = (): string => randomBytes(12).toString('base64url')

/** @throws ClusterError when the day, the speed, the ports or the data folder cannot be used. */
export async function runLiveDay(day: Day, run: LiveDayRun): Promise<DayResult> {
  checkMode(day, { kind: 'live', speed: run.speed })
  const nodes = run.nodes ?? hostingNodes(day)
  checkLayout(day, nodes)
  const dataFolder = run.dataFolder ?? mkdtempSync(join(tmpdir(), 'brigade-day-'))
  const startedAt = performance.now()
  const open = timeUs(day.open)
  let spawned = 0
  const report = (event: LauncherEvent): void => {
    if (event.kind === 'spawned') spawned += 1
  }
  try {
    const cluster = await startCluster({
      dataFolder,
      nodes,
      port: 0,
      opsPort: 0,
      speed: run.speed,
      worldFrom: worldBefore(open, run.speed),
      openings: openingsOf(day, site),
      report,
    })
    const midnight = midnightBefore(open, cluster.world)
    const interrupt = (): void => void cluster.close()
    process.once('SIGINT', interrupt)
    process.once('SIGTERM', interrupt)
    let played: Played
    try {
      played = await play(day, run, cluster, midnight)
    } finally {
      process.removeListener('SIGINT', interrupt)
      process.removeListener('SIGTERM', interrupt)
      await cluster.close()
    }
    const restarts = Math.max(0, spawned - nodes - edges)
    const virtualSeconds = (played.endedAt - open) / 1_000_000
    const judged = await judge({
      day,
      dataFolder,
      midnight,
      guests: played.guests,
      faults: played.faults,
      healedAt: played.healedAt,
      endedAt: worldAt(cluster.world, runtimeNow(cluster.world)) - midnight,
      speed: run.speed,
      provider: cluster.provider.ledger.payments,
      supplier: cluster.supplier.ledger.orders,
      ...(run.onCommit && { onCommit: run.onCommit }),
    })
    return {
      day: day.name,
      mode: 'live',
      seed: run.seed,
      commit: run.commit ?? '',
      optionsHash: hashOfDay(day),
      virtualSeconds,
      wallSeconds: (performance.now() - startedAt) / 1_000,
      ...judged,
      faults: played.faults,
      latencyMs: { 'order.accept': latencyOf(played.guests.flatMap(({ latencyMs }) => latencyMs ?? [])) },
      nodes,
      restarts,
      command: commandOf(day, run),
    }
  } finally {
    if (run.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true })
  }
}

interface Played {
  readonly guests: readonly LiveGuest[]
  readonly faults: readonly FaultOutcome[]
  /** Microseconds since midnight: when every fault had ended, and when the day had. */
  readonly healedAt: number
  readonly endedAt: number
}

async function play(day: Day, run: LiveDayRun, cluster: RunningCluster, midnight: Instant): Promise<Played> {
  const { launcher, provider, supplier, url, opsUrl } = cluster
  const over = new AbortController()
  // Whoever waits for a time of the day waits no longer once the day is over, or its cluster is.
  void launcher.exited.then((code) => over.abort(endedEarly(day, code)))
  const clock = new DayClock(cluster.world, midnight, over.signal)
  const operations = new Operations(opsUrl, clock)
  const world: GuestWorld = { url, clock, run: newRun(), staff: new Staff(url, opsUrl, clock) }
  provider.ledger.settings.latencyMs = durationUs(day.payments.latency) / 1_000
  provider.ledger.settings.declineShare = day.payments.declineShare
  Object.assign(supplier.ledger.settings, suppliersOf(day))

  const guests = planGuests(day, run.seed).map((plan) => new LiveGuest(plan, world))
  const ticker = setInterval(() => run.onProgress?.(progressOf(guests, clock)), progressEveryMs)
  const limit = timeUs(day.close) + durationUs(day.drainLimit)
  try {
    await hangRoster(day, clock, operations)
    let healedAt = 0
    const faults = Promise.all(
      playFaults({ day, clock, launcher, provider, supplier, operations, site }),
    ).then((played) => {
      if (played.length > 0) healedAt = clock.now()
      return played
    })
    const deliveries = deliver(day, operations)
    const visits = guests.map((guest) => guest.visit())
    // Who is not gone at the limit is judged as they stand.
    const everyone = Promise.all([...visits, deliveries])
    const [outcomes] = await Promise.all([faults, Promise.race([everyone, clock.reached(limit)])])
    await untilQuiet(operations, clock, limit)
    const endedAt = clock.now()
    over.abort(new Error('The day is over.'))
    await Promise.allSettled(visits)
    return { guests, faults: outcomes, healedAt, endedAt }
  } finally {
    clearInterval(ticker)
    over.abort()
  }
}

/** 0: it was told to end, by Ctrl-C; otherwise no node could be kept running. */
function endedEarly({ name }: Day, code: 0 | 1): Error {
  return code === 0
    ? new UsageError(`The day '${name}' was interrupted, so nothing is judged.`)
    : new Error(`The cluster ended before the day '${name}' was over.`)
}

/** What comes as it was ordered; what is late or short is brought by its fault. */
async function deliver(day: Day, operations: Operations): Promise<void> {
  await Promise.all(
    deliveriesOf(day)
      .filter(({ trouble }) => trouble === undefined)
      .map(({ at, ingredient, amount }) => operations.deliver(at, binRef(site, ingredient), amount)),
  )
}

/** Until nothing of an order is left, or the day's limit is reached. */
async function untilQuiet(operations: Operations, clock: DayClock, limit: number): Promise<void> {
  while (clock.now() < limit) {
    const ended = await Promise.all(typesOfAnOrder.map((type) => operations.allEnded(type)))
    if (ended.every(Boolean)) return
    await clock.pause(lookAgainMs)
  }
}

const hostingNodes = (day: Day): number =>
  day.cluster.groups
    .filter(({ departments }) => departments.length > 0)
    .reduce((sum, { nodes }) => sum + nodes, 0)

/** A live cluster has one mixed group and one edge. */
const edges = 1

function checkLayout(day: Day, nodes: number): void {
  const refuse = (place: string, what: string, remedy: string): never => {
    throw new ClusterError('DAY_FAULT_UNSUPPORTED', { day: day.name, place, what, mode: 'live', remedy })
  }
  const hosting = day.cluster.groups.filter(({ departments }) => departments.length > 0)
  if (hosting.length !== 1 || hosting[0]?.departments !== 'all') {
    refuse('cluster.groups', 'more than one group that hosts actors', 'Run it in the simulator.')
  }
  const known = new Set([
    ...Array.from({ length: nodes }, (_, n) => `node-${n + 1}`),
    ...Array.from({ length: edges }, (_, n) => `edge-${n + 1}`),
  ])
  const simulated = new Set(nodesOf(day.cluster.groups).map(({ node }) => node))
  for (const [n, fault] of day.faults.entries()) {
    if (!('node' in fault) || known.has(fault.node)) continue
    const remedy = simulated.has(fault.node)
      ? `Name one of ${[...known].join(', ')}, or run it with more --nodes.`
      : `Name one of ${[...known].join(', ')}.`
    refuse(`faults[${n}]`, `${fault.kind} of ${fault.node}`, remedy)
  }
}

function progressOf(guests: readonly LiveGuest[], clock: DayClock): LiveProgress {
  const at = clock.now()
  return {
    at,
    arrived: guests.filter(({ plan }) => plan.at <= at).length,
    expected: guests.length,
    open: guests.filter(({ receipt, isSettled }) => receipt !== undefined && !isSettled).length,
  }
}

function commandOf(day: Day, { seed, speed, nodes, dataFolder }: LiveDayRun): string {
  const size = nodes === undefined ? '' : ` --nodes ${nodes}`
  const data = dataFolder === undefined ? '' : ` --data ${dataFolder}`
  return `npx brigade day ${day.name} --live --speed ${speed} --seed ${seed}${size}${data}`
}
