/** What links suffer: they are cut, or their frames come late, twice, damaged, out of order or not at all. */
import type { NodeId } from '#ports'
import type { Cut, Disturbance } from '#sim'
import { nodesOf } from '../day.ts'
import { type Duration, durationUs } from '../time-of-day.ts'
import type { LinkFault, Of } from './fault.ts'
import type { FaultOutcome, Scene, Strike } from './scene.ts'

export const linkFaults: { readonly [Kind in LinkFault['kind']]: Strike<Kind> } = {
  partition: (scene, { between, oneWay, for: lasts }, outcome) => {
    const [a, b] = between as unknown as [NodeId[], NodeId[]]
    untilHealed(scene, [scene.stage.cluster.network.cut(a, b, oneWay ? 'one-way' : 'both')], lasts, outcome)
  },

  'partition-ring': (scene, { nodes, for: lasts }, outcome) => {
    const { network } = scene.stage.cluster
    const ring = nodes as readonly NodeId[]
    const cuts = ring.flatMap((node, n) => {
      const beyond = ring.slice(n + 2).filter((_, m) => !(n === 0 && n + 2 + m === ring.length - 1))
      return beyond.length === 0 ? [] : [network.cut([node], beyond)]
    })
    untilHealed(scene, cuts, lasts, outcome)
  },

  'delay-frames': (scene, fault, outcome) =>
    disturb(scene, fault, { slowerUs: durationUs(fault.by) }, outcome),
  'drop-frames': (scene, fault, outcome) => disturb(scene, fault, { drop: fault.share }, outcome),
  'duplicate-frames': (scene, fault, outcome) => disturb(scene, fault, { duplicate: fault.share }, outcome),
  'reorder-frames': (scene, fault, outcome) => disturb(scene, fault, { reorder: fault.share }, outcome),
  'corrupt-frames': (scene, fault, outcome) => disturb(scene, fault, { corrupt: fault.share }, outcome),
}

function disturb(
  scene: Scene,
  { between, oneWay, for: lasts }: Of<Exclude<LinkFault['kind'], 'partition' | 'partition-ring'>>,
  disturbance: Disturbance,
  outcome: FaultOutcome,
): void {
  const { cluster, day } = scene.stage
  const all = nodesOf(day.cluster.groups).map(({ node }) => node)
  // All to all: each direction of a link is one of them as it is.
  const [a, b] = (between ?? [all, all]) as unknown as [NodeId[], NodeId[]]
  const direction = between === undefined || oneWay === true ? 'one-way' : 'both'
  untilHealed(scene, [cluster.network.disturb(a, b, direction, disturbance)], lasts, outcome)
}

function untilHealed(scene: Scene, cuts: readonly Cut[], lasts: Duration, outcome: FaultOutcome): void {
  scene.counts(() => cuts.reduce((sum, { frames }) => sum + frames, 0))
  scene.later(lasts, () => {
    outcome.fired = cuts.some(({ frames }) => frames > 0)
    for (const cut of cuts) cut.heal()
  })
}
