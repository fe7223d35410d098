/** What a cluster has done between two looks, from counters that begin anew with each life of a node. */
import type { Cluster } from './answers.ts'

/** Turns of all nodes. Of a node that has ended meanwhile the last ones are not known, and the others count. */
export function turnsBetween(before: Cluster, now: Cluster): number {
  const known = new Map(before.nodes.map(({ id, life, counters }) => [`${id} ${life}`, counters.turns ?? 0]))
  return now.nodes.reduce(
    (sum, { id, life, counters: { turns = 0 } }) =>
      sum + Math.max(0, turns - (known.get(`${id} ${life}`) ?? 0)),
    0,
  )
}
