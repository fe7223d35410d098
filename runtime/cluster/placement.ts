/**
 * Which node should own a shard.
 *
 * Rendezvous hashing: every node has a weight for every shard, and the heaviest eligible one wins. A node that
 * joins takes only what it wins, a node that leaves gives up only what it had.
 *
 * Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
 */
import { hash32 } from '#actor'
import type { NodeId, ShardId } from '#ports'

/** The best of `candidates` for this shard; undefined when there is none. Ties go to the smaller id. */
export function bestNode(shard: ShardId, candidates: readonly NodeId[]): NodeId | undefined {
  let best: NodeId | undefined
  let heaviest = -1
  for (const node of candidates) {
    const weight = hash32(`${shard} ${node}`)
    if (weight > heaviest || (weight === heaviest && best !== undefined && node < best)) {
      best = node
      heaviest = weight
    }
  }
  return best
}
