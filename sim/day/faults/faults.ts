/**
 * The faults of a simulated day: when they strike, when they end, and the proof that they struck.
 *
 * Owns:     what each fault does to the cluster, what shows that it had an effect, and how long the victim's
 *           actors were away.
 * Does not: choose faults: the day does.
 *
 * Invariants:
 *   F1. A fault has fired when its effect was seen: a process gone or frozen, a frame or a call swallowed, an
 *       appliance out of order. That it was asked for is no proof.
 *   F2. Every fault has ended when the day closes down: what it broke, it mends.
 */
import type { ActorId } from '#actor'
import { applianceRef } from '#actors'
import type { NodeId, ShardId } from '#ports'
import type { Commit, SimCluster } from '#sim'
import type { Day, Fault } from './day.ts'
import { applianceOf, nodesOf } from './day.ts'
import type { Answer, Door } from './door.ts'
import { isWorthRepeating } from './door.ts'
import type { ProviderModel } from './provider-model.ts'
import { durationMs, durationUs, timeUs } from './time-of-day.ts'

export interface FaultOutcome {
  readonly kind: Fault['kind']
  readonly target: string
  readonly at: string
  fired: boolean
  /** Milliseconds until an actor of the victim's shards answered again. */
  recoveryMs?: number
}

export interface FaultStage {
  readonly day: Day
  readonly cluster: SimCluster
  readonly door: Door
  readonly provider: ProviderModel
  readonly site: string
  readonly shardsOf: (node: NodeId) => ReadonlySet<ShardId>
}

const probeEveryUs = 10_000

export class Faults {
  readonly outcomes: FaultOutcome[] = []
  readonly #stage: FaultStage
  readonly #lastActors = new Map<ShardId, ActorId>()

  constructor(stage: FaultStage) {
    this.#stage = stage
  }

  /** Remembers whom to ask whether a shard is back. */
  commit(commit: Commit): void {
    if (commit.kind !== 'appended') return
    for (const { shard, actor } of commit.batch.records) this.#lastActors.set(shard, actor)
  }

  /** World time, in microseconds, at which the last fault has ended and every node is back. */
  get healedAt(): number {
    const { faults, cluster } = this.#stage.day
    const ends = faults.map((fault) => {
      const lasts = 'for' in fault ? durationUs(fault.for) : 0
      return timeUs(fault.at) + lasts + durationUs(cluster.restart) + durationUs(cluster.heartbeat)
    })
    return Math.max(0, ...ends)
  }

