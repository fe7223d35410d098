/**
 * One function that decides a turn, for an actor whose answer is worked out as a whole.
 *
 * XState wants a machine's new context from `assign` and its effects from actions. Where the two come out of one
 * calculation, `planned` makes both from it and runs it once a turn.
 *
 * Owns:     that single run.
 * Does not: choose states: guards read the new context.
 */
import type { Effect, Turn } from '#actor'

export interface Plan<C> {
  readonly context: C
  readonly effects: readonly Effect[]
}

/** Use `effects` before `context` in the list of actions: both must be given the context as it was. */
export function planned<C, E>(plan: (context: C, event: E) => Plan<C>) {
  // The last plan is kept for the second of the two calls. The plan is pure, so it is right whenever it is found.
  let last: { readonly turn: Turn<C, E>; readonly plan: Plan<C> } | undefined
  const of = (turn: Turn<C, E>): Plan<C> => {
    if (last?.turn.context !== turn.context || last.turn.event !== turn.event) {
      last = {
        turn: { context: turn.context, event: turn.event },
        plan: plan(turn.context, turn.event),
      }
    }
    return last.plan
  }
  return {
    effects: (turn: Turn<C, E>): readonly Effect[] => of(turn).effects,
    context: (turn: Turn<C, E>): C => of(turn).context,
  }
}
