/**
 * Machines that nobody would write: states, transitions and actions drawn from a seed.
 *
 * Owns:     what may stand in them: hierarchy, parallel regions and histories where they are asked for, guards of all
 *           kinds, `always`, `after`, done events, raised events, entry, exit and initial actions, wildcards.
 * Does not: know the names' implementations (guards `odd`, `above`, `throws`; actions `count`, `tell`; delays `soon`,
 *           `later`): the test has them.
 */
import { and, not, or, raise, stateIn } from 'xstate'
import { drawInteger, type Instant } from '#actor'

export interface Ingredients {
  readonly parallel: boolean
  readonly history: boolean
}

interface Drawn {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly states: readonly Drawn[]
}

type Config = Readonly<Record<string, unknown>>

const events = ['a', 'b', 'c', 'd', 'deep.one', 'deep.*', 'deep.two.*', '*']
const delays = ['soon', 'later', '300']
const depthMax = 3
const statesMax = 20

/** A configuration for `createMachine`. The same seed and ingredients give the same. */
export function drawnMachine(seed: number, ingredients: Ingredients): Config {
  return new Dice(seed, ingredients).machine()
}

class Dice {
  readonly #seed: number
  readonly #ingredients: Ingredients
  readonly #ids: string[] = []
  #draws = 0

  constructor(seed: number, ingredients: Ingredients) {
    this.#seed = seed
    this.#ingredients = ingredients
  }

  machine(): Config {
    const root = this.#tree('compound', 's', 0)
    // A circle is found after a few rounds.
    return { ...this.#config(root), context: { n: 0, log: [] }, options: { maxIterations: 30 } }
  }

  #whole(bound: number): number {
    this.#draws += 1
    return drawInteger(bound, this.#seed, 'machine', this.#draws)
  }

  #happens(percent: number): boolean {
    return this.#whole(100) < percent
  }

  #pick<T>(of: readonly T[]): T {
    return of[this.#whole(of.length)] as T
  }

  #tree(type: Drawn['type'], key: string, depth: number): Drawn {
    const id = `${key}${this.#ids.length}`
    this.#ids.push(id)
    if (type !== 'compound' && type !== 'parallel') return { id, key, type, states: [] }
    const count = 2 + this.#whole(2)
    const states = Array.from({ length: count }, (_, n) =>
      // The first is where it begins, and the regions of a parallel state are states that one can be in.
      this.#tree(this.#kind(depth + 1, n === 0 || type === 'parallel'), `k${n}`, depth + 1),
    )
    const { history } = this.#ingredients
    const past = history && this.#happens(60) ? [this.#tree('history', 'past', depth + 1)] : []
    return { id, key, type, states: [...states, ...past] }
  }

  #kind(depth: number, isLived: boolean): Drawn['type'] {
    if (depth < depthMax && this.#ids.length < statesMax) {
      if (this.#ingredients.parallel && this.#happens(30)) return 'parallel'
      if (this.#happens(45)) return 'compound'
    }
    return !isLived && this.#happens(25) ? 'final' : 'atomic'
  }

  #config({ id, type, states }: Drawn): Config {
    if (type === 'history') {
      return { id, type, ...(this.#happens(50) && { history: 'deep' }) }
    }
    const inner = Object.fromEntries(states.map((state) => [state.key, this.#config(state)]))
    const config: Record<string, unknown> = { id, ...(states.length > 0 && { states: inner }) }
    if (type === 'parallel' || type === 'final') config.type = type
    if (type === 'compound') {
      const target = 'k0'
      config.initial = this.#happens(30) ? { target, actions: this.#actions(`${id} first`) } : target
    }
    if (this.#happens(70)) config.entry = this.#actions(`${id} in`)
    if (this.#happens(70)) config.exit = this.#actions(`${id} out`)
    if (type === 'final') return config
    const own = states.filter((state) => state.type !== 'history').map(({ key }) => key)
    const types = events.filter(() => this.#happens(35))
    config.on = Object.fromEntries(types.map((event) => [event, this.#transitions(`${id} ${event}`, own)]))
    if (this.#happens(15)) {
      config.always = [{ ...this.#transition(`${id} always`, own), guard: this.#guard() }]
    }
    if (this.#happens(25)) config.after = { [this.#pick(delays)]: this.#transitions(`${id} after`, own) }
    if (states.length > 0 && this.#happens(50)) config.onDone = this.#transition(`${id} done`, own)
    return config
  }

  #transitions(label: string, own: readonly string[]): readonly Config[] {
    const last = this.#transition(label, own)
    return this.#happens(30)
      ? [{ ...this.#transition(`${label}?`, own), guard: this.#guard() }, last]
      : [last]
  }

  #transition(label: string, own: readonly string[]): Config {
    const target = this.#happens(20)
      ? undefined
      : own.length > 0 && this.#happens(35)
        ? `.${this.#pick(own)}`
        : `#${this.#pick(this.#ids)}`
    return {
      ...(target !== undefined && { target }),
      ...(this.#happens(30) && { reenter: true }),
      ...(this.#happens(30) && { guard: this.#guard() }),
      actions: this.#actions(label),
    }
  }

  #guard(): unknown {
    const simple = (): unknown =>
      this.#pick<unknown>(['odd', 'throws', { type: 'above', params: { n: this.#whole(6) } }])
    switch (this.#whole(6)) {
      case 0:
        return not(simple() as never)
      case 1:
        return and([simple() as never, simple() as never])
      case 2:
        return or([simple() as never, simple() as never])
      case 3:
        return stateIn(`#${this.#pick(this.#ids)}`)
      default:
        return simple()
    }
  }

  #actions(label: string): readonly unknown[] {
    const tell = { type: 'tell', params: { as: label } }
    const raised = { type: this.#pick(['a', 'b', 'deep.one']), n: this.#whole(4), at: 0 as Instant }
    return [
      ...(this.#happens(25) ? ['count'] : []),
      tell,
      ...(this.#happens(20) ? ['count'] : []),
      ...(this.#happens(8) ? [raise(raised)] : []),
    ]
  }
}
