/**
 * What a check has found so far: the first few in words, all of them counted.
 */

const keptMax = 3

export class Problems {
  #kept: string[] = []
  #count = 0

  add(problem: string): void {
    this.#count += 1
    if (this.#count <= keptMax) this.#kept.push(problem)
  }

  get none(): boolean {
    return this.#count === 0
  }

  get detail(): string {
    const more = this.#count - this.#kept.length
    return `${this.#kept.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
  }
}
