/**
 * An actor's address.
 *
 * Owns:     the form of an `ActorId`, `type/key`, and what is legal in it.
 * Does not: know where the actor is. That is the cluster's shard map.
 *
 * Invariants:
 *   R1. A ref is its id: it serialises as itself, and is the same on every node.
 */
import { ClusterError } from './errors.ts'
import type { Message } from './message.ts'

declare const brand: unique symbol
/** Makes `string` or `number` types that cannot be swapped by accident. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** `type/key`, for example `order/ord_4812`. The key may contain further slashes. */
export type ActorId = Brand<string, 'ActorId'>

declare const accepts: unique symbol
/** A method, so that a ref of one contract also passes as an untyped one (parameters of methods are bivariant). */
interface Accepts<M extends Message> {
  accept(message: M): void
}
/** An actor's address, typed by the messages that it accepts. At run time it is the id itself. */
export type ActorRef<M extends Message = Message> = ActorId & { readonly [accepts]?: Accepts<M> }

/** At most this many characters: the id is part of storage keys, which LMDB bounds. */
export const actorIdLengthMax = 200

const legalType = /^[a-z][a-z0-9-]*$/
const legalKey = /^[\x21-\x7e]+$/

/**
 * The address of an actor. Building one sends nothing and creates nothing.
 *
 * @throws ClusterError `ACTOR_ID_INVALID` when the type is not kebab-case, the key is empty or not
 *   printable ASCII, or the whole is longer than 200 characters.
 */
export function ref<M extends Message = Message>(type: string, key: string): ActorRef<M> {
  const id = `${type}/${key}`
  if (!legalType.test(type) || !legalKey.test(key) || id.length > actorIdLengthMax) {
    throw new ClusterError('ACTOR_ID_INVALID', { id: id.slice(0, actorIdLengthMax) })
  }
  return id as ActorRef<M>
}

/** The part before the first slash. */
export function typeOf(id: ActorId): string {
  return id.slice(0, id.indexOf('/'))
}

/** The part after the first slash. */
export function keyOf(id: ActorId): string {
  return id.slice(id.indexOf('/') + 1)
}
