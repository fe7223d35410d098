/**
 * Which actor types there are, where they live, and who supervises them.
 *
 * Owns:     the way from an actor's id to its definition, its shard and its supervisors.
 * Does not: know which node owns a shard (cluster).
 *
 * Invariants:
 *   G1. `shardOf` depends on the id, the department's shard count and the type's `shardKey` alone, and is stable
 *       for ever: stored data depends on it.
 */

import { Compile } from 'typebox/compile'
import type { ActorDefinition, ActorId, Message, Supervisor } from '#actor'
import { actorIdLengthMax, ClusterError, hash32, keyOf, systemMessageTypes, typeOf } from '#actor'
import type { Envelope, ShardId, ShardStateRow } from '#ports'
import { Machine } from './machine.ts'
import { isTooLarge, tooLarge } from './message-size.ts'
import { restartsWith, shownGroup } from './supervisor.ts'

/** Actor types that share shards: the mission's service. */
export interface Department {
  readonly name: string
  /** Fixed with the first start on a data folder. */
  readonly shards: number
  readonly actors: readonly ActorDefinition[]
}

export interface RegistryOptions {
  readonly departments: readonly Department[]
  /** The root of the supervision tree. Types that stand in no group are children of the root. */
  readonly supervision: Supervisor
  /** Deep-freezes what machines are given, so that one that mutates its context throws. For tests. */
  readonly freeze?: boolean
}

export interface ActorType {
  readonly definition: ActorDefinition
  readonly machine: Machine
  readonly department: Department
  /** Of the department, by number: made once, since a name that is made anew is hashed anew at each look-up. */
  readonly shards: readonly ShardId[]
  /** From the innermost group to the root. */
  readonly supervisors: readonly Supervisor[]
  readonly creates: ReadonlySet<string>
  readonly ignores: ReadonlySet<string>
  /** What is wrong with a message for this type, or undefined. */
  problemOf(message: Message): string | undefined
}

export class Registry {
  readonly departments: readonly Department[]
  readonly shards: readonly ShardId[]
  readonly #types = new Map<string, ActorType>()

