/**
 * What processes and their machine suffer: they end, stand still, are replaced; the disk is slow, full or torn;
 * clocks are wrong; turns throw.
 */
import type { NodeId } from '#ports'
import { durationMs, durationUs } from '../time-of-day.ts'
import { downOf, type MachineFault, type Of } from './fault.ts'
import { isNewer } from './newer-build.ts'
import type { FaultOutcome, Scene, Strike } from './scene.ts'

/** How often it is looked whether a node has handed all over. */
const lookUs = 10_000
/** The launcher's word to its nodes: so long to give back what they own, and they end. */
const launcherGoneUs = 2_000_000
/** A clock that was set back stands still for a while: that is seen a moment later. */
const clockSeenUs = 1_000
const clockErrorUs = 500

export const machineFaults: { readonly [Kind in MachineFault['kind']]: Strike<Kind> } = {
  'crash-node': (scene, { node }, outcome) => crash(scene, node, outcome),

  'crash-at': (scene, { node, point, for: lasts }, outcome) => {
    const { journal } = scene.stage.cluster
    const untrap = journal.trap(node as NodeId, point, () => crash(scene, node, outcome))
    scene.later(lasts, untrap)
  },

  'pause-node': (scene, { node, for: lasts }, outcome) => {
    const { cluster, shardsOf } = scene.stage
    const shards = shardsOf(node as NodeId)
    cluster.pause(node, durationMs(lasts))
    outcome.fired = cluster.stateOf(node) === 'frozen'
    scene.watchRecovery(shards, outcome)
  },

  'long-gc': (scene, { node, pause, for: lasts }, outcome) => {
    const { cluster } = scene.stage
    const ends = scene.now + durationUs(lasts)
    const stall = (): void => {
      if (scene.now >= ends || scene.isEnded) return
      if (cluster.stateOf(node) === 'running') {
        cluster.pause(node, durationMs(pause))
        outcome.fired = outcome.fired || cluster.stateOf(node) === 'frozen'
      }
      scene.after(2 * durationUs(pause), stall)
    }
    stall()
  },

  'drain-node': (scene, { node, for: lasts }, outcome) => {
    const shards = scene.stage.shardsOf(node as NodeId)
    drain(scene, node, durationUs(lasts), 'restart', (isClean) => {
      outcome.fired = isClean
      scene.watchRecovery(shards, outcome)
    })
  },

  'rolling-restart': (scene, fault, outcome) => roll(scene, fault, outcome, () => {}),

  'rolling-upgrade': (scene, fault, outcome) => {
    const { cluster, day, builds } = scene.stage
    const upgrades = day.faults.filter(({ kind }) => kind === 'rolling-upgrade')
    const build = builds[upgrades.indexOf(fault) + 1]
    if (build === undefined) return
    roll(scene, fault, outcome, (node) => cluster.setBuild(node, build))
    scene.later(fault.for, () => {
      const written = [...cluster.journal.rows('meta')].flatMap(([, { versions }]) => Object.values(versions))
      outcome.fired &&= written.some(isNewer)
    })
  },

  'add-node': (scene, { group, for: lasts }, outcome) => {
    const { cluster, day } = scene.stage
    const size = day.cluster.groups.find(({ name }) => name === group)?.nodes ?? 0
    const node = `${group}-${size + 1}`
    cluster.startNode(node as NodeId, group)
    scene.later(lasts, () => {
      outcome.fired = (cluster.nodeOf(node)?.cluster?.owned.size ?? 0) > 0
      drain(scene, node, durationUs(lasts), 'remove', () => {})
    })
  },

  'restart-cluster': (scene, _, outcome) => endAll(scene, outcome),

  'launcher-dies': (scene, _, outcome) => {
    const { cluster } = scene.stage
    for (const node of cluster.nodes) cluster.nodeOf(node)?.leave()
    scene.after(launcherGoneUs, () => endAll(scene, outcome))
  },

  'power-loss': (scene, _, outcome) => {
    scene.stage.cluster.journal.losePower()
    endAll(scene, outcome)
  },

  'torn-write': (scene, { for: lasts }, outcome) => {
    const { journal } = scene.stage.cluster
    // In the middle of a flush: what is visible by then is partly on the disk.
    const untrap = journal.trap('any', 'before-durable', () => {
      const lost = journal.losePower({ torn: true })
      endAll(scene, outcome)
      outcome.fired &&= lost.length > 0
    })
    scene.later(lasts, untrap)
  },

  'write-fails': (scene, { node, written, for: lasts }, outcome) => {
    const { journal } = scene.stage.cluster
    const untrap = journal.trap(node as NodeId, 'before-append', () => {
      // The batch that is on its way is the one that fails.
      journal.failNext(node as NodeId, written)
      outcome.fired = true
    })
    scene.later(lasts, untrap)
  },

  'slow-disk': (scene, fault, outcome) => slow(scene, fault, ['write', 'flush'], outcome),
  'slow-reads': (scene, fault, outcome) => slow(scene, fault, ['read'], outcome),

  'full-disk': (scene, { for: lasts }, outcome) => {
    const full = scene.stage.cluster.journal.fill()
    scene.counts(() => full.met)
    scene.later(lasts, () => {
      outcome.fired = full.met > 0
      full.heal()
    })
  },

  'clock-step': (scene, { node, by, back = false, for: lasts }, outcome) => {
    const us = durationUs(by)
    misset(scene, node, lasts, { aheadUs: back ? -us : us, rate: 1 }, outcome)
  },

  'clock-drift': (scene, { node, rate, for: lasts }, outcome) =>
    misset(scene, node, lasts, { aheadUs: 0, rate }, outcome),

  'turns-throw': (scene, { share, for: lasts }, outcome) => {
    const throwing = scene.stage.turns.begin(share)
    scene.counts(() => throwing.met)
    scene.later(lasts, () => {
      outcome.fired = throwing.met > 0
      throwing.heal()
    })
  },
}

