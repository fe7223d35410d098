/**
 * Which actors an operator means, by what is stored of them: for lists, and for commands to many.
 *
 * Does not: look into mailboxes or counters: those are in their nodes' memory.
 */
import { type Static, Type } from 'typebox'
import type { ActorListItem } from '../cluster-client.ts'
import { stateNameOf } from '../routes/order-body.ts'

export const actorType = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' })

/** Beside the type. All that are given must fit. */
export const SelectorQuery = {
  node: Type.Optional(Type.String({ maxLength: 64 })),
  status: Type.Optional(Type.Enum(['live', 'stopped', 'archived'])),
  state: Type.Optional(Type.String({ maxLength: 100, description: 'The outermost state.' })),
  path: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'A part of the id.' })),
}
const Selector = Type.Object(SelectorQuery)

/** The node is the client's to look at. */
export const selects =
  ({ status, state, path }: Omit<Static<typeof Selector>, 'node'>) =>
  (actor: ActorListItem): boolean =>
    (status === undefined || actor.status === status) &&
    (path === undefined || actor.id.includes(path)) &&
    (state === undefined || outermost(actor.state) === state)

/** Of an actor that this build cannot read there is none. */
const outermost = (state: unknown): string => (state === null ? '' : stateNameOf(state))
