/**
 * What one node does with messages: a synchronous, deterministic step function.
 *
 * A kernel is one incarnation's memory. It is never repaired: when its scope is lost, or a write failed,
 * the host drops it whole and makes another, which loads what is durable.
 *
 * Owns:     which input goes where, and the order of a round: turns until nothing can run, then the batch.
 * Does not: know which node owns what (cluster), do I/O or read a clock (host), or know XState (`machine.ts`).
 */
import type { Instant, Now } from '#actor'
import type { ShardId, UsedBudget } from '#ports'
import { called } from './calls.ts'
import { acknowledged, received, rerouted } from './channels.ts'
import { answered, appended, closeIfPossible } from './commits.ts'
import { askForWakes, wake } from './due.ts'
import type { Input } from './input.ts'
import { type KernelOptions, Memory } from './memory.ts'
import type { Output } from './output.ts'
import { forgetExpired } from './remembered.ts'
import { requested } from './requests.ts'
import { forgetTombstones, trim } from './retention.ts'
import type { Shard } from './shard.ts'
import { behindWindow, granted, loaded, release } from './tenure.ts'
import { turn } from './turns.ts'

export class Kernel {
  readonly #memory: Memory

  constructor(options: KernelOptions) {
    this.#memory = new Memory(options)
  }

  /** The shards that are ours, for the host and for people. */
  get shards(): ReadonlyMap<ShardId, Shard> {
    return this.#memory.shards
  }

  /** Restarts that count now against what their groups allow, for people. */
  budgets(now: Instant): readonly UsedBudget[] {
    return this.#memory.restarts.used(now)
  }

  /** Whether nothing is submitted, held or waiting to run. */
  get idle(): boolean {
    const { inFlight, open, runnable, atTheDoor, acknowledged } = this.#memory
    const isWritten = inFlight.length === 0 && open.empty && acknowledged.length === 0
    return isWritten && runnable.empty && atTheDoor.empty
  }

  step(input: Input, now: Now): readonly Output[] {
    const memory = this.#memory
    memory.now = now
    if (memory.out.length > 0) memory.out = []
    switch (input.kind) {
      case 'granted':
        granted(memory, input)
        break
      case 'release':
        release(memory, input.shard, input.heir)
        break
      case 'loaded':
        loaded(memory, input)
        break
      case 'mailbox-read':
        behindWindow(memory, input)
        break
      case 'requests-read':
        forgetExpired(memory, input)
        break
      case 'expired':
        trim(memory, input)
        break
      case 'tombstones-read':
        forgetTombstones(memory, input)
        break
      case 'received':
        if (input.item.kind === 'message') received(memory, input.item)
        else acknowledged(memory, input.item)
        break
      case 'request':
        requested(memory, input.request)
        break
      case 'appended':
        appended(memory, input.outcome)
        break
      case 'verified':
        answered(memory, 'verify')
        break
      case 'called':
        called(memory, input)
        break
      case 'wake':
        wake(memory)
        break
      case 'routed':
        rerouted(memory, input.shard)
        break
      case 'flush':
        flush(memory)
        break
    }
    return memory.out
  }
}

/** Runs turns until nothing can run or the batch is full, and closes the batch as far as the bounds allow. */
function flush(memory: Memory): void {
  for (;;) {
    while (memory.open.turns < memory.bounds.batchTurnsMax) {
      const activation = memory.atTheDoor.take() ?? memory.runnable.take()
      if (activation === undefined) break
      activation.queued = false
      // In a shard that is handed over nothing runs any more: its waiting requests were answered `moved`.
      const runs = !activation.shard.draining || memory.broken === 'turn-while-draining'
      if (runs && memory.isOurs(activation.shard)) turn(memory, activation)
    }
    const full = memory.open.turns >= memory.bounds.batchTurnsMax
    if (!closeIfPossible(memory) || !full) break
  }
  askForWakes(memory)
}
