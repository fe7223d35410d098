/** What the exit code of `brigade` says. */
export const exitCodes = {
  held: 0,
  /** A command that was typed wrongly, a cluster that cannot be reached, a day that cannot be run. */
  usage: 1,
  /** A bug in Brigade itself. */
  crash: 10,
  /** Something that had to happen eventually did not. */
  liveness: 11,
  /** Something happened that never may. */
  safety: 12,
  /** Everything held, but too slowly. */
  slo: 13,
} as const
