/**
 * What a turn may ask for, described as data.
 *
 * A machine's actions return effects; they do nothing. The kernel writes what they describe together with
 * the new state in one batch, and nothing leaves the process before that batch is durable. So an effect
 * happens if and only if the state that decided it was kept.
 *
 * Owns:     the closed set of effects and the action constructors that describe them.
 * Does not: carry anything out (kernel), or know XState beyond the shape of an action function.
 */
import type { ActorRef } from './actor-ref.ts'
import type { Message } from './message.ts'
import type { ClockName } from './time.ts'

export type Effect =
  | TellEffect
  | ReplyEffect
  | AskEffect
  | ScheduleEffect
  | CancelEffect
  | EmitEffect
  | CallEffect

/** Deliver once, in the order told per receiver, whichever node the receiver is on. */
export interface TellEffect {
  readonly kind: 'tell'
  readonly to: ActorRef
  readonly message: Message
}

/** Answer the ask or the outside request that this turn handles. Ignored for a plain tell. */
export interface ReplyEffect {
  readonly kind: 'reply'
  readonly message: Message
}

/** A tell whose answer is wanted within `timeoutMs` (runtime clock). The answer is an ordinary message. */
export interface AskEffect {
  readonly kind: 'ask'
  /** Names the ask within this actor; asking again with the same id replaces the earlier ask. */
  readonly id: string
  readonly to: ActorRef
  readonly message: Message
  readonly timeoutMs: number
}

/** A durable timer: the message comes to this actor after `delayMs`. The same id replaces the earlier timer. */
export interface ScheduleEffect {
  readonly kind: 'schedule'
  readonly id: string
  readonly delayMs: number
  readonly message: Message
  readonly clock: ClockName
}

/** Take back a timer, by its id. Unknown ids are ignored. */
export interface CancelEffect {
  readonly kind: 'cancel'
  readonly id: string
}

/** A domain event: journaled with the turn, for projections and audit. No actor receives it. */
export interface EmitEffect {
  readonly kind: 'emit'
  readonly event: Message
}

/**
 * An outbound call, run after the commit by the handler that the host was given under this name. At least
 * once; the answer comes as `call.done` or `call.failed`, once.
 */
export interface CallEffect {
  readonly kind: 'call'
  /**
   * Names a deed of this actor, and is what the other party knows it by: the idempotency key is `actor:id`, in
   * every try of the call, and in every further call under this id. So who calls again under the same id *insists*
   * (the outcome of a charge was unknown: it must not be charged twice), and another deed needs another id
   * (`remind-1`, `remind-2`). It cannot be the other way about: a key of each call's own would let an earlier try
   * that was only late be done beside the new one, and no result shows that it was.
   *
   * A call under the id of one that is pending replaces it: the answer to the earlier one does not count.
   */
  readonly id: string
  readonly handler: string
  readonly args: unknown
  /** Runtime clock. Past it the outcome is unknown: `call.failed` with reason `expired`. */
  readonly deadlineMs: number
  /** At most this many tries, with exponential backoff between them. */
  readonly attemptsMax: number
}

/** What an action function is given; the part of XState's argument that actors should use. */
export interface Turn<C, E> {
  readonly context: C
  readonly event: E
}

/**
 * An XState action that describes effects. Its return value is read by the kernel's machine adapter.
 * `P` are the params of a named action: `{ type: 'name', params }`.
 */
export type EffectAction<C, E, P = unknown> = (turn: Turn<C, E>, params: P) => Effect | readonly Effect[]

/** Any message at all. The second member lets a literal carry fields beside `type`. */
export type AnyMessage = Message | (Message & Readonly<Record<string, unknown>>)

/** A message as it is sent: lists and fields in it may be readonly. */
export type Sent<T> = T extends string | number | boolean | null | undefined
  ? T
  : unknown extends T
    ? T
    : { readonly [K in keyof T]: Sent<T[K]> }

