/**
 * Frames between nodes. It may lose, delay, duplicate and reorder them; the kernel's channels mend that.
 *
 * Invariants:
 *   T1. A frame arrives whole or not at all, as plain data equal to what was sent.
 *   T2. `receive` is never called before `send` returns.
 *   T3. What waits for one peer is bounded; beyond the bound frames are dropped and counted.
 */

import type { Frame } from './envelope.ts'
import type { NodeId } from './ids.ts'

export interface Transport {
  /** Sends, or drops when there is no link. Sending to oneself delivers like any other frame. */
  send(to: NodeId, frame: Frame): void
  /** The one receiver of all frames. Set once, before the first frame. */
  onFrame(receive: (from: NodeId, frame: Frame) => void): void
  /** Told when a link comes up or goes down. It routes and informs; it ends no ownership. */
  onLink(change: (peer: NodeId, up: boolean) => void): void
}