function crash(scene: Scene, node: string, outcome: FaultOutcome): void {
  const { cluster, shardsOf } = scene.stage
  const shards = shardsOf(node as NodeId)
  cluster.crash(node)
  outcome.fired = cluster.stateOf(node) === 'ended'
  scene.watchRecovery(shards, outcome)
}

function endAll(scene: Scene, outcome: FaultOutcome): void {
  const { cluster } = scene.stage
  for (const node of cluster.nodes) cluster.crash(node)
  outcome.fired = cluster.nodes.length === 0
  scene.watchRecovery(scene.shards, outcome)
}

/** Drains a node and ends it. `isClean`: it owned nothing any more when it ended. */
function drain(
  scene: Scene,
  node: string,
  withinUs: number,
  then: 'restart' | 'remove',
  done: (isClean: boolean) => void,
): void {
  const { cluster } = scene.stage
  const life = cluster.nodeOf(node)
  const until = scene.now + withinUs
  cluster.drain(node)
  const look = (): void => {
    const isThere = life !== undefined && cluster.nodeOf(node) === life
    const isClean = isThere && life.cluster?.owned.size === 0
    if (isThere && !isClean && scene.now < until) {
      scene.after(lookUs, look)
      return
    }
    if (then === 'remove') cluster.remove(node)
    else if (isThere) cluster.crash(node)
    done(isClean)
  }
  look()
}

/** One node after the other, each with as much time as the others. */
function roll(
  scene: Scene,
  fault: Of<'rolling-restart' | 'rolling-upgrade'>,
  outcome: FaultOutcome,
  before: (node: string) => void,
): void {
  const nodes = downOf(fault, scene.stage.day.cluster.groups)
  const eachUs = Math.floor(durationUs(fault.for) / nodes.length)
  let restarted = 0
  for (const [n, node] of nodes.entries()) {
    scene.after(n * eachUs, () => {
      before(node)
      drain(scene, node, Math.floor(eachUs / 4), 'restart', () => {
        restarted += 1
        outcome.fired = restarted === nodes.length
      })
    })
  }
}

function slow(
  scene: Scene,
  { by, for: lasts }: Of<'slow-disk' | 'slow-reads'>,
  what: readonly ('write' | 'flush' | 'read')[],
  outcome: FaultOutcome,
): void {
  const slowed = what.map((one) => scene.stage.cluster.journal.slow(one, durationUs(by)))
  scene.counts(() => slowed.reduce((sum, { met }) => sum + met, 0))
  scene.later(lasts, () => {
    outcome.fired = slowed.every(({ met }) => met > 0)
    for (const { heal } of slowed) heal()
  })
}

function misset(
  scene: Scene,
  node: string,
  lasts: Of<'clock-step'>['for'],
  error: { readonly aheadUs: number; readonly rate: number },
  outcome: FaultOutcome,
): void {
  const { cluster } = scene.stage
  const setRight = cluster.missetClock(node, error)
  const look = (): void => {
    outcome.fired ||= Math.abs(cluster.clockOf(node)?.error ?? 0) > clockErrorUs
  }
  scene.after(clockSeenUs, look)
  scene.later(lasts, () => {
    look()
    setRight()
  })
}