  constructor(options: RegistryOptions) {
    this.departments = options.departments
    const shardsOf = (d: Department): readonly ShardId[] =>
      Array.from({ length: d.shards }, (_, n) => `${d.name}.${n}` as ShardId)
    this.shards = options.departments.flatMap(shardsOf)
    const supervisors = supervisorsByType(options.supervision)
    for (const department of options.departments) {
      const shards = shardsOf(department)
      for (const definition of department.actors) {
        if (this.#types.has(definition.type))
          throw treeError(
            definition.type,
            'the type is defined twice',
            'Give each actor type one definition.',
          )
        this.#types.set(definition.type, {
          definition,
          machine: new Machine(definition, { freeze: options.freeze ?? false }),
          department,
          shards,
          supervisors: supervisors.get(definition.type) ?? [options.supervision],
          creates: new Set(definition.creates),
          ignores: new Set(definition.ignores ?? []),
          problemOf: contract(definition),
        })
      }
    }
    this.#checkGroups(options.supervision)
  }

  get types(): readonly ActorType[] {
    return [...this.#types.values()]
  }

  /** Undefined also for what is too long to be an id: no store holds such an actor. */
  find(id: ActorId): ActorType | undefined {
    if (id.length > actorIdLengthMax || id.includes('\0')) return undefined
    return this.#types.get(typeOf(id))
  }

  /**
   * What keeps this build from a shard that these versions of machines have written to; undefined when it can go on
   * from all of them. A type that it does not have keeps it from nothing: its rows are left alone.
   */
  lacking(
    versions: Readonly<Record<string, string>>,
  ): { readonly type: string; readonly stored: string; readonly machine: string } | undefined {
    for (const [type, stored] of Object.entries(versions)) {
      const machine = this.#types.get(type)?.machine
      if (machine?.reads(stored) === false) return { type, stored, machine: machine.version }
    }
    return undefined
  }

  /** Why a message cannot be delivered, or undefined. */
  problemOf({ to, message }: Pick<Envelope, 'to' | 'message'>): string | undefined {
    const type = this.find(to)
    return type === undefined ? `no actor type of '${to}'` : type.problemOf(message)
  }

  /** @throws ClusterError `ACTOR_TYPE_UNKNOWN`. */
  typeOf(id: ActorId): ActorType {
    const type = this.find(id)
    if (type === undefined) {
      throw new ClusterError('ACTOR_TYPE_UNKNOWN', {
        type: typeOf(id),
        known: [...this.#types.keys()].join(', '),
      })
    }
    return type
  }

  /** @throws ClusterError `ACTOR_TYPE_UNKNOWN`. */
  shardOf(id: ActorId): ShardId {
    const { definition, shards } = this.typeOf(id)
    const key = keyOf(id)
    const placed = definition.shardKey === undefined ? key : definition.shardKey(key)
    return shards[hash32(placed) % shards.length] as ShardId
  }

  /** The innermost group that couples siblings, with the instance that this actor belongs to; undefined for most. */
  siblingGroup(id: ActorId): { readonly supervisor: Supervisor; readonly instance: string } | undefined {
    const { definition, supervisors } = this.typeOf(id)
    const supervisor = supervisors[0]
    if (
      supervisor === undefined ||
      supervisor.strategy === 'one-for-one' ||
      definition.shardKey === undefined
    )
      return undefined
    return { supervisor, instance: `${supervisor.name}:${definition.shardKey(keyOf(id))}` }
  }

  /** The groups that decide when a turn of this actor fails, the innermost first. */
  groupsOf(id: ActorId) {
    return this.typeOf(id).supervisors.map(shownGroup)
  }

  /** Of the siblings that its shard knows, those that restart when this actor does. */
  restartsWith(id: ActorId, { siblings }: Pick<ShardStateRow, 'siblings'>): readonly ActorId[] {
    const group = this.siblingGroup(id)
    if (group === undefined) return []
    const types = restartsWith(group.supervisor, typeOf(id))
    return (siblings[group.instance] ?? []).filter((sibling) => sibling !== id && types.has(typeOf(sibling)))
  }

  #checkGroups(supervisor: Supervisor): void {
    if (supervisor.strategy !== 'one-for-one') {
      const types = supervisor.children.filter((c) => 'type' in c)
      const departments = new Set(types.map((t) => this.#types.get(t.type)?.department.name))
      const loose = types.find((t) => t.shardKey === undefined)
      if (loose !== undefined) {
        throw treeError(
          supervisor.name,
          `'${loose.type}' has no shardKey, and ${supervisor.strategy} restarts siblings together`,
          'Give the types of the group one shardKey.',
        )
      }
      if (departments.size > 1) {
        throw treeError(
          supervisor.name,
          `its types are in several departments (${[...departments].join(', ')})`,
          'Siblings that restart together must live in one shard.',
        )
      }
    }
    for (const child of supervisor.children) if (!('type' in child)) this.#checkGroups(child)
  }
}

function treeError(group: string, problem: string, remedy: string): ClusterError {
  return new ClusterError('SUPERVISION_TREE_INVALID', { group, problem, remedy })
}

function supervisorsByType(root: Supervisor): ReadonlyMap<string, readonly Supervisor[]> {
  const found = new Map<string, readonly Supervisor[]>()
  const walk = (supervisor: Supervisor, outer: readonly Supervisor[]): void => {
    const path = [supervisor, ...outer]
    for (const child of supervisor.children) {
      if (!('type' in child)) walk(child, path)
      else if (found.has(child.type))
        throw treeError(supervisor.name, `'${child.type}' stands in the tree twice`, 'Give it one place.')
      else found.set(child.type, path)
    }
  }
  walk(root, [])
  return found
}

function contract(definition: ActorDefinition): (message: Message) => string | undefined {
  const validator = Compile(definition.accepts)
  return (message) => {
    const fits: boolean = systemMessageTypes.has(message.type) || validator.Check(message)
    if (fits) return isTooLarge(message) ? `it is ${tooLarge}` : undefined
    if (!definition.messageTypes.has(message.type))
      return `it accepts ${[...definition.messageTypes].join(', ')}`
    const first = validator.Errors(message)[0]
    return first === undefined
      ? 'it does not match the contract'
      : `${first.instancePath || '/'} ${first.message}`
  }
}
