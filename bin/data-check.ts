/**
 * Whether a data folder is what was written, and whether what was written makes sense.
 *
 * Owns:     the order of the looks: the file, the rows, the history; and that no cluster runs meanwhile.
 * Does not: know checksums (`#live`) or rules (`#day`).
 *
 * Invariants:
 *   D1. After a failed flush the mark goes only when nothing wrong was found.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ActorId, Instant } from '#actor'
import { DayChecker, suppliedBy, type Verdict } from '#day'
import { shardHashVersion } from '#host'
import {
  archivedBatches,
  archiveFiles,
  archiveIn,
  checkData,
  clearFlushFailed,
  Environment,
  latestWorldTime,
  lockDataFolder,
  readWorldClock,
  rowsOf,
  scopesOf,
  shardCounts,
} from '#live'
import { ledgerIn, type PaymentRecord, type SupplyRecord, supplierLedgerIn } from '#outside'
import type { KeptBatch } from '#ports'
import { restaurantCluster } from '../cluster.config.ts'
import { UsageError } from './command-line/usage-error.ts'
import { commitsOf, contested, inOrder, withArchived } from './live-day/history.ts'

export interface DataReport {
  readonly folder: string
  readonly rows: number
  /** Of all actors, ever. */
  readonly turns: number
  readonly openOrders: number
  /** Batches that were trimmed and are in the archive: they are judged with the others. */
  readonly archived: number
  /** Actors whose first turns are kept nowhere. If there are any, only what needs no turns of others is judged. */
  readonly cut: number
  /** Rows that are not what was written. */
  readonly problems: readonly string[]
  /** What the history says. Empty when it cannot be read. */
  readonly checks: readonly Verdict[]
}

/**
 * @throws UsageError when there is no data; ClusterError `DATA_IN_USE`, `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`,
 *   `DATA_SHARDS_MISMATCH`, `ARCHIVE_DAMAGED`.
 */
export async function checkFolder(folder: string): Promise<DataReport> {
  if (!existsSync(join(folder, 'data.mdb'))) {
    throw new UsageError(`There is no data in '${folder}'.`, 'Say where it is: npx brigade check --data DIR')
  }
  const lock = lockDataFolder(folder)
  const definition = restaurantCluster()
  try {
    const environment = await Environment.open({
      folder,
      departments: shardCounts(definition),
      hashVersion: shardHashVersion,
      afterFailedFlush: true,
    })
    try {
      const { rows, problems } = checkData(environment)
      const report =
        problems.length > 0
          ? { folder, rows, turns: 0, openOrders: 0, archived: 0, cut: 0, problems, checks: [] }
          : { folder, rows, problems, ...checksOf(environment, definition, booksOf(folder)) }
      const isWhole = problems.length === 0 && report.checks.every(({ held }) => held)
      if (isWhole) clearFlushFailed(folder)
      return report
    } finally {
      await environment.close()
    }
  } finally {
    lock.release()
  }
}

function checksOf(
  environment: Environment,
  { registry }: ReturnType<typeof restaurantCluster>,
  { provider, supplier }: Books,
): Pick<DataReport, 'turns' | 'openOrders' | 'archived' | 'cut' | 'checks'> {
  const kept = scopesOf(environment)
  const { scopes, cut } = withArchived(kept, archivedIn(environment.folder))
  const checker = new DayChecker({ registry, cut })
  const ordered = inOrder(scopes)
  for (const commit of commitsOf(ordered, rowsOf(environment, 'snapshots'), 0 as Instant))
    checker.commit(commit)
  const rows = <T extends Parameters<typeof rowsOf>[1]>(table: T) => rowsOf(environment, table)
  let openOrders = 0
  for (const [, { id, status }] of rowsOf(environment, 'snapshots')) {
    if (isOrder(id) && status !== 'archived') openOrders += 1
  }
  // What has to be true when nothing is open is judged only then.
  const supplied = supplier && { supplied: suppliedOf(environment, supplier) }
  const end = { log: [], provider, ...supplied, rows }
  const verdicts = checker.isQuiet(rows)
    ? checker.close({ ...end, healedAt: 0 as Instant, settleWithinUs: 0 }).verdicts
    : checker.standing(provider)
  const two = contested(ordered, rowsOf(environment, 'shards'))
  return {
    turns: ordered.reduce((sum, { records }) => sum + records.length, 0),
    openOrders,
    archived: ordered.length - kept.reduce((sum, { batches }) => sum + batches.length, 0),
    cut: cut.size,
    checks: verdicts
      .filter(({ id }) => id !== 'orders' && id !== 'liveness')
      .map((verdict) =>
        verdict.id === 'owner' && two.length > 0
          ? { id: 'owner', held: false, detail: two.join('; ') }
          : verdict,
      ),
  }
}

function* archivedIn(dataFolder: string): Generator<KeptBatch> {
  for (const file of archiveFiles(archiveIn(dataFolder))) yield* archivedBatches(file)
}

/**
 * Nobody knows how long the cluster was in trouble before it ended: so long it never is, and what came before is in
 * its bin.
 */
const bookedWithinUs = 7_200_000_000

const isOrder = (id: ActorId): boolean => id.startsWith('order/')

/** As of when the last process ended: after a crash that is the latest turn. */
function suppliedOf(environment: Environment, orders: readonly SupplyRecord[]) {
  const now = Math.max(readWorldClock(environment)?.anchorWorld ?? 0, latestWorldTime(environment))
  return suppliedBy(orders, { now, bookedBefore: now - bookedWithinUs })
}

/** Of the parties outside. */
interface Books {
  readonly provider: readonly PaymentRecord[]
  /** Absent: they are not seen. */
  readonly supplier: readonly SupplyRecord[] | undefined
}

function booksOf(folder: string): Books {
  const read = (name: string): string | undefined => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const supplier = read('supplier-ledger.jsonl')
  return {
    provider: ledgerIn(read('provider-ledger.jsonl') ?? '').payments,
    supplier: supplier === undefined ? undefined : supplierLedgerIn(supplier).orders,
  }
}
