/**
 * What happens to an actor whose turn failed.
 *
 * Owns:     the decision: the error through the decider, restarts counted against intensity, escalation outward.
 * Does not: carry it out (kernel).
 */
import type { Directive, Instant, Supervisor } from '#actor'
import { after } from '#actor'
import type { PassedOn, ShardId, UsedBudget } from '#ports'

/** `escalate` here means: beyond the root, the shard is to be reloaded. */
export interface Decision {
  readonly directive: Directive
  /** The group that decided. */
  readonly supervisor: Supervisor
  /** Those that were asked and did not, the innermost first. */
  readonly passed: readonly PassedOn[]
}

/** Restart counts of the groups of one kernel, per shard. */
export class RestartCounts {
  readonly #restarts = new Map<
    string,
    { readonly supervisor: Supervisor; readonly shard: ShardId; readonly at: readonly Instant[] }
  >()

  /**
   * Asks the groups from the innermost outward. A group whose restarts exceed its intensity escalates, and starts
   * counting anew; so does one that would reset an actor that cannot begin anew.
   */
  decide(
    path: readonly Supervisor[],
    shard: ShardId,
    error: unknown,
    now: Instant,
    beginsAnew: () => boolean,
  ): Decision {
    const passed: PassedOn[] = []
    for (const supervisor of path) {
      const directive = supervisor.decide(error)
      let because: PassedOn['because'] | undefined
      if (directive === 'escalate') because = 'decider'
      else if (directive === 'restart' && !this.#within(supervisor, shard, now)) because = 'budget'
      else if (directive === 'reset' && !beginsAnew()) because = 'birth'
      if (because === undefined) return { directive, supervisor, passed }
      passed.push({ group: supervisor.name, because })
    }
    return { directive: 'escalate', supervisor: path[path.length - 1] as Supervisor, passed }
  }

  /** When the group has restarted something, as far as it counts now. */
  recent(supervisor: Supervisor, shard: ShardId, now: Instant): readonly Instant[] {
    const restarts = this.#restarts.get(keyOf(supervisor, shard))?.at ?? []
    return restarts.filter((at) => after(at, supervisor.intensity.withinMs) > now)
  }

  /** Of every group and shard that has any. */
  used(now: Instant): readonly UsedBudget[] {
    return [...this.#restarts.values()]
      .map(({ supervisor, shard }) => ({
        group: supervisor.name,
        shard,
        restarts: this.recent(supervisor, shard, now).length,
      }))
      .filter(({ restarts }) => restarts > 0)
  }

  #within(supervisor: Supervisor, shard: ShardId, now: Instant): boolean {
    const key = keyOf(supervisor, shard)
    const recent = [...this.recent(supervisor, shard, now), now]
    if (recent.length > supervisor.intensity.restarts) {
      this.#restarts.delete(key)
      return false
    }
    this.#restarts.set(key, { supervisor, shard, at: recent })
    return true
  }
}

const keyOf = ({ name }: Supervisor, shard: string): string => `${shard}\n${name}`

/** What an operator is shown of a group. */
export const shownGroup = ({ name, strategy, intensity, backoff }: Supervisor) => ({
  name,
  strategy,
  intensity,
  backoff,
})

/** The types whose actors restart with one of `type`, by the group's strategy. */
export function restartsWith(supervisor: Supervisor, type: string): ReadonlySet<string> {
  if (supervisor.strategy === 'one-for-one') return new Set()
  const types = supervisor.children.flatMap((child) => ('type' in child ? [child.type] : []))
  return new Set(supervisor.strategy === 'one-for-all' ? types : types.slice(types.indexOf(type) + 1))
}
