/**
 * What is drawn of each instance of a quad, as columns that the graphics card reads.
 *
 * Owns:     the buffers, as large as there may be instances.
 */
import { BufferAttribute, DynamicDrawUsage, InstancedBufferAttribute, InstancedBufferGeometry } from 'three'
import type { Packed } from './drawn.ts'

/** A quad, and for each instance of it some numbers. */
export class Columns<Widths extends Readonly<Record<string, number>>> {
  readonly geometry = new InstancedBufferGeometry()
  readonly #columns: readonly (readonly [name: keyof Widths, InstancedBufferAttribute])[]
  readonly #max: number

  constructor(widths: Widths, max: number) {
    this.#max = max
    const corners = new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0])
    this.geometry.setAttribute('position', new BufferAttribute(corners, 3))
    this.geometry.setIndex([0, 1, 2, 0, 2, 3])
    this.geometry.instanceCount = 0
    this.#columns = Object.entries(widths).map(([name, width]) => {
      const attribute = new InstancedBufferAttribute(new Float32Array(max * width), width)
      this.geometry.setAttribute(name, attribute.setUsage(DynamicDrawUsage))
      return [name, attribute]
    })
  }

  /** Of more than there is room for, the first. */
  fill({ count, columns }: Packed<Widths>): void {
    const shown = Math.min(count, this.#max)
    for (const [name, attribute] of this.#columns) {
      const length = shown * attribute.itemSize
      attribute.array.set(columns[name].subarray(0, length))
      attribute.clearUpdateRanges()
      attribute.addUpdateRange(0, length)
      attribute.needsUpdate = true
    }
    this.geometry.instanceCount = shown
  }
}
