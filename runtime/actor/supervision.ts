/**
 * The supervision tree, as data.
 *
 * Owns:     strategies, directives, backoff, intensity, and the checks on a tree.
 * Does not: decide anything at run time (kernel/supervisor.ts).
 *
 * Invariants:
 *   S1. An actor type stands in the tree at most once.
 *   S2. The types of a `one-for-all` or `rest-for-one` group have the same department and each a `shardKey`:
 *       siblings are restarted in one batch, so they must live in one shard.
 */
import type { ActorDefinition } from './define-actor.ts'

/** `one-for-one`: only the failed actor. `one-for-all`: its siblings too. `rest-for-one`: the siblings declared after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

/**
 * `restart`: the snapshot the turn started from, the same message again after backoff.
 * `resume`: the same snapshot; the message becomes a dead letter.
 * `stop`: durable; messages wait until an operator starts the actor again.
 * `reset`: to the initial state; the message becomes a dead letter.
 * `escalate`: the group's supervisor decides.
 */
export type Directive = 'restart' | 'resume' | 'stop' | 'reset' | 'escalate'

/** Delay before attempt n: `min(maxMs, minMs × factor^(n−1))`, then ± `jitter` as a share of it. */
export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
  readonly factor: number
  readonly jitter: number
}

/** More than `restarts` within `withinMs` (runtime clock) escalates. */
export interface Intensity {
  readonly restarts: number
  readonly withinMs: number
}

/** Maps an error to a directive. It must be total and pure. */
export type Decider = (error: unknown) => Directive

export interface SupervisorOptions {
  readonly name: string
  readonly strategy?: Strategy
  readonly backoff?: Backoff
  readonly intensity?: Intensity
  readonly decide?: Decider
  /** Actor types and further groups, in order: `rest-for-one` reads the order. */
  readonly children: readonly (ActorDefinition | Supervisor)[]
}

export interface Supervisor extends Required<SupervisorOptions> {
  readonly kind: 'supervisor'
}

export const defaultBackoff: Backoff = { minMs: 50, maxMs: 10_000, factor: 2, jitter: 0.2 }
export const defaultIntensity: Intensity = { restarts: 10, withinMs: 60_000 }

/** The decider of a group that has none of its own. */
export const restartAlways: Decider = () => 'restart'

/** A supervisor with its defaults filled in. */
export function supervise(options: SupervisorOptions): Supervisor {
  return {
    kind: 'supervisor',
    strategy: 'one-for-one',
    backoff: defaultBackoff,
    intensity: defaultIntensity,
    decide: restartAlways,
    ...options,
  }
}

/** Milliseconds before the given attempt (1 is the first repetition); `uniform` is a draw in [0, 1). */
export function backoffMs(backoff: Backoff, attempt: number, uniform: number): number {
  const base = Math.min(backoff.maxMs, backoff.minMs * backoff.factor ** (attempt - 1))
  return base * (1 + backoff.jitter * (2 * uniform - 1))
}
