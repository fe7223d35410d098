/**
 * The world's clock over starts and stops of a cluster.
 *
 * Owns:     what world time a cluster starts with, and what is written when none of its nodes runs any more.
 * Does not: tell the time (`system-clock.ts`) or hold the row (`lmdb/world-clock.ts`).
 */
import { mkdirSync } from 'node:fs'
import type { Instant } from '#actor'
import { type ClusterDefinition, shardHashVersion } from '#host'
import { worldAt } from '#ports'
import { shardCounts } from './live-node.ts'
import { Environment } from './lmdb/environment.ts'
import { latestWorldTime, readWorldClock, writeWorldClock } from './lmdb/world-clock.ts'
import { type MachineAnchor, monotonicUs, runtimeNow } from './system-clock.ts'

/**
 * The world goes on where it stood, or after a crash from the latest turn: no time passed while nothing ran.
 *
 * @throws ClusterError `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`, `DATA_SHARDS_MISMATCH`.
 */
export async function startWorld(
  dataFolder: string,
  definition: ClusterDefinition,
  speed: number,
  /** What it shows when the folder is used for the first time. Default: the time of this machine. */
  worldFrom?: Instant,
): Promise<MachineAnchor> {
  const environment = await openData(dataFolder, definition)
  try {
    const monotonic = monotonicUs()
    const runtime = unixNow()
    const before = readWorldClock(environment)
    const world = Math.max(
      before?.anchorWorld ?? worldFrom ?? runtime,
      latestWorldTime(environment),
    ) as Instant
    await writeWorldClock(environment, {
      anchorWorld: world,
      anchorRuntime: runtime,
      speed,
      version: (before?.version ?? 0) + 1,
    })
    return { world, runtime, speed, monotonicUs: monotonic }
  } finally {
    await environment.close()
  }
}

/** Once no node runs any more. */
export async function stopWorld(
  dataFolder: string,
  definition: ClusterDefinition,
  anchor: MachineAnchor,
): Promise<void> {
  const environment = await openData(dataFolder, definition)
  try {
    const runtime = runtimeNow(anchor)
    const version = (readWorldClock(environment)?.version ?? 0) + 1
    const anchorWorld = Math.max(worldAt(anchor, runtime), latestWorldTime(environment)) as Instant
    await writeWorldClock(environment, { anchorWorld, anchorRuntime: runtime, speed: 0, version })
  } finally {
    await environment.close()
  }
}

function openData(folder: string, definition: ClusterDefinition): Promise<Environment> {
  mkdirSync(folder, { recursive: true })
  return Environment.open({ folder, departments: shardCounts(definition), hashVersion: shardHashVersion })
}

const unixNow = (): Instant => (Date.now() * 1_000) as Instant
