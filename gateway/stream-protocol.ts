/**
 * What a page and the gateway say to each other on `WS /ops/v1/stream`, sub-protocol `inspector.v1`.
 *
 * Text frames are JSON: `FromPage` and `ToPage`. A binary frame is a header of four bytes (its kind, the version of that
 * kind, two of nothing) and what the kind says. Unknown kinds are passed over. Nothing is ordered here: commands are
 * requests of the operator API.
 *
 * A page with a token offers it as a second sub-protocol, `bearer.` and the token in base64url: browsers let it set no header.
 *
 * Owns:     the words. Nothing of Node is used here: pages have it, too.
 */
import type { ClusterView } from './cluster-client.ts'
import type { FaultView } from './fault-control.ts'
import type { KitchenPatch } from './kitchen-words.ts'
import type { TapEnd, Told } from './tap-words.ts'
import type { TimeView } from './time-control.ts'

export const streamPath = '/ops/v1/stream'
export const streamProtocol = 'inspector.v1'
export const bearerProtocol = 'bearer.'

export const binaryHeaderBytes = 4
/** A frame of `#activity`. */
export const activityKind = 1
export const activityVersion = 2

/**
 * - `activity`: binary frames, up to ten a second of each node
 * - `cluster`: once a second
 * - `time`: ten times a second while it is turned; of a simulated cluster alone
 * - `actor:ID`: `changed` whenever it may have had a turn
 * - `kitchen`: up to ten times a second what has changed there
 * - `faults`: those in force and the last that are over, when one of them has changed
 * - `tap:ID`: messages that a tap tells, up to ten times a second
 */
export type StreamName =
  | 'activity'
  | 'cluster'
  | 'time'
  | 'kitchen'
  | 'faults'
  | `actor:${string}`
  | `tap:${string}`

export type FromPage = { readonly type: 'subscribe' | 'unsubscribe'; readonly stream: string }

/** Why something is not offered; absent when it is. */
export interface Capability {
  readonly name: string
  readonly offBecause?: string
}

export type ToPage =
  | {
      readonly type: 'welcome'
      readonly cluster: string
      readonly capabilities: readonly Capability[]
      /** More than this on average, and frames are left out. */
      readonly bytesPerSecond: number
    }
  | { readonly type: 'subscribed' | 'unsubscribed'; readonly stream: StreamName }
  /** Frames were left out: this viewer reads too slowly, or too much happens. Whole ones follow. */
  | { readonly type: 'gap'; readonly stream: StreamName; readonly dropped: number }
  | { readonly type: 'cluster'; readonly view: ClusterView }
  /** The gateway cannot say now. */
  | { readonly type: 'silent'; readonly stream: StreamName; readonly detail: string }
  | { readonly type: 'time'; readonly view: TimeView }
  | { readonly type: 'changed'; readonly actor: string }
  | ({ readonly type: 'kitchen' } & KitchenPatch)
  | { readonly type: 'faults'; readonly faults: readonly FaultView[] }
  | ({ readonly type: 'tapped'; readonly tap: string } & Told)
  /** Nothing more comes of it. */
  | { readonly type: 'tap-ended'; readonly tap: string; readonly why: TapEnd }
  | { readonly type: 'error'; readonly code: 'malformed' | 'unknown-stream' | 'off'; readonly detail: string }
