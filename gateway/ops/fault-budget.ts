/**
 * How much of a cluster a fault takes, and how much may be taken: told before it strikes.
 *
 * Owns:     the budget of nodes that are down, and what a target touches.
 * Does not: ask the cluster anything: it is given what the gateway knows.
 *
 * Invariants:
 *   FQ1. Of the nodes with shards at most `downMaxOf` are down for faults; a kind that stops all of them says so by its name.
 *   FQ2. No group loses its last node, and the gateway its last edge, to a fault that stops one.
 *   FQ3. Through one gateway an actor has one fault at a time that is to be mended: what mends it mends all of it.
 */
import { typeOf } from '#actor'
import type { ActorListItem, ClusterView, NodeView } from '../cluster-client.ts'
import type { Fault, FaultTarget, FaultView } from '../fault-control.ts'
import { type FaultSpec, faultSpecs } from './fault-catalogue.ts'

/** One of three; of two nodes one, and of one none. */
export const downMaxOf = (nodes: number): number => (nodes < 2 ? 0 : Math.max(1, Math.floor((nodes - 1) / 2)))

const isEdge = ({ group }: NodeView): boolean => group === 'edge'
const serves = ({ state }: NodeView): boolean => state === 'up' || state === 'cordoned'
/** A cordoned one takes no shard over. */
const takesOver = ({ state }: NodeView): boolean => state === 'up'

/** Nodes that own shards, or could. */
export const hostsOf = ({ nodes }: ClusterView): readonly NodeView[] => nodes.filter((node) => !isEdge(node))

/** Why this would take too many nodes, beside the faults that are in force; undefined when it would not. */
export function overBudget(
  cluster: ClusterView,
  { kind, target }: Pick<Fault, 'kind' | 'target'>,
  faults: readonly FaultView[] = [],
): string | undefined {
  const { stops, name } = faultSpecs[kind]
  if (stops !== 'one') return undefined
  const hosts = hostsOf(cluster)
  // What has just been struck may still look as if it were up.
  const stopped = new Set(
    faults
      .filter((fault) => fault.ended === undefined && faultSpecs[fault.kind].stops === 'one')
      .map((fault) => fault.target.node),
  )
  const down = hosts.filter((node) => !serves(node) || stopped.has(node.id))
  const struck = cluster.nodes.find(({ id }) => id === target.node)
  if (struck !== undefined) {
    const others = cluster.nodes.filter(({ id, group }) => id !== struck.id && group === struck.group)
    if (!others.some((node) => takesOver(node) && !stopped.has(node.id)))
      return isEdge(struck)
        ? `${struck.id} is the only edge that is up: nobody could revert ${name.toLowerCase()}.`
        : `No other node of group '${struck.group}' is up beside ${struck.id}.`
    if (isEdge(struck)) return undefined
  }
  const downMax = downMaxOf(hosts.length)
  const afterwards = down.filter(({ id }) => id !== struck?.id).length + 1
  if (afterwards <= downMax) return undefined
  const already = down.length === 0 ? '' : `, and ${down.map(({ id }) => id).join(' and ')} is away already`
  return `At most ${downMax} of ${hosts.length} nodes may be down${already}.`
}

/** What is in force on the actor that this would strike. */
export function brokenBy(
  { target }: Pick<Fault, 'target'>,
  faults: readonly FaultView[],
): string | undefined {
  const other = faults.find(
    (fault) =>
      fault.ended === undefined &&
      faultSpecs[fault.kind].undo === 'revert' &&
      target.actor !== undefined &&
      fault.target.actor === target.actor,
  )
  return other && `'${faultSpecs[other.kind].name}' is in force there, and what mends one mends both.`
}

/** Names of nodes that a target names or means. */
export function struckNodes(cluster: ClusterView, spec: FaultSpec, target: FaultTarget): readonly string[] {
  if (target.node !== undefined) return [target.node]
  if (target.a !== undefined || target.b !== undefined) return [...(target.a ?? []), ...(target.b ?? [])]
  if (target.actor !== undefined || spec.group === 'Outside') return []
  return hostsOf(cluster).map(({ id }) => id)
}

export interface BlastRadius {
  readonly nodes: readonly string[]
  readonly shards: number
  /** That live there, or that are of a type which feels it. */
  readonly actors: number
  /** The most frequent first. */
  readonly byType: readonly { readonly type: string; readonly actors: number }[]
  /** Of them, those that are not finished. */
  readonly openOrders: number
}

/** Ended orders are archived, and their payments rest. */
export function radiusOf(
  cluster: ClusterView,
  spec: FaultSpec,
  target: FaultTarget,
  actors: readonly ActorListItem[],
): BlastRadius {
  const nodes = struckNodes(cluster, spec, target)
  const struck = new Set(nodes)
  const touched = actors.filter(({ id, node, status }) => {
    if (status === 'archived') return false
    if (target.actor !== undefined) return id === target.actor
    if (spec.group === 'Outside') return spec.types?.includes(typeOf(id)) === true
    return node !== undefined && struck.has(node)
  })
  const counts = new Map<string, number>()
  for (const { id } of touched) counts.set(typeOf(id), (counts.get(typeOf(id)) ?? 0) + 1)
  return {
    nodes,
    shards: cluster.nodes
      .filter(({ id }) => struck.has(id))
      .reduce((sum, { shardsOwned }) => sum + shardsOwned, 0),
    actors: touched.length,
    byType: [...counts]
      .map(([type, count]) => ({ type, actors: count }))
      .sort((a, b) => b.actors - a.actors || (a.type < b.type ? -1 : 1)),
    openOrders: counts.get('order') ?? 0,
  }
}