/** A value, or a function of the turn (and of a named action's params) that gives it. */
export type Of<C, E, P, T> = T | ((turn: Turn<C, E>, params: P) => T)

/**
 * The message for a ref of `M`: one of its contract, or anything when the ref is untyped. The detour through
 * a conditional lets TypeScript fix `M` by the ref first, so that a literal in a callback is checked against it.
 */
export type OfMessage<C, E, P, M extends Message> = [M] extends [infer Fixed]
  ? Of<C, E, P, Message extends Fixed ? AnyMessage : Sent<Fixed>>
  : never

function value<C, E, P, T>(of: Of<C, E, P, T>, turn: Turn<C, E>, params: P): T {
  return typeof of === 'function' ? (of as (turn: Turn<C, E>, params: P) => T)(turn, params) : of
}

/** Sends a message to one actor. One of more than 2 MiB fails the turn. */
export function tell<C, E, P, M extends Message>(
  to: Of<C, E, P, ActorRef<M>>,
  message: OfMessage<C, E, P, M>,
): EffectAction<C, E, P> {
  return (turn, params) => ({
    kind: 'tell',
    to: value(to, turn, params),
    message: value(message, turn, params),
  })
}

/** Answers the ask or request in hand. */
export function reply<C, E, P>(message: Of<C, E, P, AnyMessage>): EffectAction<C, E, P> {
  return (turn, params) => ({ kind: 'reply', message: value(message, turn, params) })
}

/** Asks one actor; the answer, or `ask.timeout`, comes as a message. */
export function ask<C, E, P, M extends Message>(
  id: Of<C, E, P, string>,
  to: Of<C, E, P, ActorRef<M>>,
  message: OfMessage<C, E, P, M>,
  timeoutMs: number,
): EffectAction<C, E, P> {
  return (turn, params) => ({
    kind: 'ask',
    id: value(id, turn, params),
    to: value(to, turn, params),
    message: value(message, turn, params),
    timeoutMs,
  })
}

/** Sets a durable timer. XState's `after` does the same on the world clock; use this for the runtime clock. */
export function schedule<C, E, P>(
  id: Of<C, E, P, string>,
  delayMs: Of<C, E, P, number>,
  message: Of<C, E, P, AnyMessage>,
  options: { readonly clock: ClockName },
): EffectAction<C, E, P> {
  return (turn, params) => ({
    kind: 'schedule',
    id: value(id, turn, params),
    delayMs: value(delayMs, turn, params),
    message: value(message, turn, params),
    clock: options.clock,
  })
}

/** Takes back a timer of `schedule`. */
export function cancel<C, E, P>(id: Of<C, E, P, string>): EffectAction<C, E, P> {
  return (turn, params) => ({ kind: 'cancel', id: value(id, turn, params) })
}

/** Publishes a domain event. */
export function emit<C, E, P>(event: Of<C, E, P, AnyMessage>): EffectAction<C, E, P> {
  return (turn, params) => ({ kind: 'emit', event: value(event, turn, params) })
}

/**
 * Calls someone outside, after the commit. The same `id` insists on the same deed, with the same idempotency key;
 * a new deed takes a new `id` (see `CallEffect`).
 */
export function call<C, E, P>(of: Of<C, E, P, Omit<CallEffect, 'kind'>>): EffectAction<C, E, P> {
  return (turn, params) => ({ kind: 'call', ...value(of, turn, params) })
}

const isList = (effect: Effect | readonly Effect[]): effect is readonly Effect[] => Array.isArray(effect)

/** Several effects from one action, or none: one `tell` per element of a list, a `reply` under a condition. */
export function effects<C, E, P>(
  of: (turn: Turn<C, E>, params: P) => readonly (Effect | EffectAction<C, E>)[],
): EffectAction<C, E, P> {
  return (turn, params) => {
    const found: Effect[] = []
    for (const effect of of(turn, params)) {
      const one = typeof effect === 'function' ? effect(turn, undefined) : effect
      if (isList(one)) found.push(...one)
      else found.push(one)
    }
    return found
  }
}
