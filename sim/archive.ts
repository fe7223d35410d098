/**
 * The archive of a simulated machine: which batches of its journal are kept in files, and survive the loss of power.
 *
 * Does not: hold their content. What is archived is asked, and never read.
 */
import type { Archive, Position, ScopeId } from '#ports'
import type { SimProcess } from './process.ts'
import type { Timeline } from './timeline.ts'

const writeUs: readonly [least: number, most: number] = [500, 20_000]

export class SimArchive {
  readonly #timeline: Timeline
  readonly #kept = new Set<string>()
  #isFull = false

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  get size(): number {
    return this.#kept.size
  }

  has(scope: ScopeId, position: Position): boolean {
    return this.#kept.has(`${scope} ${position}`)
  }

  /** From now on nothing more fits; or there is room again. */
  fill(isFull = true): void {
    this.#isFull = isFull
  }

  /** What a process that ends had not been told of is not kept. */
  port(node: string, process: SimProcess): Archive {
    return {
      keep: (batches, done) => {
        const [least, most] = writeUs
        const delay = least + Math.floor(this.#timeline.draw(`archive.${node}`) * (most - least))
        this.#timeline.after(delay, () =>
          process.enter(() => {
            if (this.#isFull) {
              done({ kind: 'failed', cause: 'The disk is full.' })
              return
            }
            for (const { scope, position } of batches) this.#kept.add(`${scope} ${position}`)
            done({ kind: 'kept' })
          }),
        )
      },
    }
  }
}
