/**
 * What is told of messages that are tapped: over the stream, and line by line as NDJSON.
 *
 * Owns:     the words. Nothing of Node is used here: pages have it, too.
 */
import type { TappedMessage } from '#activity'

/** `n`: of the tap; grows by one. Payloads are without what is secret. */
export type ToldMessage = Omit<TappedMessage, 'at' | 'id' | 'from' | 'to' | 'payload'> & {
  readonly n: number
  readonly at: string
  readonly node: string
  readonly id: string
  readonly from?: string
  readonly to: string
  readonly payload?: Readonly<Record<string, unknown>>
}

/** Of all nodes, since the tap began: `matched` is `told`, `over` and `lost` together. */
export interface TapCounts {
  readonly matched: number
  readonly told: number
  /** Beyond the cap. */
  readonly over: number
  /** On the way from their nodes. */
  readonly lost: number
  /** Nodes that have said that they are tapped. */
  readonly nodes: readonly string[]
}

export interface Told {
  readonly messages: readonly ToldMessage[]
  readonly counts: TapCounts
  /** Messages before these that are not kept any more: this reader was too slow, or came late. */
  readonly missed: number
}

/** `full`: as many as were asked for are told. `idle`: nobody has read it for a while. */
export type TapEnd = 'deleted' | 'expired' | 'full' | 'idle' | 'gateway-closes'

export type TapLine =
  | ({ readonly kind: 'message' } & ToldMessage)
  | ({ readonly kind: 'counts' } & TapCounts)
  | { readonly kind: 'missed'; readonly missed: number }
  | { readonly kind: 'end'; readonly why: TapEnd }
