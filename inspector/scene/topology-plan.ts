/**
 * Where everything lies in the picture of the cluster: nodes are plates, types of actors are groups on them, actors lie in a
 * spiral inside their group.
 *
 * There is no force and no settling: an actor keeps its place for as long as it stays on its node, and nothing moves but what
 * has changed. Groups grow in steps, so that one actor more does not push the others.
 *
 * Owns:     places, in units of the picture: a plate has the radius `plateRadius`.
 * Does not: know the screen, colours, or which actors are drawn.
 *
 * Invariants:
 *   TP1. Two plates never overlap, nor do two groups, nor two actors of one group; each group is on its plate.
 *   TP2. An actor that stays on its node keeps its slot.
 */
import { packEnclose, packSiblings } from 'd3-hierarchy'

export const plateRadius = 100
const plateGap = 34
const gatewayRadius = 30
/** Between two actors in one group, before the plate is scaled; a spiral whose arms are so far apart keeps it. */
const slotGap = 10
const spiralGap = slotGap * 0.6
const groupPad = 2.5
/** Around a group, before the plate is scaled: its name stands in there, and on no other group while the plate is large enough. */
const groupGap = 3
/** A few actors are not drawn as large as a plate. */
const scaleMax = 2.2
const spreadMax = 1.6
/** How much of a plate its groups may fill. */
const filled = 0.9
const goldenAngle = Math.PI * (3 - Math.sqrt(5))

export interface Plate {
  readonly node: string
  readonly isGateway: boolean
  readonly x: number
  readonly y: number
  readonly r: number
}

export interface Group {
  readonly node: string
  readonly type: string
  readonly x: number
  readonly y: number
  readonly r: number
  readonly count: number
}

/** Who lies somewhere. */
export interface Inhabitant {
  /** Its place in the picture of the model. */
  readonly place: number
  readonly id: string
  readonly type: string
  readonly node: string
}

export interface Arrangement {
  readonly plates: readonly Plate[]
  readonly groups: readonly Group[]
  /** By place: x and y, one after the other; NaN for who lies nowhere. */
  readonly positions: Float32Array
  /** Half of the distance between two actors. */
  readonly glyphRadius: number
  readonly width: number
  readonly height: number
}

interface Slots {
  readonly node: string
  readonly type: string
  readonly byId: Map<string, number>
  readonly taken: (string | undefined)[]
  capacity: number
}

export class TopologyPlan {
  readonly #slots = new Map<string, Slots>()

