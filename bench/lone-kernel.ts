/**
 * A kernel that owns every shard and writes to nowhere: all that it submits is durable at once.
 *
 * Owns:     carrying its outputs out: appends are answered, actors that are not in memory were never there.
 * Does not: keep anything: no store, no peers, no clock but the one that it is given.
 */
import type { Instant } from '#actor'
import { type Bounds, boundsOf, type Input, Kernel, type Registry } from '#kernel'
import {
  blindObserver,
  type Epoch,
  type NodeId,
  type Observer,
  type Position,
  type Request,
  type RequestId,
  type ScopeId,
} from '#ports'

export class LoneKernel {
  readonly kernel: Kernel
  /** Batches closed so far. */
  batches = 0
  #now = 1 as Instant
  #inputs: Input[] = []
  #requests = 0
  readonly #wakeAt: { world?: Instant; runtime?: Instant } = {}

  constructor(registry: Registry, bounds: Partial<Bounds> = {}, observer: Observer = blindObserver) {
    this.kernel = new Kernel({
      registry,
      bounds: boundsOf({ shardBacklogMax: 1e9, ...bounds }),
      node: 'node-1' as NodeId,
      scope: 'node-1.a' as ScopeId,
      observer,
      seed: 1,
    })
    const rows = {
      mailbox: [],
      beyond: [],
      outbox: [],
      inbox: [],
      channels: [],
      timers: [],
      calls: [],
      asks: [],
    }
    for (const shard of registry.shards) {
      this.feed({ kind: 'granted', shard, epoch: 1 as Epoch, clean: true, worldNow: 0 as Instant, rows })
    }
    this.run()
  }

  feed(input: Input): void {
    this.#inputs.push(input)
  }

  request(actor: Request['actor'], body: Request['body']): void {
    this.#requests += 1
    const id = this.#requests as RequestId
    const node = 'edge-1' as NodeId
    this.feed({ kind: 'request', request: { id, node, actor, body, timeoutMs: 1_000 } })
  }

  /** Steps until nothing is left to do. */
  run(advanceMs = 1): void {
    this.#runAt((this.#now + advanceMs * 1_000) as Instant)
  }

  /** It becomes the instant at which it wanted to be woken, and it is. */
  wake(): void {
    const { world = Number.POSITIVE_INFINITY, runtime = Number.POSITIVE_INFINITY } = this.#wakeAt
    const at = Math.min(world, runtime)
    if (at === Number.POSITIVE_INFINITY) throw new Error('It waits for nothing.')
    delete this.#wakeAt.world
    delete this.#wakeAt.runtime
    this.feed({ kind: 'wake' })
    this.#runAt(Math.max(this.#now, at) as Instant)
  }

  #runAt(at: Instant): void {
    this.#now = at
    const now = { world: this.#now, runtime: this.#now }
    do {
      const inputs = this.#inputs
      this.#inputs = []
      for (const input of inputs) this.#carry(this.kernel.step(input, now))
      this.#carry(this.kernel.step({ kind: 'flush' }, now))
    } while (this.#inputs.length > 0)
  }

  #carry(outputs: ReturnType<Kernel['step']>): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'append': {
          this.batches += 1
          const position = (output.expected + 1) as Position
          this.feed({ kind: 'appended', outcome: { kind: 'durable', position } })
          break
        }
        case 'verify':
          this.feed({ kind: 'verified' })
          break
        case 'load': {
          const { shard, epoch, actor } = output
          this.feed({ kind: 'loaded', shard, epoch, actor, rows: { requests: [] } })
          break
        }
        case 'wake-at':
          this.#wakeAt[output.clock] = output.at
          break
        case 'forget':
          throw new Error(output.cause)
      }
    }
  }
}
