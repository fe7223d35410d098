/**
 * The composition root: the actors, the groups and the bounds that make the restaurant's cluster.
 *
 * Loaded by `bin` and by node processes; nothing else imports it.
 */
import { departments, restaurant } from '#actors'
import { type ClusterDefinition, defineCluster, type Group } from '#host'

/** Shards of each department. Fixed with the first start on a data folder; a change is refused. */
const shards = 64

/** `together`: all departments on every node, for a small machine. `apart`: a group for each, which can fail alone. */
export type Layout = 'together' | 'apart'

/** `nodes` of each group but the edge. */
export function restaurantCluster(nodes = 3, layout: Layout = 'together'): ClusterDefinition {
  const names = Object.keys(departments)
  const group = (...hosted: readonly string[]): Group => ({ departments: hosted, nodes, nodesMax: 10 })
  const groups: Record<string, Group> = {
    ...(layout === 'together'
      ? { kitchen: group(...names) }
      : Object.fromEntries(names.map((name) => [name, group(name)]))),
    edge: { departments: [], nodes: 1, nodesMax: 4 },
  }
  return defineCluster({
    departments: Object.entries(departments).map(([name, actors]) => ({ name, shards, actors })),
    supervision: restaurant,
    groups,
  })
}

/** The one place that cooks and sells. */
export const site = 'main'
