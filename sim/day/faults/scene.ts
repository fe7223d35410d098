/**
 * What a fault is played on, and what all of them need: a later moment, an actor that listens, a victim that answers.
 */
import type { ActorId, Message } from '#actor'
import type { Registry } from '#host'
import type { NodeId, ShardId } from '#ports'
import type { Commit, SimCluster } from '#sim'
import type { Day } from '../day.ts'
import type { Answer, Door } from '../door.ts'
import { isWorthRepeating } from '../door.ts'
import type { OfficeModel } from '../office-model.ts'
import type { ProviderModel } from '../provider-model.ts'
import type { SupplierModel } from '../supplier-model.ts'
import type { TimeOfDay } from '../time-of-day.ts'
import { type Duration, durationUs } from '../time-of-day.ts'
import type { FaultKind, Of } from './fault.ts'
import type { ThrowingTurns } from './throwing-turns.ts'

export interface FaultOutcome {
  readonly kind: FaultKind
  readonly target: string
  readonly at: TimeOfDay
  fired: boolean
  /** Milliseconds until an actor of the victim's shards answered again. */
  recoveryMs?: number
}

/** Begins a fault and sees to its end. `outcome` is told what was seen of it. */
export type Strike<Kind extends FaultKind> = (scene: Scene, fault: Of<Kind>, outcome: FaultOutcome) => void

export interface FaultStage {
  readonly day: Day
  readonly cluster: SimCluster
  readonly door: Door
  readonly provider: ProviderModel
  readonly office: OfficeModel
  readonly supplier: SupplierModel
  readonly site: string
  readonly turns: ThrowingTurns
  /** The build that a day begins with, and one for each upgrade. */
  readonly builds: readonly Registry[]
  readonly shardsOf: (node: NodeId) => ReadonlySet<ShardId>
}

const probeEveryUs = 10_000
const againUs = 1_000_000

export class Scene {
  readonly stage: FaultStage
  readonly #lastActors: Map<ShardId, ActorId>
  /** Of a fault that somebody has set by hand: what ends it, and how often it was seen. */
  readonly #ends: Set<() => void> | undefined
  #count: (() => number) | undefined
  #isEnded = false

  constructor(stage: FaultStage, lastActors = new Map<ShardId, ActorId>(), ends?: Set<() => void>) {
    this.stage = stage
    this.#lastActors = lastActors
    this.#ends = ends
  }

  /** For one fault whose end can be brought forward. */
  byHand(): Scene {
    return new Scene(this.stage, this.#lastActors, new Set())
  }

  /** Whatever was to end it later ends it now. */
  endNow(): void {
    this.#isEnded = true
    for (const end of [...(this.#ends ?? [])]) {
      this.#ends?.delete(end)
      end()
    }
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** How often its effect can be seen so far, for whoever looks before its end. */
  counts(count: () => number): void {
    this.#count = count
  }

  get count(): number {
    return this.#count?.() ?? 0
  }

  /** Remembers whom to ask whether a shard is back. */
  commit(commit: Commit): void {
    if (commit.kind !== 'appended') return
    for (const { shard, actor } of commit.batch.records) this.#lastActors.set(shard, actor)
  }

  get now(): number {
    return this.stage.cluster.timeline.now
  }

  after(us: number, run: () => void): void {
    this.stage.cluster.timeline.after(us, run)
  }

  later(lasts: Duration, run: () => void): void {
    const ends = this.#ends
    ends?.add(run)
    this.after(durationUs(lasts), () => {
      if (ends === undefined || ends.delete(run)) run()
    })
  }

  /** Tells an actor, again and again until the answer is one that stays. */
  tell(actor: ActorId, message: Message, key: string, settled: (answer: Answer) => void = () => {}): void {
    this.#insist((done) => this.stage.door.command(actor, message, key, done), settled)
  }

  query(actor: ActorId, name: string, settled: (value: unknown) => void): void {
    this.#insist(
      (done) => this.stage.door.query(actor, name, done),
      (answer) => {
        if (answer.kind === 'answer') settled(answer.value)
      },
    )
  }

  /** Asks an actor of these shards until it answers. */
  watchRecovery(shards: ReadonlySet<ShardId>, outcome: FaultOutcome): void {
    const since = this.now
    const actor = [...this.#lastActors].find(([shard]) => shards.has(shard))?.[1]
    if (actor === undefined) return
    const ask = (): void =>
      this.stage.door.send(
        { actor, body: { kind: 'operate', command: { kind: 'inspect' } }, timeoutMs: 10_000 },
        (answer) => {
          if (isWorthRepeating(answer)) this.after(probeEveryUs, ask)
          else outcome.recoveryMs = (this.now - since) / 1_000
        },
      )
    ask()
  }

  /** Every shard that has been written to. */
  get shards(): ReadonlySet<ShardId> {
    return new Set(this.#lastActors.keys())
  }

  /** What was begun before the end is not tried again after it: that which mends comes then. */
  #insist(send: (done: (answer: Answer) => void) => void, settled: (answer: Answer) => void): void {
    const wasEnded = this.#isEnded
    const again = (): void => {
      if (this.#isEnded === wasEnded) this.#insist(send, settled)
    }
    send((answer) => {
      if (isWorthRepeating(answer)) this.after(againUs, again)
      else settled(answer)
    })
  }
}
