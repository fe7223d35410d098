/**
 * What actors ask of the machinery that runs them, as outbound calls.
 *
 * Does not: carry them out: the process of a node does, with the launcher above it.
 */

export const clusterCalls = { load: 'cluster.load', scale: 'cluster.scale' } as const

/** One node, as the launcher has seen it last. */
export interface NodeLoad {
  readonly node: string
  readonly group: string
  /** up, cordoned, leaving, paused, starting, waiting or down. */
  readonly state: string
  readonly life: number
  /** Processor time used since the process began. */
  readonly cpuMs: number
  readonly rssBytes: number
  /** Messages that wait for actors there. */
  readonly mailbox: number
}

/** The answer to `cluster.load`. */
export interface ClusterLoad {
  /** On the clock of the machine: what processor time is measured against. */
  readonly atMs: number
  readonly nodes: readonly NodeLoad[]
}

/** Of `cluster.scale`. `nodes` is how many the group had when it was decided: with another number nothing is done. */
export type ScaleArgs =
  | { readonly kind: 'add'; readonly group: string; readonly nodes: number }
  | { readonly kind: 'drain'; readonly group: string; readonly node: string; readonly nodes: number }

const loadStates: ReadonlySet<string> = new Set([
  'up',
  'cordoned',
  'leaving',
  'paused',
  'starting',
  'waiting',
])

/** There is a process, or one is to come. */
export const isThere = ({ state }: Pick<NodeLoad, 'state'>): boolean => loadStates.has(state)
