/**
 * What happens to an actor whose turn failed.
 *
 * Owns:     the decision: the error through the decider, restarts counted against intensity, escalation outward.
 * Does not: carry it out (kernel).
 */
import type { Directive, Instant, Supervisor } from '#actor'
import { after } from '#actor'

/** `escalate` here means: beyond the root, the shard is to be reloaded. */
export interface Decision {
  readonly directive: Directive
  /** The group that decided. */
  readonly supervisor: Supervisor
}

/** Restart counts of the groups of one kernel, per shard. */
export class RestartCounts {
  readonly #restarts = new Map<string, readonly Instant[]>()

  /**
   * Asks the groups from the innermost outward. A group whose restarts exceed its intensity escalates, and starts
   * counting anew; so does one that would reset an actor that cannot begin anew.
   */
  decide(
    path: readonly Supervisor[],
    shard: string,
    error: unknown,
    now: Instant,
    beginsAnew: () => boolean,
  ): Decision {
    for (const supervisor of path) {
      const directive = supervisor.decide(error)
      if (directive === 'escalate') continue
      if (directive === 'restart' && !this.#within(supervisor, shard, now)) continue
      if (directive === 'reset' && !beginsAnew()) continue
      return { directive, supervisor }
    }
    return { directive: 'escalate', supervisor: path[path.length - 1] as Supervisor }
  }

  /** When the group has restarted something, as far as it counts now. */
  recent(supervisor: Supervisor, shard: string, now: Instant): readonly Instant[] {
    const restarts = this.#restarts.get(keyOf(supervisor, shard)) ?? []
    return restarts.filter((at) => after(at, supervisor.intensity.withinMs) > now)
  }

  #within(supervisor: Supervisor, shard: string, now: Instant): boolean {
    const key = keyOf(supervisor, shard)
    const recent = [...this.recent(supervisor, shard, now), now]
    if (recent.length > supervisor.intensity.restarts) {
      this.#restarts.delete(key)
      return false
    }
    this.#restarts.set(key, recent)
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
