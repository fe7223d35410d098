/**
 * Passwords: what may be one, its hash, and whether one is right.
 *
 * Hashing runs on threads of its own and is meant to be slow, so only so many run or wait at once; more are refused.
 *
 * Owns:     the rule, the cost, and that bound.
 * Does not: keep or log a password. It is an argument, and gone.
 *
 * Invariants:
 *   P1. To find that there is no such account takes the work of checking a password.
 */
import { hash, verify } from '@node-rs/argon2'
import { Problem } from '../problems.ts'

export const passwordLengthMin = 10
export const passwordLengthMax = 128

/** 19 MiB and two passes, of one thread: some 30 ms of a small core (OWASP's second choice). */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** At once, on the two cores of a small machine. */
const runningMax = 2
/** A second's worth of hashing. */
const waitingMax = 30

/** Why it cannot be the password of this account; undefined when it can. */
export function passwordProblem(password: string, email: string): string | undefined {
  if (password.length < passwordLengthMin) return `must have at least ${passwordLengthMin} characters`
  if (password.length > passwordLengthMax) return `must have at most ${passwordLengthMax} characters`
  const [local] = email.split('@')
  const lower = password.toLowerCase()
  if (lower === email.toLowerCase() || lower === local?.toLowerCase()) return 'must not be the e-mail address'
  return undefined
}

/** In PHC form, `$argon2id$…`: it names its own cost. */
export const passwordHash = (password: string): Promise<string> => hash(password, cost)

export class Passwords {
  readonly #waiting: (() => void)[] = []
  #running = 0
  #nobodys: Promise<string> | undefined

  /** @throws Problem `busy` when too many wait. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => passwordHash(password))
  }

  /** Undefined: there is no such account, and the answer is no after the same work. @throws Problem `busy`. */
  isRight(stored: string | undefined, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const isRight = await verify(stored ?? (await this.#hashOfNobody()), password)
      return isRight && stored !== undefined
    })
  }

  #hashOfNobody(): Promise<string> {
    this.#nobodys ??= passwordHash('nobody has this password')
    return this.#nobodys
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= runningMax) {
      if (this.#waiting.length >= waitingMax) {
        throw new Problem('busy', { detail: 'Too many log in at once.', retryAfterMs: 1_000 })
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running += 1
    try {
      return await work()
    } finally {
      // The place goes to whoever waits longest.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
