/**
 * The checks of the simulator over what a live day has left: one checker, two worlds.
 *
 * Owns:     where each thing that the checks want comes from: the journal and the rows of the data folder, the
 *           guests' own logs, the provider's books.
 * Does not: check anything that the simulator does not.
 */
import type { Instant } from '#actor'
import {
  bookedWithinUs,
  type Day,
  DayChecker,
  type DayResult,
  durationUs,
  type FaultOutcome,
  type Latency,
  latencyOf,
  parseSlo,
  suppliedBy,
  TraceHash,
  type Verdict,
} from '#day'
import { orderOfKey } from '#gateway'
import { shardHashVersion } from '#host'
import { Environment, rowsOf, scopesOf, shardCounts } from '#live'
import type { PaymentRecord, SupplyRecord } from '#outside'
import type { Commit } from '#sim'
import { restaurantCluster } from '../../cluster.config.ts'
import type { LiveGuest } from './guest.ts'
import { commitsOf, contested, inOrder } from './history.ts'

export interface LiveEvidence {
  readonly day: Day
  readonly dataFolder: string
  readonly midnight: Instant
  readonly guests: readonly LiveGuest[]
  readonly faults: readonly FaultOutcome[]
  readonly provider: readonly PaymentRecord[]
  readonly supplier: readonly SupplyRecord[]
  /** When the last fault had ended and its victim answered again, since midnight. */
  readonly healedAt: number
  /** When the last process had ended, since midnight. */
  readonly endedAt: number
  /** Seconds of the restaurant in a real one. */
  readonly speed: number
  /** Told of the journal's batches, as the checks are. */
  readonly onCommit?: (commit: Commit) => void
}

/** A supplier that gave no answer is asked again a little later, by the clock of this machine. */
const bookedWithinRealUs = 60_000_000

type Judged = Pick<DayResult, 'orders' | 'money' | 'checks' | 'reached' | 'traceHash' | 'events'>

export async function judge(evidence: LiveEvidence): Promise<Judged> {
  const { day, dataFolder, midnight, guests, faults, provider, supplier, healedAt, endedAt, speed } = evidence
  const definition = restaurantCluster()
  const environment = await Environment.open({
    folder: dataFolder,
    departments: shardCounts(definition),
    hashVersion: shardHashVersion,
  })
  try {
    const checker = new DayChecker({ registry: definition.registry, midnight })
    const trace = new TraceHash()
    const ordered = inOrder(scopesOf(environment))
    for (const commit of commitsOf(ordered, rowsOf(environment, 'snapshots'), midnight)) {
      checker.commit(commit)
      trace.add(commit)
      evidence.onCommit?.(commit)
    }
    const secret = Buffer.from(environment.identity.requestHashKey, 'hex')
    const { orders, money, verdicts } = checker.close({
      log: guests
        .filter(({ state }) => state !== 'coming')
        .map((guest) => guest.log((key, account) => orderOfKey(secret, key, account))),
      provider,
      supplied: suppliedBy(supplier, {
        now: midnight + endedAt,
        bookedBefore: midnight + endedAt - Math.max(bookedWithinUs, bookedWithinRealUs * speed),
        wellSince: midnight + healedAt,
      }),
      rows: (table) => rowsOf(environment, table),
      healedAt: healedAt as Instant,
      settleWithinUs: durationUs(day.settleWithin),
      sometimes: day.sometimes,
    })
    const found = new Map<string, readonly string[]>([
      ['orders', guests.flatMap(({ complaints }) => complaints)],
      ['owner', contested(ordered, rowsOf(environment, 'shards'))],
      [
        'faults-fired',
        faults
          .filter(({ fired }) => !fired)
          .map(({ kind, target, at }) => `${kind} of ${target} at ${at} had no effect`),
      ],
    ])
    const fired: Verdict[] = day.faults.length === 0 ? [] : [{ id: 'faults-fired', held: true }]
    const accepted = latencyOf(guests.flatMap(({ latencyMs }) => latencyMs ?? []))
    return {
      orders,
      money,
      checks: [
        ...[...verdicts, ...fired]
          .filter(({ id }) => (day.invariants as readonly string[]).includes(id))
          .map((verdict) => withProblems(verdict, found.get(verdict.id) ?? [])),
        ...(day.slo['order.accept'] ?? []).map((text) => judgeSlo(text, accepted)),
      ],
      reached: checker.reached.counts,
      traceHash: trace.value,
      events: ordered.reduce((sum, { records }) => sum + records.length, 0),
    }
  } finally {
    await environment.close()
  }
}

function withProblems(verdict: Verdict, problems: readonly string[]): Verdict {
  if (problems.length === 0) return verdict
  const detail = [...(verdict.detail === undefined ? [] : [verdict.detail]), ...problems.slice(0, 3)].join(
    '; ',
  )
  return { id: verdict.id, held: false, detail }
}

function judgeSlo(text: string, latency: Latency): Verdict {
  const slo = parseSlo(text)
  const id = `slo order.accept ${text}`
  if (slo === undefined || latency[slo.percentile] < slo.belowMs) return { id, held: true }
  return { id, held: false, detail: `it was ${Math.round(latency[slo.percentile])} ms` }
}
