/**
 * What a simulated event must not touch: the real clock, real timers and real chance. One that does is stopped.
 *
 * `tidy` finds them in the text of this project; this finds them in whatever runs: the code of an actor's author, and
 * the packages below it. What is imported by name from `node:crypto` or `node:timers` it cannot see.
 *
 * Owns:     what stands in their place while events run.
 * Does not: run events (`timeline.ts`).
 *
 * Invariants:
 *   U1. After `remove` everything is as it was before `install`.
 *   U2. What was touched is remembered: an actor's supervisor may swallow the throw, and the run ends all the same.
 */
import { ClusterError } from '#actor'

type Owner = Record<string, unknown>

const time = 'Take the time that comes with the event: `event.at`, `now`.'
const timer = 'Use `after` of a machine or the `schedule` effect; in a model, `timeline.after`.'
const chance = 'Derive it from what is in the message; in a model, use `timeline.draw`.'

export class Guard {
  readonly #before: (() => void)[] = []
  /** The first thing that was touched. */
  touched: ClusterError | undefined

  static install(): Guard {
    const guard = new Guard()
    const world = globalThis as unknown as Owner
    guard.#trap(Math as unknown as Owner, 'random', 'Math.random', chance)
    guard.#trap(world.crypto as Owner, 'randomUUID', 'crypto.randomUUID', chance)
    guard.#trap(world.crypto as Owner, 'getRandomValues', 'crypto.getRandomValues', chance)
    guard.#trap(world.performance as Owner, 'now', 'performance.now', time)
    guard.#trap(world.process as Owner, 'hrtime', 'process.hrtime', time)
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) {
      guard.#trap(world, name, name, timer)
    }
    const now = (world.Temporal as { readonly Now: Owner } | undefined)?.Now
    for (const name of ['instant', 'plainDateTimeISO', 'zonedDateTimeISO', 'plainDateISO', 'plainTimeISO']) {
      if (now !== undefined) guard.#trap(now, name, `Temporal.Now.${name}`, time)
    }
    guard.#put(world, 'Date', guard.#dateWithoutNow())
    return guard
  }

  remove(): void {
    for (let undo = this.#before.pop(); undo !== undefined; undo = this.#before.pop()) undo()
  }

  #trap(owner: Owner, name: string, what: string, instead: string): void {
    this.#put(owner, name, () => this.#stop(what, instead))
  }

  #put(owner: Owner, name: string, value: unknown): void {
    const own = Object.getOwnPropertyDescriptor(owner, name)
    Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    this.#before.push(() => {
      if (own === undefined) delete owner[name]
      else Object.defineProperty(owner, name, own)
    })
  }

  // Dates of a given time are plain arithmetic, and stay.
  #dateWithoutNow(): DateConstructor {
    return new Proxy(Date, {
      construct: (real, args, target) => {
        if (args.length === 0) this.#stop('new Date()', time)
        return Reflect.construct(real, args, target) as Date
      },
      apply: () => this.#stop('Date()', time),
      get: (real, name) => {
        const value: unknown = Reflect.get(real, name)
        return name === 'now' ? () => this.#stop('Date.now', time) : value
      },
    })
  }

  #stop(what: string, instead: string): never {
    const error = new ClusterError('SIMULATION_IMPURE', { what, instead })
    this.touched ??= error
    throw error
  }
}
