/**
 * What the page and its worker say to each other.
 *
 * The worker has the socket and the model; the page asks for a picture when it is about to draw one, so that it is never
 * handed more than it draws.
 */
import type { FromPage, ToPage } from '../../gateway/stream-protocol.ts'
import type { Picture } from './cluster-model.ts'

export type ToFeed =
  | { readonly kind: 'open'; readonly url: string; readonly token: string }
  | { readonly kind: 'close' }
  | ({ readonly kind: 'say' } & FromPage)
  /** Its process has ended: what the view of the cluster says. */
  | { readonly kind: 'ended'; readonly node: string }
  | { readonly kind: 'picture' }

export type FromFeed =
  | { readonly kind: 'open' }
  /** `code` of the WebSocket; 1006 when there was none. */
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'said'; readonly words: ToPage }
  | { readonly kind: 'picture'; readonly picture: Picture }
