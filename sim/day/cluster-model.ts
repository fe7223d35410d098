/**
 * The machinery under a simulated day, as actors ask for it.
 *
 * Owns:     how its nodes look from outside.
 * Does not: add or end nodes for an actor: how many there are when is a part of the day.
 */
import { type ClusterLoad, clusterCalls } from '#actors'
import type { OutsideModel, SimCluster } from '#sim'

const answerUs = 2_000

/** `cluster` is asked for late: the models are made before it. */
export function clusterModels(cluster: () => SimCluster): ReadonlyMap<string, OutsideModel> {
  const load: OutsideModel = (_args, { now }) => ({
    afterUs: answerUs,
    outcome: { kind: 'done', result: loadOf(cluster(), Math.floor(now / 1_000)) },
  })
  const scale: OutsideModel = () => ({
    afterUs: answerUs,
    outcome: { kind: 'refused', detail: 'the day says how many nodes there are' },
  })
  return new Map([
    [clusterCalls.load, load],
    [clusterCalls.scale, scale],
  ])
}

function loadOf(cluster: SimCluster, atMs: number): ClusterLoad {
  const nodes = cluster.membership.members.map(({ node, group, state, life }) => ({
    node,
    group,
    state: cluster.stateOf(node) === 'frozen' ? 'paused' : state,
    life,
    cpuMs: 0,
    rssBytes: 0,
    mailbox: cluster.nodeOf(node)?.gauges.mailboxRows ?? 0,
  }))
  return { atMs, nodes }
}