  /** `nodes` in the order in which they joined; those that own shards, then those that people come in by. */
  arrange(
    nodes: readonly { readonly id: string; readonly isGateway: boolean }[],
    inhabitants: readonly Inhabitant[],
    places: number,
  ): Arrangement {
    this.#settle(inhabitants)
    const plates = platesOf(nodes)
    const packed = plates
      .filter(({ isGateway }) => !isGateway)
      .map((plate) => ({ plate, ...this.#packed(plate.node) }))
    const scale = Math.min(scaleMax, ...packed.map(({ r }) => (plateRadius * filled) / Math.max(r, 1)))
    /** Where little lies, it lies further apart. */
    const spread = (r: number): number => Math.min((plateRadius * filled) / Math.max(r, 1), spreadMax * scale)
    const groups = packed.flatMap(({ plate, r, circles }) =>
      circles.map(
        ({ slots, x, y, r: ofGroup }): Group => ({
          node: slots.node,
          type: slots.type,
          x: plate.x + x * spread(r),
          y: plate.y + y * spread(r),
          r: (ofGroup - groupGap) * scale,
          count: slots.byId.size,
        }),
      ),
    )
    const groupOf = new Map(groups.map((group) => [keyOf(group.node, group.type), group]))
    const positions = new Float32Array(places * 2).fill(Number.NaN)
    for (const { place, id, node, type } of inhabitants) {
      const group = groupOf.get(keyOf(node, type))
      const slot = this.#slots.get(keyOf(node, type))?.byId.get(id)
      if (group === undefined || slot === undefined) continue
      // One that is alone lies in the middle.
      const distance = group.r > loneRadius * scale ? spiralGap * scale * Math.sqrt(slot + 0.5) : 0
      positions[place * 2] = group.x + distance * Math.cos(slot * goldenAngle)
      positions[place * 2 + 1] = group.y + distance * Math.sin(slot * goldenAngle)
    }
    const right = Math.max(plateRadius, ...plates.map(({ x, r }) => Math.abs(x) + r))
    const top = Math.max(plateRadius, ...plates.map(({ y, r }) => Math.abs(y) + r))
    return {
      plates,
      groups,
      positions,
      glyphRadius: (slotGap * scale) / 2,
      width: right * 2,
      height: top * 2,
    }
  }

  #settle(inhabitants: readonly Inhabitant[]): void {
    const here = new Map<string, Set<string>>()
    for (const { id, node, type } of inhabitants) {
      const key = keyOf(node, type)
      const ids = here.get(key) ?? new Set()
      here.set(key, ids.add(id))
    }
    for (const [key, slots] of this.#slots) {
      const ids = here.get(key)
      for (const [id, slot] of slots.byId) {
        if (ids?.has(id)) continue
        slots.byId.delete(id)
        slots.taken[slot] = undefined
      }
    }
    for (const { id, node, type } of inhabitants) {
      const slots = this.#slotsOf(node, type)
      if (slots.byId.has(id)) continue
      const free = slots.taken.indexOf(undefined)
      const slot = free === -1 ? slots.taken.length : free
      slots.taken[slot] = id
      slots.byId.set(id, slot)
    }
    for (const [key, slots] of this.#slots) {
      while (slots.taken.length > 0 && slots.taken.at(-1) === undefined) slots.taken.pop()
      const needed = slots.taken.length
      if (needed === 0) this.#slots.delete(key)
      else if (needed > slots.capacity || needed < slots.capacity / 4) slots.capacity = stepAbove(needed)
    }
  }

  #slotsOf(node: string, type: string): Slots {
    const key = keyOf(node, type)
    let slots = this.#slots.get(key)
    if (slots === undefined) {
      slots = { node, type, byId: new Map(), taken: [], capacity: 1 }
      this.#slots.set(key, slots)
    }
    return slots
  }

  /** In the order of their names, so that a group that grows pushes those beside it and mixes nobody up. */
  #packed(node: string): {
    readonly r: number
    readonly circles: readonly { slots: Slots; x: number; y: number; r: number }[]
  } {
    const circles = [...this.#slots.values()]
      .filter((slots) => slots.node === node)
      .sort((a, b) => (a.type < b.type ? -1 : 1))
      .map((slots) => ({ slots, x: 0, y: 0, r: radiusOf(slots.capacity) + groupGap }))
    if (circles.length === 0) return { r: 0, circles }
    packSiblings(circles)
    const { x, y, r } = packEnclose(circles)
    return { r, circles: circles.map((circle) => ({ ...circle, x: circle.x - x, y: circle.y - y })) }
  }
}

/** Of a group with room for so many. */
const radiusOf = (capacity: number): number =>
  slotGap / 2 + groupPad + (capacity === 1 ? 0 : spiralGap * Math.sqrt(capacity - 0.5))
const loneRadius = radiusOf(1) + 0.01

const keyOf = (node: string, type: string): string => `${node} ${type}`

/** Half as many again each time: 1, 2, 3, 5, 8, … */
function stepAbove(count: number): number {
  let step = 1
  while (step < count) step = Math.ceil(step * 1.5)
  return step
}

/** Plates in rows, and the gateways in a row below them. */
function platesOf(nodes: readonly { readonly id: string; readonly isGateway: boolean }[]): readonly Plate[] {
  const owners = nodes.filter(({ isGateway }) => !isGateway)
  const gateways = nodes.filter(({ isGateway }) => isGateway)
  const columns = owners.length <= 4 ? Math.max(1, owners.length) : Math.ceil(Math.sqrt(owners.length * 1.6))
  const rows = Math.ceil(owners.length / columns)
  const step = 2 * plateRadius + plateGap
  const height = Math.max(0, rows - 1) * step + (gateways.length > 0 ? step / 2 + gatewayRadius : 0)
  const inRow = (row: number): number => Math.min(columns, owners.length - row * columns)
  const plates = owners.map(({ id }, n): Plate => {
    const row = Math.floor(n / columns)
    return {
      node: id,
      isGateway: false,
      x: ((n % columns) - (inRow(row) - 1) / 2) * step,
      y: height / 2 - row * step,
      r: plateRadius,
    }
  })
  const below = gateways.map(
    ({ id }, n): Plate => ({
      node: id,
      isGateway: true,
      x: (n - (gateways.length - 1) / 2) * (2 * gatewayRadius + plateGap),
      y: -height / 2 - (rows === 0 ? 0 : gatewayRadius / 2),
      r: gatewayRadius,
    }),
  )
  return [...plates, ...below]
}
