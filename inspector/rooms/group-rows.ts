/** What the actors of a type do on each node, and on all of them: the words beside the picture of the cluster. */
import type { Picture } from '../model/cluster-model.ts'

export interface GroupRow {
  readonly node: string
  readonly type: string
  /** In memory. */
  readonly actors: number
  readonly waiting: number
  /** Messages a second. */
  readonly rate: number
  readonly failed: number
  readonly restarts: number
}

/** Below this nobody would call it busy. */
const rateMin = 0.05

const busiestFirst = (a: GroupRow, b: GroupRow): number => b.rate - a.rate || b.actors - a.actors

/** The busiest first. */
export const groupRowsOf = (types: Picture['types']): readonly GroupRow[] =>
  types
    .filter(({ residents, rate }) => residents > 0 || rate > rateMin)
    .map(({ node, type, residents, mailbox, rate, failed, restarts }) => ({
      ...{ node, type, rate, failed, restarts },
      ...{ actors: residents, waiting: mailbox },
    }))
    .sort(busiestFirst)

/** Of each type what all nodes have of it; `node` is one of them. */
export function typeRowsOf(rows: readonly GroupRow[]): readonly GroupRow[] {
  const byType = new Map<string, GroupRow>()
  for (const row of rows) {
    const sum = byType.get(row.type)
    byType.set(row.type, sum === undefined ? row : added(sum, row))
  }
  return [...byType.values()].sort(busiestFirst)
}

const added = (a: GroupRow, b: GroupRow): GroupRow => ({
  ...a,
  actors: a.actors + b.actors,
  waiting: a.waiting + b.waiting,
  rate: a.rate + b.rate,
  failed: a.failed + b.failed,
  restarts: a.restarts + b.restarts,
})
