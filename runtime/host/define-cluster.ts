/**
 * A cluster as data: which actors, in which departments, on which groups of nodes, within which bounds.
 *
 * Owns:     the definition and the checks on it that need nothing but it.
 * Does not: start anything. Live, node processes load the module that holds it; simulated, `SimCluster` takes it.
 */
import { ClusterError, type Supervisor } from '#actor'
import { type ClusterBounds, defaultClusterBounds } from '#cluster'
import { type Bounds, boundsOf, type Department, Registry } from '#kernel'

/** Nodes that host the same departments: the replicas of a service. */
export interface Group {
  /** None: its nodes own no shards and let requests in (an edge). */
  readonly departments: readonly string[]
  /** Started at first, and the most that `add-node` goes to. */
  readonly nodes: number
  readonly nodesMax: number
}

export interface ClusterOptions {
  readonly departments: readonly Department[]
  readonly supervision: Supervisor
  /** By name, in the order in which they start; they end in reverse. */
  readonly groups: Readonly<Record<string, Group>>
  readonly bounds?: Partial<Bounds>
  readonly clusterBounds?: Partial<ClusterBounds>
  /**
   * Whether turns go to files in the folder `archive` beside the data before they leave the journal. Default: true, so
   * that nothing is lost without somebody's wish; those files only grow, and are the operator's to move or delete.
   */
  readonly archive?: boolean
}

export interface ClusterDefinition {
  readonly registry: Registry
  readonly groups: Readonly<Record<string, Group>>
  /** Department names by group, as a node wants them. */
  readonly hosts: Readonly<Record<string, readonly string[]>>
  readonly bounds: Bounds
  readonly clusterBounds: ClusterBounds
  readonly archive: boolean
}

/** Version of the function from an actor to its shard; stored with the data. */
export const shardHashVersion = 1

/**
 * Checks a cluster and compiles its actors.
 *
 * @throws ClusterError `CLUSTER_CONFIG_INVALID` naming the field; `SUPERVISION_TREE_INVALID`; `ACTOR_DEFINITION_INVALID`.
 */
export function defineCluster(options: ClusterOptions): ClusterDefinition {
  const wrong = (field: string, problem: string, remedy: string): ClusterError =>
    new ClusterError('CLUSTER_CONFIG_INVALID', { field, problem, remedy })
  const names = new Set(options.departments.map((d) => d.name))
  if (names.size < options.departments.length) {
    throw wrong('departments', 'two have the same name', 'Give each its own.')
  }
  for (const { name, shards } of options.departments) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) {
      throw wrong(
        `departments.${name}`,
        'its name is not kebab-case',
        'Use lower-case letters, digits and hyphens.',
      )
    }
    if (!Number.isInteger(shards) || shards < 1 || shards > 1_024) {
      throw wrong(
        `departments.${name}.shards`,
        `${shards} is not a whole number from 1 to 1024`,
        'Give one; 64 suits most.',
      )
    }
  }
  for (const [group, { departments, nodes, nodesMax }] of Object.entries(options.groups)) {
    const unknown = departments.find((name) => !names.has(name))
    if (unknown !== undefined) {
      throw wrong(
        `groups.${group}`,
        `there is no department '${unknown}'`,
        `Name one of: ${[...names].join(', ')}.`,
      )
    }
    if (!Number.isInteger(nodes) || nodes < 0 || nodes > nodesMax) {
      throw wrong(
        `groups.${group}.nodes`,
        `${nodes} is not a whole number from 0 to nodesMax (${nodesMax})`,
        'Give one.',
      )
    }
  }
  for (const name of names) {
    if (!Object.values(options.groups).some((group) => group.departments.includes(name))) {
      throw wrong(
        'groups',
        `no group hosts the department '${name}'`,
        'Add it to the departments of a group.',
      )
    }
  }
  return {
    registry: new Registry(options),
    groups: options.groups,
    hosts: Object.fromEntries(
      Object.entries(options.groups).map(([name, { departments }]) => [name, departments]),
    ),
    bounds: boundsOf(options.bounds),
    clusterBounds: { ...defaultClusterBounds, ...options.clusterBounds },
    archive: options.archive ?? true,
  }
}
