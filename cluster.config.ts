/**
 * The composition root: the actors, the groups and the bounds that make the restaurant's cluster.
 *
 * Loaded by `bin` and by node processes; nothing else imports it.
 */
import { departments, restaurant } from '#actors'
import { type ClusterDefinition, defineCluster, type Group } from '#host'

/** Shards of each department. Fixed with the first start on a data folder; a change is refused. */
const shards = 64

/** One mixed group and one edge: the layout of a small machine. More groups spread the same actors differently. */
export function restaurantCluster(nodes = 3): ClusterDefinition {
  const groups: Record<string, Group> = {
    kitchen: { departments: Object.keys(departments), nodes, nodesMax: 10 },
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
