/**
 * Handlers of the calls that actors make to the machinery itself: how loaded it is, and more or fewer nodes.
 *
 * Owns:     what of the launcher's word an actor is told, and that a call which is repeated does nothing twice.
 * Does not: decide anything.
 */
import { type ClusterLoad, clusterCalls, isThere, type NodeLoad, type ScaleArgs } from '#actors'
import type { CommandOutcome, NodeControl, NodeStatus, OutsideHandler } from '#live'
import type { CallOutcome, NodeId } from '#ports'

/** A drain that has not been refused by then has begun. It may be of the very node that asks. */
const refusedWithinMs = 250

export function clusterHandlers(control: NodeControl): Readonly<Record<string, OutsideHandler>> {
  const look = async (): Promise<ClusterLoad | undefined> => {
    const outcome = await control.command({ kind: 'status' })
    return outcome.kind === 'status' ? { atMs: Date.now(), nodes: outcome.nodes.map(loadOf) } : undefined
  }
  return {
    [clusterCalls.load]: async () => {
      const load = await look()
      return load === undefined ? unseen : { kind: 'done', result: load }
    },
    [clusterCalls.scale]: async ({ args }) => {
      const load = await look()
      if (load === undefined) return unseen
      const scale = args as ScaleArgs
      const there = load.nodes.filter((node) => node.group === scale.group && isThere(node)).length
      if (there !== scale.nodes) return { kind: 'done', result: { nodes: there } }
      return meaningOf(await begun(control, scale))
    },
  }
}

const unseen: CallOutcome = { kind: 'unknown', detail: 'the launcher did not say how the nodes are' }

function loadOf({ node, group, phase, paused, life, health }: NodeStatus): NodeLoad {
  return {
    node,
    group,
    state: paused ? 'paused' : phase,
    life,
    cpuMs: health?.cpuMs ?? 0,
    rssBytes: health?.rssBytes ?? 0,
    mailbox: health?.counters.mailboxRows ?? 0,
  }
}

async function begun(control: NodeControl, scale: ScaleArgs): Promise<CommandOutcome> {
  if (scale.kind === 'add') return control.command({ kind: 'add-node', group: scale.group, count: 1 })
  let timer: NodeJS.Timeout | undefined
  const isOn = new Promise<CommandOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'done' }), refusedWithinMs)
  })
  try {
    return await Promise.race([control.command({ kind: 'drain', node: scale.node as NodeId }), isOn])
  } finally {
    clearTimeout(timer)
  }
}

function meaningOf(outcome: CommandOutcome): CallOutcome {
  switch (outcome.kind) {
    case 'done':
    case 'status':
      return { kind: 'done', result: {} }
    case 'added':
      return { kind: 'done', result: { added: outcome.nodes } }
    case 'gone':
    case 'refused':
      return { kind: 'refused', detail: outcome.detail }
    case 'last-node':
    case 'unknown-node':
    case 'unknown-group':
      return { kind: 'refused', detail: outcome.kind }
  }
}
