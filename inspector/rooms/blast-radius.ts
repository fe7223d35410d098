/** What a command on a node hits, told before it is carried out. */
import type { Cluster, Node } from '../data/answers.ts'
import { manyOf } from '../shell/words.ts'

const takesPart = new Set(['up', 'cordoned', 'leaving'])

/** Other nodes of its group that could take what it owns. */
export const takersOf = ({ nodes }: Cluster, { id, group }: Node): readonly Node[] =>
  nodes.filter((node) => node.id !== id && node.group === group && node.state === 'up')

export function radiusOfCrash(cluster: Cluster, node: Node): string {
  const held = `${manyOf(node.shardsOwned, 'shard')} and ${manyOf(node.gauges.actors ?? 0, 'actor')} in memory`
  const takers = takersOf(cluster, node)
  if (node.shardsOwned === 0) {
    return takers.length === 0
      ? 'It owns nothing. Guests and this page have no other edge: nobody answers until it is up again.'
      : `It owns nothing. Who talks to it has to go to ${named(takers)}.`
  }
  if (takers.length === 0) return `${held} wait until it is up again: nobody else of its group can take them.`
  return `${held} go to ${named(takers)}. What was acknowledged is in the journal. The launcher starts it again.`
}

export function radiusOfDrain(cluster: Cluster, node: Node): string {
  const takers = takersOf(cluster, node)
  const shards = manyOf(node.shardsOwned, 'shard')
  if (takers.length === 0) return 'It is the last of its group, and the cluster will refuse.'
  return `It hands ${shards} over to ${named(takers)}, and then ends for good.`
}

export function radiusOfCut({ nodes }: Cluster, a: string, b: string, forWords: string): string {
  const shards = nodes
    .filter(({ id, state }) => (id === a || id === b) && takesPart.has(state))
    .reduce((sum, { shardsOwned }) => sum + shardsOwned, 0)
  return `${manyOf(shards, 'shard')} lose sight of each other ${forWords}. Messages between them wait in their outboxes.`
}

const named = (nodes: readonly Node[]): string => {
  const ids = nodes.map(({ id }) => id)
  return ids.length > 3 ? `${ids.length} other nodes` : ids.join(' and ')
}
