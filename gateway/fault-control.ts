/**
 * What the gateway asks of whoever can break the cluster on purpose.
 *
 * Owns:     the words: the kinds of faults there are anywhere, whom one strikes, and what is seen of it.
 * Does not: know how a fault is brought about (`bin/live-faults.ts`, `bin/simulated/`), or who may ask (`ops/faults.ts`).
 */
import type { CommandOutcome } from './cluster-client.ts'

export const faultKinds = [
  'crash-node',
  'pause-node',
  'long-gc',
  'drain-node',
  'rolling-restart',
  'restart-cluster',
  'power-loss',
  'crash-at',
  'partition',
  'delay-frames',
  'drop-frames',
  'duplicate-frames',
  'reorder-frames',
  'corrupt-frames',
  'slow-disk',
  'slow-reads',
  'full-disk',
  'write-fails',
  'torn-write',
  'clock-step',
  'clock-drift',
  'turns-throw',
  'provider-outage',
  'provider-declines',
  'provider-slow',
  'provider-silent',
  'supplier-outage',
  'mail-outage',
  'sms-outage',
  'webhook-outage',
  'appliance-breakdown',
  'sensor-stuck',
  'sensor-drift',
  'runaway-heat',
  'door-open',
  'probe-silent',
  'timer-stopped',
  'cook-ill',
  'spoilage',
  'delivery-late',
] as const
export type FaultKind = (typeof faultKinds)[number]

export type FaultTargetKind = 'node' | 'links' | 'actor' | 'cluster'

/** A node; the links between two sides; an actor; or, with none of them, the whole. */
export interface FaultTarget {
  readonly node?: string
  readonly a?: readonly string[]
  readonly b?: readonly string[]
  readonly actor?: string
}

export type FaultParams = Readonly<Record<string, number | boolean | string>>

export interface Fault {
  readonly kind: FaultKind
  readonly target: FaultTarget
  readonly params: FaultParams
  /** Of the cluster's own time: of the machine's when it is live, of the world's when it is simulated. Absent: until somebody reverts it. */
  readonly forMs?: number
}

/** One that somebody has set. */
export interface SetFault extends Fault {
  readonly id: string
  readonly by: string
  /** The schedule that it is of. */
  readonly schedule?: string
}

export interface FaultView extends SetFault {
  readonly ageMs: number
  readonly leftMs?: number
  /** How often its effect was seen. It has fired when it was seen once: that it was asked for is no proof. */
  readonly met: number
  readonly ended?: { readonly how: 'over' | 'reverted'; readonly agoMs: number }
}

export interface FaultControl {
  /** Why a kind is not offered here. */
  readonly off: Readonly<Partial<Record<FaultKind, string>>>
  /** Of a kind that could strike more, what it strikes here. */
  readonly only: Readonly<Partial<Record<FaultKind, readonly FaultTargetKind[]>>>
  /** Of the cluster's own time. It goes back when a simulated world is wound back. */
  nowMs(): number
  /** In force, oldest first; then the last that are over. */
  faults(): Promise<readonly FaultView[]>
  /**
   * Why its actor is not as the end of this would leave it: what mends it would undo more than this has done. Undefined:
   * it is, or this strikes no actor.
   */
  unfit(fault: Pick<Fault, 'kind' | 'target'>): Promise<string | undefined>
  /** Never rejects. */
  strike(fault: SetFault): Promise<CommandOutcome>
  /** One, or all: who is frozen goes on, links are whole. Never rejects. */
  revert(id?: string): Promise<CommandOutcome>
}
