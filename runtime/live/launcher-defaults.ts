/**
 * Every bound of the launcher, in one place.
 *
 * Owns:     meaning, default and consequence of each, and the relations between them.
 */
import { ClusterError } from '#actor'

export const launcherDefaults = {
  /** How often each node is asked for a heartbeat. Shorter finds a frozen node sooner and costs a message each. */
  heartbeatIntervalMs: 250,
  /**
   * A node that leaves a heartbeat unanswered this long is killed, at most one interval later. Time in which it waited
   * for a CPU does not count. Shorter fails over sooner; but whatever blocks a node's event loop longer (a collection,
   * a large read) then costs its process.
   */
  heartbeatBoundMs: 1_000,
  /** A process that is no member after this is killed, and counts as a failed start. Waits for a CPU do not count here either. */
  startBoundMs: 20_000,
  /** A node that drains longer is killed; its shards are then taken over as after a crash. All of them share it at the end. */
  drainBoundMs: 10_000,
  /** A node whose launcher is gone exits after this, drained or not. A new launcher ends what is left at once. */
  orphanDrainBoundMs: 2_000,
  /** Pause before a node is started again. Doubled with each start that does not become a member. */
  backoffFirstMs: 100,
  /** The longest such pause. */
  backoffMaxMs: 5_000,
  /** So many restarts within the window, or starts in a row that failed, and the node stays down; its shards have moved. */
  restartsMax: 20,
  restartsWindowMs: 60_000,
  /** How long processes of an earlier launcher may take to end after SIGKILL before `up` gives up. */
  orphanEndBoundMs: 5_000,
  /**
   * Node's own flags for node processes. The default halves a loaded node's memory; a node that needs more than
   * this heap ends with "heap out of memory" and is restarted.
   */
  nodeFlags: ['--max-semi-space-size=4', '--max-old-space-size=96'] as readonly string[],
} as const

export type LauncherSettings = {
  readonly [Key in keyof typeof launcherDefaults]: (typeof launcherDefaults)[Key] extends number
    ? number
    : (typeof launcherDefaults)[Key]
}

/** The defaults with `changed` over them, checked. */
export function launcherSettings(changed: Partial<LauncherSettings> = {}): LauncherSettings {
  const settings = { ...launcherDefaults, ...changed }
  const wrong = (field: keyof LauncherSettings, problem: string, remedy: string): ClusterError =>
    new ClusterError('CLUSTER_CONFIG_INVALID', { field: `launcher.${field}`, problem, remedy })

  for (const [name, value] of Object.entries(settings)) {
    const field = name as keyof LauncherSettings
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value > 0)) {
      throw wrong(field, `${value} is not a whole number above 0`, 'Give one.')
    }
  }
  if (settings.heartbeatBoundMs < 2 * settings.heartbeatIntervalMs) {
    throw wrong(
      'heartbeatBoundMs',
      `${settings.heartbeatBoundMs} ms leave no room for two heartbeats every ${settings.heartbeatIntervalMs} ms`,
      'Give at least twice heartbeatIntervalMs.',
    )
  }
  if (settings.backoffMaxMs < settings.backoffFirstMs) {
    throw wrong('backoffMaxMs', 'it is less than backoffFirstMs', 'Give at least backoffFirstMs.')
  }
  return settings
}
