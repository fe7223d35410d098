/**
 * What is on the pass was cooked, and what was cooked is not back in the pantry.
 *
 * Owns:     what stations and cooks have said of each dish, against what became of it and of its ingredients.
 *
 * Invariants:
 *   K1. A dish is plated only after the stations have said of each step of its recipe, within one attempt, that it is
 *       done.
 *   K2. Of an order for which a cook has begun nothing goes back into a bin.
 *   K3. What is in an appliance belongs to a dish that is still being made: what was loaded is taken out, or lost with
 *       its appliance.
 *   K4. A kitchen timer rings at most once for one alarm.
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
  readonly alarm?: string
}

interface Dish {
  readonly steps: number
  readonly done: Set<string>
}

const endStates: ReadonlySet<unknown> = new Set(['plated', 'failed', 'served', 'discarded'])

export class KitchenCheck {
  readonly #wrong: string[] = []
  readonly #dishes = new Map<ActorId, Dish>()
  readonly #begun = new Set<string>()
  readonly #givenBack = new Set<string>()
  readonly #ended = new Set<string>()
  /** Of each appliance that is loaded, the jobs that it was told to take since it was empty. */
  readonly #loaded = new Map<ActorId, Set<string>>()
  readonly #rung = new Set<string>()

  record({ actor, sequence, message, state }: JournalRecord): void {
    if (actor.startsWith('dish/')) this.#dishRecord(actor, sequence, message as KitchenMessage, state)
    else if (/^(oven|pan|fryer)\//.test(actor)) this.#applianceRecord(actor, message as KitchenMessage, state)
    else if (actor.startsWith('kitchen-timer/')) this.#timerRecord(actor, message as KitchenMessage)
    else if (actor.startsWith('cook/')) this.#cookRecord(message as KitchenMessage, state)
    else if (actor.startsWith('reservation/') && state === 'returning') this.#givenBack.add(keyOf(actor))
  }

  /** K2 and K3 are judged by what is known by now: on a live day the two do not come in the order in which they were. */
  get found(): Problems {
    const problems = new Problems()
    for (const problem of this.#wrong) problems.add(problem)
    for (const order of this.#givenBack) {
      if (this.#begun.has(order)) problems.add(`order/${order} gave back ingredients, and a cook had begun`)
    }
    for (const [appliance, jobs] of this.#loaded) {
      if ([...jobs].every((job) => this.#ended.has(keyOf(dishOfJob(job)))))
        problems.add(
          `${appliance} is loaded, and the dish of each job that it took has ended, as of ${[...jobs][0]}`,
        )
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
    if (endStates.has(state)) this.#ended.add(keyOf(actor))
    const known = this.#dishes.get(actor)
    if (known === undefined) return
    if (type === 'job.done' && outcome === 'done') known.done.add(job)
    if (state !== 'plated') return
    this.#dishes.delete(actor)
    if (!isMade(keyOf(actor), known)) {
      const said = known.done.size === 0 ? 'nothing' : [...known.done].join(', ')
      this.#wrong.push(`${actor} is plated, and of its ${known.steps} steps is done: ${said}`)
    }
  }

  #applianceRecord(actor: ActorId, { type, job = '' }: KitchenMessage, state: unknown): void {
    if (state !== 'loaded') this.#loaded.delete(actor)
    else if (type === 'appliance.load') {
      this.#loaded.set(actor, (this.#loaded.get(actor) ?? new Set()).add(job))
    }
  }

  #timerRecord(actor: ActorId, { type, alarm }: KitchenMessage): void {
    if (type !== 'timer.due') return
    const one = `${actor} '${alarm}'`
    if (this.#rung.has(one)) this.#wrong.push(`${one} rang twice`)
    this.#rung.add(one)
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
