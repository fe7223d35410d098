/**
 * Which nodes there are, from the one who can prove an end: the launcher, or the simulator.
 *
 * Invariants:
 *   M1. A node that left the view has ended: its process is gone. Silence alone removes nobody.
 */
import type { NodeId } from './ids.ts'

export interface Member {
  readonly node: NodeId
  /** Which departments it may host is its group's. */
  readonly group: string
  /** For the transport: `ws://127.0.0.1:port`, or nothing in the simulator. */
  readonly address: string
  /** Leaving: owns what it has not handed off yet, takes nothing more. Cordoned: keeps, takes nothing more. */
  readonly state: 'up' | 'cordoned' | 'leaving'
  /** Grows with each process of this name. */
  readonly life: number
}

export interface Membership {
  /** Called with the whole view, first soon after the call and again at each change. */
  watch(change: (members: readonly Member[]) => void): void
}
