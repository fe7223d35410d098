/**
 * Values on their way from what they were to what they are.
 *
 * Owns:     when each of them left, and from where.
 * Does not: know what they are of, or draw: whoever draws asks for all of them at one instant.
 */
interface Motion {
  readonly from: number
  readonly to: number
  readonly since: number
}

export class Motions {
  /** Nothing is on its way, ever: what changes has changed. */
  isStill = false
  #now = 0
  #isMoving = false
  #values = new Map<string, Motion>()
  #asked = new Set<string>()
  readonly #words = new Map<string, { readonly word: string; readonly since: number }>()

  /** Of what was not asked for since the instant before, nothing is known any more. */
  begin(now: number): void {
    for (const name of this.#values.keys()) if (!this.#asked.has(name)) this.#values.delete(name)
    for (const name of this.#words.keys()) if (!this.#asked.has(name)) this.#words.delete(name)
    this.#asked = new Set()
    this.#now = now
    this.#isMoving = false
  }

  /** Whether anything was on its way at this instant. */
  get isMoving(): boolean {
    return this.#isMoving
  }

  /** On its way to `to` for so long; one that is new is there already, or begins at `first`. */
  value(name: string, to: number, forMs: number, first = to): number {
    this.#asked.add(name)
    const now = this.#now
    let motion = this.#values.get(name)
    if (motion === undefined) motion = { from: first, to, since: now }
    else if (motion.to !== to) motion = { from: valueAt(motion, now, forMs), to, since: now }
    this.#values.set(name, motion)
    if (this.isStill) return to
    if (motion.from !== to && now - motion.since < forMs) this.#isMoving = true
    return valueAt(motion, now, forMs)
  }

  /** Where it was on its way to; undefined when nothing is known of it. */
  last(name: string): number | undefined {
    return this.#values.get(name)?.to
  }

  /** Which word it is; undefined when nothing is known of it. */
  word(name: string): string | undefined {
    return this.#words.get(name)?.word
  }

  /** How much of `forMs` has passed since it became another word; undefined when it has not lately. */
  sinceChange(name: string, word: string, forMs: number): number | undefined {
    this.#asked.add(name)
    const before = this.#words.get(name)
    if (before?.word !== word) {
      const since = before === undefined ? Number.NEGATIVE_INFINITY : this.#now
      this.#words.set(name, { word, since })
    }
    const share = (this.#now - (this.#words.get(name)?.since ?? this.#now)) / forMs
    if (this.isStill || share >= 1) return undefined
    this.#isMoving = true
    return share
  }
}

function valueAt({ from, to, since }: Motion, now: number, forMs: number): number {
  const share = Math.min(1, Math.max(0, (now - since) / forMs))
  return from + (to - from) * (1 - (1 - share) ** 3)
}
