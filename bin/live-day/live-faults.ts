/**
 * The faults of a live day: real processes end and freeze, a real server is out of order.
 *
 * Owns:     what each fault does, when it ends, and the proof that it struck.
 * Does not: choose faults: the day does, in the words that the simulator knows too.
 *
 * Invariants:
 *   F1. A fault has fired when its effect was seen: a process gone or stopped, a call swallowed, an appliance out of
 *       order. That it was asked for is no proof.
 *   F2. What it broke, it mends.
 *
 * Faults strike at their time in the restaurant. How long a process is frozen is a matter of this machine's time, as
 * the launcher's patience is; an outage and a breakdown last by the restaurant's.
 */
import { binRef } from '#actors'
import {
  applianceAt,
  type Day,
  deliveriesOf,
  durationMs,
  durationUs,
  endOf,
  type Fault,
  type FaultOutcome,
  type Of,
  targetOf,
  timeUs,
} from '#day'
import { isStopped, type Launcher } from '#live'
import type { ProviderServer, SupplierServer } from '#outside'
import type { NodeId } from '#ports'
import type { DayClock } from './day-clock.ts'
import type { Operations } from './operations.ts'

export interface LiveStage {
  readonly day: Day
  readonly clock: DayClock
  readonly launcher: Launcher
  readonly provider: ProviderServer
  readonly supplier: SupplierServer
  readonly operations: Operations
  readonly site: string
}

const probeEveryMs = 10
const probeWithinMs = 1_000
const recoveryWithinMs = 30_000

/** Plays each at its time. Each resolves when it has ended and its victim answers again. */
export function playFaults(stage: LiveStage): readonly Promise<FaultOutcome>[] {
  return stage.day.faults.map(async (fault) => {
    const { kind, at } = fault
    const outcome: FaultOutcome = { kind, target: targetOf(fault), at, fired: false }
    await stage.clock.reached(timeUs(at))
    await strike(stage, fault, outcome)
    return outcome
  })
}

function strike(stage: LiveStage, fault: Fault, outcome: FaultOutcome): Promise<void> {
  switch (fault.kind) {
    case 'crash-node':
      return crash(stage, fault.node as NodeId, outcome)
    case 'pause-node':
      return pause(stage, fault, outcome)
    case 'provider-outage':
      return untilOver(stage, fault, stage.provider.ledger.disturb({ kind: 'outage' }), outcome)
    case 'supplier-outage':
      return untilOver(stage, fault, stage.supplier.ledger.disturb(), outcome)
    case 'delivery-late':
    case 'delivery-short':
      return bring(stage, fault, outcome)
    case 'spoilage':
      return spoil(stage, fault, outcome)
    case 'appliance-breakdown':
      return breakdown(stage, fault, outcome)
    case 'restart-cluster':
      return restartCluster(stage, outcome)
    default:
      throw new Error(`A live day cannot play '${fault.kind}'; \`checkMode\` refuses it.`)
  }
}

async function crash(stage: LiveStage, node: NodeId, outcome: FaultOutcome): Promise<void> {
  const recovery = await victimOf(stage, node)
  const since = performance.now()
  // The launcher answers when it has seen the exit of the process.
  const answer = await stage.launcher.execute({ kind: 'crash', node, force: true })
  outcome.fired = answer.kind === 'done'
  await recovery(outcome, since)
}

async function pause(stage: LiveStage, fault: Of<'pause-node'>, outcome: FaultOutcome): Promise<void> {
  const node = fault.node as NodeId
  const recovery = await victimOf(stage, node)
  const since = performance.now()
  const pid = await pidOf(stage.launcher, node)
  const forMs = durationMs(fault.for)
  await stage.launcher.execute({ kind: 'pause', node, forMs, force: true })
  while (pid !== undefined && !outcome.fired && performance.now() < since + forMs) {
    outcome.fired = isStopped(pid)
    if (!outcome.fired) await stage.clock.pause(1)
  }
  await Promise.all([stage.clock.pause(since + forMs - performance.now()), recovery(outcome, since)])
}

