/**
 * What goes wrong in one process on purpose: its disk, its clock, its loop, its calls outside.
 *
 * Owns:     which of it is in force here, how often each has shown, and setting right what was set wrong.
 * Does not: know links (`ws/link-filter.ts`), or whose idea it was (`fault-board.ts`).
 *
 * Without a fault nothing waits and nothing is looked at.
 */
import type { CallOutcome, NodeId, OutboundCall, Outside } from '#ports'
import type { ProcessFault } from './control.ts'

export interface FaultyParts {
  readonly node: NodeId
  /** Room on the disk, as it is. */
  readonly roomBytes: () => number
  /** Of the clock: it jumps ahead, or stands still until it has caught up. */
  readonly stepClock: (microseconds: number) => void
}

export class ProcessFaults {
  readonly #parts: FaultyParts
  #inForce: readonly ProcessFault[] = []
  readonly #met = new Map<string, number>()
  #steppedMs = 0
  #stall: NodeJS.Timeout | undefined

  constructor(parts: FaultyParts) {
    this.#parts = parts
  }

  get met(): ReadonlyMap<string, number> {
    return this.#met
  }

  /** Exactly those of these that are meant for this node are in force from now on. */
  set(faults: readonly ProcessFault[]): void {
    const { node, stepClock } = this.#parts
    this.#inForce = faults.filter((fault) => fault.node === undefined || fault.node === node)
    const stepMs = this.#sum('clockStepMs')
    if (stepMs !== this.#steppedMs) stepClock((stepMs - this.#steppedMs) * 1_000)
    this.#steppedMs = stepMs
    for (const { id, clockStepMs } of this.#inForce)
      if (clockStepMs !== undefined && !this.#met.has(id ?? '')) this.#meets(id)
    clearTimeout(this.#stall)
    const stall = this.#inForce.find(({ stallMs }) => stallMs !== undefined)
    if (stall?.stallMs !== undefined) this.#standStill(stall.id, stall.stallMs)
  }

  /** Between a flush and its answer. */
  async afterFlush(): Promise<void> {
    const slow = this.#inForce.filter(({ flushDelayMs = 0 }) => flushDelayMs > 0)
    if (slow.length === 0) return
    for (const { id } of slow) this.#meets(id)
    const ms = this.#sum('flushDelayMs')
    await new Promise((resolve) => setTimeout(resolve, ms))
  }

  roomBytes(): number {
    const full = this.#inForce.find(({ isDiskFull }) => isDiskFull === true)
    if (full === undefined) return this.#parts.roomBytes()
    this.#meets(full.id)
    return 0
  }

  /** Calls outside, as far as they find anybody. */
  around(outside: Outside): Outside {
    return {
      start: (call: OutboundCall, done: (outcome: CallOutcome) => void) => {
        const dead = this.#inForce.find(({ deadHandlers }) => deadHandlers?.includes(call.handler))
        if (dead === undefined) return outside.start(call, done)
        this.#meets(dead.id)
        let isCancelled = false
        setImmediate(() => {
          if (!isCancelled) done({ kind: 'unknown', detail: 'nobody answers there' })
        })
        return {
          cancel: () => {
            isCancelled = true
          },
        }
      },
    }
  }

  close(): void {
    clearTimeout(this.#stall)
  }

  /** Blocks the loop without a CPU, lets it run for as long, and again. */
  #standStill(id: string | undefined, ms: number): void {
    this.#stall = setTimeout(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
      this.#meets(id)
      this.#standStill(id, ms)
    }, ms)
  }

  #sum(field: 'clockStepMs' | 'flushDelayMs'): number {
    return this.#inForce.reduce((sum, fault) => sum + (fault[field] ?? 0), 0)
  }

  #meets(id = ''): void {
    this.#met.set(id, (this.#met.get(id) ?? 0) + 1)
    const [oldest = ''] = this.#met.keys()
    if (this.#met.size > metMax) this.#met.delete(oldest)
  }
}

/** Faults whose counts are kept. */
const metMax = 200