  schedule(): void {
    const { cluster, day } = this.#stage
    for (const fault of day.faults) {
      const outcome: FaultOutcome = {
        kind: fault.kind,
        target: targetOf(fault),
        at: fault.at,
        fired: false,
      }
      this.outcomes.push(outcome)
      cluster.timeline.after(timeUs(fault.at) - cluster.worldNow, () => this.#strike(fault, outcome))
    }
  }

  #strike(fault: Fault, outcome: FaultOutcome): void {
    const { cluster } = this.#stage
    switch (fault.kind) {
      case 'crash-node': {
        const shards = this.#stage.shardsOf(fault.node as NodeId)
        cluster.crash(fault.node)
        outcome.fired = cluster.stateOf(fault.node) === 'ended'
        this.#watchRecovery(shards, outcome)
        return
      }
      case 'crash-at': {
        const node = fault.node as NodeId
        const untrap = cluster.journal.trap(node, fault.point, () => {
          const shards = this.#stage.shardsOf(node)
          cluster.crash(node)
          outcome.fired = cluster.stateOf(node) === 'ended'
          this.#watchRecovery(shards, outcome)
        })
        this.#later(fault.for, untrap)
        return
      }
      case 'write-fails': {
        const { node, written } = fault
        const untrap = cluster.journal.trap(node as NodeId, 'before-append', () => {
          // The batch that is on its way is the one that fails.
          cluster.journal.failNext(node as NodeId, written)
          outcome.fired = true
        })
        this.#later(fault.for, untrap)
        return
      }
      case 'pause-node': {
        const shards = this.#stage.shardsOf(fault.node as NodeId)
        cluster.pause(fault.node, durationMs(fault.for))
        outcome.fired = cluster.stateOf(fault.node) === 'frozen'
        this.#watchRecovery(shards, outcome)
        return
      }
      case 'partition': {
        const [a, b] = fault.between as unknown as [NodeId[], NodeId[]]
        const cut = cluster.network.cut(a, b, fault.oneWay ? 'one-way' : 'both')
        this.#later(fault.for, () => {
          outcome.fired = cut.frames > 0
          cut.heal()
        })
        return
      }
      case 'provider-outage':
        this.#providerOutage(fault.for, outcome)
        return
      case 'appliance-breakdown':
        this.#breakdown(fault, outcome)
        return
      case 'power-loss':
        cluster.journal.losePower()
        this.#endAll(outcome)
        return
      case 'restart-cluster':
        this.#endAll(outcome)
        return
    }
  }

  #endAll(outcome: FaultOutcome): void {
    const { cluster, day } = this.#stage
    for (const { node } of nodesOf(day.cluster.groups)) cluster.crash(node)
    outcome.fired = cluster.nodes.length === 0
    this.#watchRecovery(new Set(this.#lastActors.keys()), outcome)
  }

  #providerOutage(lasts: Parameters<typeof durationUs>[0], outcome: FaultOutcome): void {
    const { provider } = this.#stage
    const before = provider.swallowed
    const end = provider.ledger.beginOutage()
    this.#later(lasts, () => {
      outcome.fired = provider.swallowed > before
      end()
    })
  }

  #breakdown(fault: Extract<Fault, { kind: 'appliance-breakdown' }>, outcome: FaultOutcome): void {
    const { door, site } = this.#stage
    const kind = applianceOf(fault.station)
    if (kind === undefined) return
    const appliance = applianceRef(kind, site, fault.station, fault.appliance)
    const broken = { type: 'appliance.break', reason: 'worn out' } as const
    const key = `fault:${fault.at}:${appliance}`
    this.#insist(
      (done) => door.command(appliance, broken, key, done),
      (answer) => {
        outcome.fired = answer.kind === 'done' && JSON.stringify(answer.state).includes('fault')
      },
    )
    this.#later(fault.for, () =>
      this.#insist((done) => door.command(appliance, { type: 'appliance.repair' }, `${key}:repair`, done)),
    )
  }

  /** Sends again until the answer is one that stays. */
  #insist(
    send: (done: (answer: Answer) => void) => void,
    settled: (answer: Answer) => void = () => {},
  ): void {
    send((answer) => {
      if (isWorthRepeating(answer)) {
        this.#stage.cluster.timeline.after(1_000_000, () => this.#insist(send, settled))
      } else settled(answer)
    })
  }

  /** Asks an actor of these shards until it answers. */
  #watchRecovery(shards: ReadonlySet<ShardId>, outcome: FaultOutcome): void {
    const { cluster, door } = this.#stage
    const since = cluster.timeline.now
    const actor = [...this.#lastActors].find(([shard]) => shards.has(shard))?.[1]
    if (actor === undefined) return
    const ask = (): void =>
      door.send(
        { actor, body: { kind: 'operate', command: { kind: 'inspect' } }, timeoutMs: 10_000 },
        (answer) => {
          if (isWorthRepeating(answer)) cluster.timeline.after(probeEveryUs, ask)
          else outcome.recoveryMs = (cluster.timeline.now - since) / 1_000
        },
      )
    ask()
  }

  #later(lasts: Parameters<typeof durationUs>[0], run: () => void): void {
    this.#stage.cluster.timeline.after(durationUs(lasts), run)
  }
}

function targetOf(fault: Fault): string {
  switch (fault.kind) {
    case 'crash-node':
    case 'pause-node':
    case 'write-fails':
      return fault.node
    case 'crash-at':
      return `${fault.node} ${fault.point}`
    case 'partition':
      return fault.between.map((side) => side.join('+')).join(fault.oneWay ? ' → ' : ' | ')
    case 'provider-outage':
      return 'provider'
    case 'appliance-breakdown':
      return `${fault.station} ${fault.appliance}`
    case 'restart-cluster':
    case 'power-loss':
      return 'cluster'
  }
}