async function restartCluster(stage: LiveStage, outcome: FaultOutcome): Promise<void> {
  const nodes = stage.launcher.members.map(({ node }) => node)
  const recovery = await victimOf(stage, nodes[0])
  const since = performance.now()
  const answers = await Promise.all(
    nodes.map((node) => stage.launcher.execute({ kind: 'crash', node, force: true })),
  )
  outcome.fired = answers.length > 0 && answers.every(({ kind }) => kind === 'done')
  await recovery(outcome, since)
}

/** A party outside is troubled for so long. Calls that met it are the proof. */
async function untilOver(
  { clock }: LiveStage,
  fault: Of<'provider-outage' | 'supplier-outage'>,
  trouble: { readonly met: number; heal(): void },
  outcome: FaultOutcome,
): Promise<void> {
  try {
    await clock.reached(endOf(fault))
  } finally {
    trouble.heal()
    outcome.fired = trouble.met > 0
  }
}

/** Of a delivery what comes, when it comes. */
async function bring(
  { day, operations, site }: LiveStage,
  fault: Of<'delivery-late' | 'delivery-short'>,
  outcome: FaultOutcome,
): Promise<void> {
  const delivery = deliveriesOf(day).find(({ trouble }) => trouble === fault)
  if (delivery === undefined) return
  const { at, ingredient, amount } = delivery
  outcome.fired = (await operations.deliver(at, binRef(site, ingredient), amount)) !== undefined
}

async function spoil(
  { operations, site }: LiveStage,
  { ingredient, share }: Of<'spoilage'>,
  outcome: FaultOutcome,
): Promise<void> {
  const bin = binRef(site, ingredient)
  for (;;) {
    const seen = await operations.inspect(bin)
    if (seen.kind !== 'done') return
    const { context } = seen.body.inside as { readonly context: { readonly free: number } }
    const spoiled = Math.floor(context.free * share)
    if (spoiled === 0) return
    const message = { type: 'bin.adjust', ...{ delta: -spoiled, reason: 'spoiled' } }
    const told = await operations.tell(bin, message)
    // Some of it was taken meanwhile: what is left has spoiled as well.
    if (told?.reply?.type === 'bin.negative-stock') continue
    outcome.fired = told !== undefined
    return
  }
}

async function breakdown(
  { day, clock, operations, site }: LiveStage,
  fault: Of<'appliance-breakdown'>,
  outcome: FaultOutcome,
): Promise<void> {
  const appliance = applianceAt(day, site, fault.station, fault.appliance)
  const broken = { type: 'appliance.break', reason: 'worn out' } as const
  await operations.tell(appliance, broken)
  const seen = await operations.inspect(appliance)
  outcome.fired = seen.kind === 'done' && JSON.stringify(seen.body.state).includes('fault')
  await clock.reached(timeUs(fault.at) + durationUs(fault.for))
  await operations.tell(appliance, { type: 'appliance.repair' })
}

/** Chooses an actor of that node, to ask afterwards until it answers again. */
async function victimOf(
  { operations, clock }: LiveStage,
  node: NodeId | undefined,
): Promise<(outcome: FaultOutcome, since: number) => Promise<void>> {
  const actor = node === undefined ? undefined : await operations.actorOn(node)
  return async (outcome, since) => {
    if (actor === undefined) return
    while (performance.now() < since + recoveryWithinMs) {
      const answer = await operations.inspect(actor, probeWithinMs)
      if (answer.kind === 'done') {
        outcome.recoveryMs = Math.round(performance.now() - since)
        return
      }
      await clock.pause(probeEveryMs)
    }
  }
}

async function pidOf(launcher: Launcher, node: NodeId): Promise<number | undefined> {
  const answer = await launcher.execute({ kind: 'status' })
  return answer.kind === 'status' ? answer.nodes.find((one) => one.node === node)?.pid : undefined
}
