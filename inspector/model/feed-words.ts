/**
 * What the page and its worker say to each other.
 *
 * The worker has the socket and the model, and makes ready what is drawn; the page asks for it when it is about to draw, so
 * that it is never handed more than it draws.
 */
import type { FromPage, ToPage } from '../../gateway/stream-protocol.ts'
import type { Drawing, Found, View } from '../scene/drawer.ts'
import type { Picture } from './cluster-model.ts'
import type { SupervisionLog } from './supervision-log.ts'

export type ToFeed =
  /** `line` numbers the connections: words of one before are not wanted any more. */
  | { readonly kind: 'open'; readonly url: string; readonly token: string; readonly line: number }
  | { readonly kind: 'close' }
  | ({ readonly kind: 'say' } & FromPage)
  /** Its process has ended: what the view of the cluster says. */
  | { readonly kind: 'ended'; readonly node: string }
  /** All there is to know, for reading. */
  | { readonly kind: 'picture' }
  /** What has failed, if it is not what is known. `known`: the version of it. */
  | { readonly kind: 'supervision'; readonly known: number | undefined }
  /** What is looked at from now on; undefined: nothing. */
  | { readonly kind: 'look'; readonly view: View | undefined }
  | { readonly kind: 'draw' }
  /** Who is at a point of the plan. `tag` comes back. */
  | {
      readonly kind: 'who'
      readonly x: number
      readonly y: number
      readonly reach: number
      readonly tag: number
    }

export type FromFeed =
  | { readonly kind: 'open'; readonly line: number }
  /** `code` of the WebSocket; 1006 when there was none. */
  | { readonly kind: 'closed'; readonly code: number; readonly line: number }
  /** A frame was of another version than this page has. */
  | { readonly kind: 'another-build'; readonly line: number }
  | { readonly kind: 'said'; readonly words: ToPage }
  | { readonly kind: 'picture'; readonly picture: Picture }
  | { readonly kind: 'supervision'; readonly log: SupervisionLog }
  | { readonly kind: 'drawing'; readonly drawing: Drawing | undefined }
  | { readonly kind: 'found'; readonly found: Found | undefined; readonly tag: number }
