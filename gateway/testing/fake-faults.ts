/**
 * Something to break a fake cluster with, for the gateway's tests: it remembers, and breaks nothing.
 *
 * Owns:     which faults are in force and which are over, by a clock that a test turns.
 */
import type { CommandOutcome } from '../cluster-client.ts'
import type { FaultControl, FaultView, SetFault } from '../fault-control.ts'

export class FakeFaults implements FaultControl {
  off: FaultControl['off'] = { 'power-loss': 'Nobody pulls the plug here.' }
  only: FaultControl['only'] = {}
  unfitBecause: string | undefined
  /** Strikes wait for it. */
  slow: Promise<void> = Promise.resolve()
  waiting = 0
  ms = 0
  all: FaultView[] = []
  reverted: (string | undefined)[] = []

  forget(): void {
    this.all = []
    this.reverted = []
    this.ms = 0
    this.unfitBecause = undefined
    this.slow = Promise.resolve()
  }

  nowMs(): number {
    return this.ms
  }

  async faults(): Promise<readonly FaultView[]> {
    return this.all
  }

  async unfit(): Promise<string | undefined> {
    return this.unfitBecause
  }

  async strike(fault: SetFault): Promise<CommandOutcome> {
    this.waiting += 1
    await this.slow
    this.waiting -= 1
    this.all.push({ ...fault, ageMs: 0, met: 0 })
    return { kind: 'accepted' }
  }

  async revert(id?: string): Promise<CommandOutcome> {
    this.reverted.push(id)
    this.all = this.all.map((fault) =>
      fault.ended === undefined && (id === undefined || fault.id === id)
        ? { ...fault, ended: { how: 'reverted', agoMs: 0 } }
        : fault,
    )
    return { kind: 'accepted' }
  }
}
