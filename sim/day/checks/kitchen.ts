/**
 * What is on the pass was cooked, and what was cooked is not back in the pantry.
 *
 * Owns:     what stations and cooks have said of each dish, against what became of it and of its ingredients.
 *
 * Invariants:
 *   K1. A dish is plated only after the stations have said of each step of its recipe, within one attempt, that it is
 *       done.
 *   K2. Of an order for which a cook has begun nothing goes back into a bin.
 */
import { type ActorId, keyOf } from '#actor'
import { attemptsMax, dishOfJob, jobId, orderOfDish, recipeOf } from '#actors'
import type { JournalRecord } from '#ports'
import { Problems } from './problems.ts'

interface KitchenMessage {
  readonly type: string
  readonly dish?: string
  readonly job?: string
  readonly outcome?: string
}

interface Dish {
  readonly steps: number
  readonly done: Set<string>
}

export class KitchenCheck {
  readonly #unmade: string[] = []
  readonly #dishes = new Map<ActorId, Dish>()
  readonly #begun = new Set<string>()
  readonly #givenBack = new Set<string>()

  record({ actor, sequence, message, state }: JournalRecord): void {
    if (actor.startsWith('dish/')) this.#dishRecord(actor, sequence, message as KitchenMessage, state)
    else if (actor.startsWith('cook/')) this.#cookRecord(message as KitchenMessage, state)
    else if (actor.startsWith('reservation/') && state === 'returning') this.#givenBack.add(keyOf(actor))
  }

  /** K2 is judged by what is known by now: on a live day the two do not come in the order in which they were. */
  get found(): Problems {
    const problems = new Problems()
    for (const problem of this.#unmade) problems.add(problem)
    for (const order of this.#givenBack) {
      if (this.#begun.has(order)) problems.add(`order/${order} gave back ingredients, and a cook had begun`)
    }
    return problems
  }

  #dishRecord(actor: ActorId, sequence: number, message: KitchenMessage, state: unknown): void {
    const { type, dish, job = '', outcome } = message
    if (type === 'dish.open' && sequence === 1) {
      const steps = recipeOf(dish ?? '')?.steps.length ?? 0
      this.#dishes.set(actor, { steps, done: new Set() })
      return
    }
    const known = this.#dishes.get(actor)
    if (known === undefined) return
    if (type === 'job.done' && outcome === 'done') known.done.add(job)
    if (state !== 'plated') return
    this.#dishes.delete(actor)
    if (!isMade(keyOf(actor), known)) {
      const said = known.done.size === 0 ? 'nothing' : [...known.done].join(', ')
      this.#unmade.push(`${actor} is plated, and of its ${known.steps} steps is done: ${said}`)
    }
  }

  // Who is away takes nothing into his hands.
  #cookRecord({ type, job = '' }: KitchenMessage, state: unknown): void {
    if (type === 'cook.work' && state === 'working') this.#begun.add(orderOfDish(keyOf(dishOfJob(job))))
  }
}

function isMade(key: string, { steps, done }: Dish): boolean {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const jobs = Array.from({ length: steps }, (_, step) => jobId(key, attempt, step))
    if (jobs.every((job) => done.has(job))) return true
  }
  return false
}
