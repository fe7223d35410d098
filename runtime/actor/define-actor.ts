/**
 * What an actor is: its contract, its machine, and how it lives.
 *
 * Owns:     the definition and the checks that can be made before anything runs.
 * Does not: run machines (kernel/machine.ts) or place actors (the cluster's departments).
 *
 * Invariants:
 *   D1. A machine never invokes or spawns: its children would be neither durable nor placed.
 *   D2. Every message in `creates` and `ignores` is one that the actor accepts.
 */
import type { Static, TSchema } from 'typebox'
import type { AnyStateMachine } from 'xstate'
import type { ActorId, ActorRef } from './actor-ref.ts'
import { ref } from './actor-ref.ts'
import { ClusterError } from './errors.ts'
import type { Message } from './message.ts'
import type { Instant } from './time.ts'

/** What a query, an observer and a supervisor see of an actor. */
export interface ActorState {
  readonly id: ActorId
  /** XState's state value: a string, or nested objects for compound and parallel states. */
  readonly value: unknown
  readonly context: unknown
  /** How many turns changed it: the version that an ETag shows. */
  readonly version: number
}

/** A turn that writes nothing. It never creates an actor. */
export type Query = (state: ActorState, args: unknown, at: Instant) => unknown

/** One step from a version of a machine to another, forwards or back. */
export interface Migration {
  /** The version that it leads to; the next step starts there, until the machine's own version is reached. */
  readonly to: string
  /** The keys of the context of the version left behind, in the order of its first context. */
  readonly keys: readonly string[]
  readonly migrate: (state: { readonly value: unknown; readonly context: unknown }) => {
    readonly value: unknown
    readonly context: unknown
  }
}

/**
 * What kind of thing an actor is: work that must arrive, a record that is kept, a dealing with someone outside, or
 * hands and heat.
 */
export type Glyph = 'docket' | 'square' | 'diamond' | 'disc'

/** What an actor in a state does. States inside one have its class, unless they have their own; none is `rest`. */
export type StateClass = 'working' | 'waiting' | 'rest'

export interface ActorOptions {
  /** Kebab-case, unique in the cluster: the first part of the actor's id. */
  readonly type: string
  /** TypeBox schema of every message that other parties may send: a union of objects with a literal `type`. */
  readonly accepts: TSchema
  /** How it is drawn. Default `square`. */
  readonly glyph?: Glyph
  /** Message types that bring an actor to life. Any other message to an actor that is not there is `unknown`. */
  readonly creates: readonly string[]
  /** Message types that a finished actor drops silently instead of making them dead letters. */
  readonly ignores?: readonly string[]
  /**
   * An XState 5 machine. Its context is the durable state; its `version` is the snapshot's version. Tags of its
   * states say how they are drawn: a `StateClass`, and `undone` where work is taken back. They change nothing else.
   */
  readonly machine: AnyStateMachine
  /** Named reads, answered from memory: plain data, at most as large as a message. */
  readonly queries?: Readonly<Record<string, Query>>
  /** How to go on from a snapshot of another version of the machine. Keys are the version left behind. */
  readonly migrations?: Readonly<Record<string, Migration>>
  /** Actors whose keys give the same value live in the same shard. Default: the whole key. */
  readonly shardKey?: (key: string) => string
  /** Leaves memory after this much idleness, in milliseconds of the runtime clock. Default ten minutes. */
  readonly passivateAfter?: number
}

export interface ActorDefinition<M extends Message = Message> extends ActorOptions {
  /** Every message type in the contract. */
  readonly messageTypes: ReadonlySet<string>
  /** The address of one actor of this type. */
  ref(key: string): ActorRef<M>
}

/** The messages of a contract, as a TypeScript type. */
export type MessageOf<S extends TSchema> = Static<S> & Message

/**
 * Defines an actor type. Call it once per type, at module level, and hand the result to the cluster's configuration.
 *
 * @throws ClusterError `ACTOR_DEFINITION_INVALID` when the machine invokes or spawns, when the contract is not a
 *   union of objects with a literal `type`, or when `creates` or `ignores` name a message outside it.
 */
export function defineActor<S extends TSchema>(
  options: ActorOptions & { readonly accepts: S },
): ActorDefinition<MessageOf<S>> {
  const invalid = (problem: string, remedy: string): ClusterError =>
    new ClusterError('ACTOR_DEFINITION_INVALID', { type: options.type, problem, remedy })
  const messageTypes = contractTypes(options.accepts)
  if (messageTypes === undefined) {
    throw invalid(
      'its contract is not a union of objects with a literal `type`',
      'Write `accepts` as Type.Union([Type.Object({ type: Type.Literal(...) }), ...]).',
    )
  }
  for (const name of [...options.creates, ...(options.ignores ?? [])]) {
    if (!messageTypes.has(name))
      throw invalid(
        `'${name}' is not in its contract`,
        'Add the message to `accepts`, or take the name out of `creates` or `ignores`.',
      )
  }
  const offender = childOf(options.machine.config)
  if (offender !== undefined) {
    throw invalid(
      `its machine uses ${offender}`,
      'Children would not be durable. Use `call` for work outside, `tell` or `ask` for another actor, `after` for time.',
    )
  }
  return { ...options, messageTypes, ref: (key) => ref(options.type, key) }
}

function contractTypes(schema: TSchema): ReadonlySet<string> | undefined {
  const node = schema as { anyOf?: readonly TSchema[]; properties?: { type?: { const?: unknown } } }
  const members = node.anyOf ?? [schema]
  const found = new Set<string>()
  for (const member of members) {
    const literal = (member as typeof node).properties?.type?.const
    if (typeof literal !== 'string') return undefined
    found.add(literal)
  }
  return found
}

/** The first `invoke` or spawning action in a machine's configuration, in words. */
function childOf(config: unknown): string | undefined {
  if (typeof config === 'function') {
    const type = (config as { type?: unknown }).type
    return type === 'xstate.spawnChild' ? '`spawnChild`' : undefined
  }
  if (config === null || typeof config !== 'object') return undefined
  for (const [key, child] of Object.entries(config)) {
    if (key === 'invoke' && child !== undefined) return '`invoke`'
    if (key === 'context' || key === 'meta') continue
    const found = childOf(child)
    if (found !== undefined) return found
  }
  return undefined
}
