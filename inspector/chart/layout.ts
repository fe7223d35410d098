/**
 * Where each state, arrow and label of a machine's chart is drawn.
 *
 * A chart is read downwards, so states stand in columns, one to a row, in the order in which their author tells them:
 * work that goes forward left, work that is taken back right. A compound state is a frame round its rows. An arrow to
 * the next row is a straight line; every other leaves its state sideways, under its label, and reaches its target by a
 * lane in the gutter beside the column. All arrows to one target share a lane, so that a machine in which everything
 * leads everywhere stays a few lines. A general graph layout would keep neither the order nor the columns.
 *
 * Owns:     every coordinate of a chart, in pixels at scale 1.
 * Does not: know which states are active (`state-chart.vue`), or measure text in a browser: the fonts' widths are here.
 *
 * Invariants:
 *   L1. Boxes of states are apart, or one is inside the other's frame.
 *   L2. A label meets no box of a state, no other label, and no arrow but where its own passes under it.
 *   L3. The same chart gives the same layout.
 */
import type { MachineChart } from '#gateway'
import { type ChartArrow, type ChartState, drawn, type Line, type Stay } from './arrows.ts'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface StateBox extends Box {
  readonly id: string
  /** `any` stands for the machine as a whole, where it leads somewhere from every state. */
  readonly kind: 'leaf' | 'frame' | 'any'
  readonly name: string
  readonly isFinal: boolean
  readonly undone: boolean
  /** What it takes without leaving it, in lines that fit into it. */
  readonly stays: readonly (readonly Stay[])[]
}

export interface ArrowLine extends ChartArrow {
  /** Corners, from the source's edge to the target's. */
  readonly points: readonly Point[]
  readonly undone: boolean
}

export interface Label extends Box {
  /** Which of the arrows it is of. */
  readonly arrow: number
  readonly anchor: 'start' | 'end'
  readonly lines: readonly Line[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly states: readonly StateBox[]
  readonly arrows: readonly ArrowLine[]
  readonly labels: readonly Label[]
  /** Where a machine, or a compound state, begins. */
  readonly starts: readonly { readonly from: Point; readonly to: Point }[]
  /** What the machine takes in every state, in lines. */
  readonly stays: readonly (readonly Stay[])[]
  readonly staysTop: number
}

export const lineHeight = 13
export const stayHeight = 13
export const nameHeight = 30
/** From a box's left edge to the line that leads to the next row. */
export const spine = 22
/** What a timer's ring takes of its line. */
export const ringWidth = 14

const glyphWidth = 6.6
const stayGlyphWidth = 6
const nameGlyphWidth = 7.6
const margin = 8
const framePad = 10
const rowGap = 14
const arrowGap = 26
const laneWidth = 11
const slotPad = 4
const inHeight = 12
const loopReach = 16
const columnWidthMin = 116
const columnWidthMax = 208
const staysWidthMin = 420

type Side = 'left' | 'right'

/** A place at a state's side where an arrow leaves it, or where all that come by one lane reach it. */
interface Slot {
  readonly kind: 'in' | 'out' | 'loop'
  readonly height: number
  /** The row of the other end. */
  readonly toward: number
  y: number
}

interface Row {
  readonly state: ChartState
  readonly kind: StateBox['kind']
  readonly depth: number
  readonly column: 0 | 1
  /** The last row inside it. */
  last: number
  readonly inside: readonly (readonly Stay[])[]
  readonly slots: Readonly<Record<Side, Slot[]>>
  height: number
  y: number
  bottom: number
}

interface Way {
  readonly arrow: ChartArrow
  readonly from: number
  readonly to: number
  readonly kind: 'straight' | 'loop' | 'lane'
  readonly fromSide: Side
  readonly toSide: Side
  /** 0 is left of the first column, 1 between the columns, 2 right of the second. */
  readonly gutter: 0 | 1 | 2
  out?: Slot
  in?: Slot
}

export function layout(chart: MachineChart): Layout {
  return new Plan(chart).drawn()
}

class Plan {
  readonly #states: ReadonlyMap<string, ChartState>
  readonly #stays: readonly Stay[]
  readonly #rows: Row[] = []
  readonly #rowOf = new Map<string, number>()
  readonly #ways: Way[] = []
  readonly #columnWidth: number
  readonly #depthMax: readonly [number, number]
  readonly #chart: MachineChart

  constructor(chart: MachineChart) {
    this.#chart = chart
    this.#states = new Map(chart.states.map((state) => [state.id, state]))
    const { arrows, stays } = drawn(chart)
    this.#stays = stays
    this.#columnWidth = columnWidthOf(chart.states, stays)
    this.#addRows(arrows.some(({ from }) => from === ''))
    this.#depthMax = [this.#depthOf(0), this.#depthOf(1)]
    for (const arrow of arrows) this.#ways.push(this.#wayOf(arrow))
    this.#addSlots()
    this.#setHeights()
    this.#sortSlots((at) => at)
    this.#setRows()
    // Between the columns only their heights say what is up and what is down.
    const tops = this.#rows.map(({ y }) => y)
    this.#sortSlots((at) => tops[at] ?? 0)
    this.#setRows()
  }

  drawn(): Layout {
    const lanes = this.#lanes()
    const hasSecond = this.#rows.some(({ column }) => column === 1)
    const inset0 = this.#depthMax[0] * framePad
    const inset1 = this.#depthMax[1] * framePad
    const before0 = lanes.widths[0] + this.#zone(0, 'left') + inset0
    const after0 = inset0 + this.#zone(0, 'right')
    const before1 = this.#zone(1, 'left') + inset1
    const after1 = inset1 + this.#zone(1, 'right')
    const second = hasSecond ? before1 + this.#columnWidth + after1 + lanes.widths[2] : 0
    const needed = 2 * margin + before0 + this.#columnWidth + after0 + lanes.widths[1] + second
    const width = Math.max(needed, staysWidthMin)
    const edge = margin + (width - needed) / 2
    const x0 = edge + before0
    const gutter1 = x0 + this.#columnWidth + after0
    const x1 = gutter1 + lanes.widths[1] + before1
    const gutter2 = x1 + this.#columnWidth + after1
    const laneX = (gutter: 0 | 1 | 2, lane: number): number =>
      gutter === 0
        ? edge + lanes.widths[0] - lane * laneWidth
        : (gutter === 1 ? gutter1 : gutter2) + (lane + 1) * laneWidth
    const columns = [x0, x1] as const
    const states = this.#rows.map((row) => this.#boxOf(row, columns[row.column]))
    const labels: Label[] = []
    const arrows = this.#ways.map((way, index) => {
      const label = this.#labelOf(way, index, states)
      if (label !== undefined) labels.push(label)
      const lane = lanes.of.get(way)
      return this.#lineOf(way, states, lane === undefined ? 0 : laneX(way.gutter, lane))
    })
    const bottom = Math.max(...this.#rows.map((row) => row.bottom))
    const stays = wrapped(
      this.#stays.filter(({ state }) => state === ''),
      width - 2 * margin,
    )
    const staysTop = bottom + rowGap
    const height =
      bottom + margin + (stays.length === 0 ? 0 : stays.length * stayHeight + rowGap + lineHeight)
    return { width, height, states, arrows, labels, starts: this.#starts(states), stays, staysTop }
  }

  #addRows(any: boolean): void {
    const root = this.#stateOf('')
    const inside = this.#insideOf('')
    if (inside.length === 0) {
      this.#addRow(root, 'leaf', 0, 0)
      return
    }
    if (any) this.#addRow(root, 'any', 0, 0)
    for (const column of [0, 1] as const) {
      for (const state of inside) {
        if ((state.undone === true ? 1 : 0) === column) this.#addState(state, 0, column)
      }
    }
  }

  #addState(state: ChartState, depth: number, column: 0 | 1): void {
    const inside = this.#insideOf(state.id)
    const row = this.#addRow(state, inside.length === 0 ? 'leaf' : 'frame', depth, column)
    for (const one of inside) this.#addState(one, depth + 1, column)
    row.last = this.#rows.length - 1
  }

  #addRow(state: ChartState, kind: StateBox['kind'], depth: number, column: 0 | 1): Row {
    const stays = kind === 'any' ? [] : this.#stays.filter(({ state: id }) => id === state.id && id !== '')
    const at = this.#rows.length
    const row: Row = {
      state,
      kind,
      depth,
      column,
      last: at,
      inside: wrapped(stays, this.#columnWidth - 24),
      slots: { left: [], right: [] },
      height: 0,
      y: 0,
      bottom: 0,
    }
    this.#rows.push(row)
    this.#rowOf.set(state.id, at)
    return row
  }

  /** The states in one, the first that is entered before the others. */
  #insideOf(id: string): readonly ChartState[] {
    const inside = this.#chart.states.filter((state) => state.id !== '' && parentOf(state.id) === id)
    const { initial } = this.#stateOf(id)
    return [
      ...inside.filter((state) => state.id === initial),
      ...inside.filter((state) => state.id !== initial),
    ]
  }

  #depthOf(column: 0 | 1): number {
    return Math.max(0, ...this.#rows.filter((row) => row.column === column).map(({ depth }) => depth))
  }

  #wayOf(arrow: ChartArrow): Way {
    const from = this.#rowOf.get(arrow.from) ?? 0
    const to = this.#rowOf.get(arrow.to) ?? 0
    const source = this.#row(from)
    const target = this.#row(to)
    if (from === to) {
      const side = source.column === 0 ? 'left' : 'right'
      return { arrow, from, to, kind: 'loop', fromSide: side, toSide: side, gutter: 0 }
    }
    const isNext = target.column === source.column && to === source.last + 1 && source.kind !== 'any'
    if (isNext && !this.#ways.some((way) => way.kind === 'straight' && way.to === to))
      return { arrow, from, to, kind: 'straight', fromSide: 'right', toSide: 'left', gutter: 0 }
    if (source.column === 0 && target.column === 0) {
      const up = to < from
      const side = up ? 'left' : 'right'
      return { arrow, from, to, kind: 'lane', fromSide: side, toSide: side, gutter: up ? 0 : 1 }
    }
    if (source.column === 1 && target.column === 1)
      return { arrow, from, to, kind: 'lane', fromSide: 'right', toSide: 'right', gutter: 2 }
    return source.column === 0
      ? { arrow, from, to, kind: 'lane', fromSide: 'right', toSide: 'left', gutter: 1 }
      : { arrow, from, to, kind: 'lane', fromSide: 'left', toSide: 'right', gutter: 1 }
  }

  #addSlots(): void {
    for (const way of this.#ways) {
      if (way.kind === 'straight') continue
      const source = this.#row(way.from)
      if (way.kind === 'loop') {
        const height = Math.max(way.arrow.lines.length * lineHeight, inHeight) + 6
        way.out = { kind: 'loop', height, toward: way.from, y: 0 }
        source.slots[way.fromSide].push(way.out)
        continue
      }
      const text = way.arrow.lines.length * lineHeight
      way.out = { kind: 'out', height: Math.max(text, 8) + slotPad, toward: way.to, y: 0 }
      source.slots[way.fromSide].push(way.out)
      const side = this.#row(way.to).slots[way.toSide]
      const shared = this.#ways.find((one) => one.in && one.to === way.to && one.toSide === way.toSide)?.in
      way.in = shared ?? { kind: 'in', height: inHeight, toward: way.from, y: 0 }
      if (shared === undefined) side.push(way.in)
    }
  }

  #sortSlots(placeOf: (row: number) => number): void {
    for (const [at, { slots }] of this.#rows.entries()) {
      const rank = ({ kind, toward }: Slot): number => rankOf(kind, placeOf(toward) - placeOf(at))
      slots.left.sort((a, b) => compared(rank(a), rank(b)))
      slots.right.sort((a, b) => compared(rank(a), rank(b)))
    }
  }

  #setHeights(): void {
    for (const row of this.#rows) {
      const { kind, inside, slots } = row
      const text =
        (kind === 'leaf' ? nameHeight : 26) + (inside.length > 0 ? inside.length * stayHeight + 2 : 0)
      const sides = [slots.left, slots.right].map((side) => sum(side.map(({ height }) => height)))
      row.height = Math.max(text, ...sides.map((height) => (height === 0 ? 0 : height + 6)))
    }
  }

  /**
   * Down the columns. One that is taken back begins beside the first state that leads to it, or higher, so that the
   * second column does not end below the first.
   */
  #setRows(): void {
    const first = this.#setColumn(0, 0)
    const second = this.#setColumn(1, 0)
    const top = this.#rows.find(({ column }) => column === 1)?.y ?? 0
    if (second > first) this.#setColumn(1, Math.min(second - first, top - 2 * margin))
  }

  /** Its rows, that much higher than they would be. Where it ends. */
  #setColumn(column: 0 | 1, higher: number): number {
    let y = margin
    for (const [at, row] of this.#rows.entries()) {
      if (row.column !== column) continue
      y += this.#gapBefore(at)
      row.y = Math.max(y, this.#beside(at, y) - higher)
      for (const side of ['left', 'right'] as const) {
        let slotY = row.y + Math.max(0, (row.height - this.#slotsHeight(row, side)) / 2)
        for (const slot of row.slots[side]) slotY = place(slot, slotY)
      }
      y = row.y + row.height
      row.bottom = y
      // Frames that end with this row.
      for (const outer of this.#rows.slice(0, at).toReversed()) {
        if (outer.kind !== 'frame' || outer.last !== at || outer.column !== row.column) continue
        y += framePad
        outer.bottom = y
      }
    }
    return y
  }

  #slotsHeight({ slots }: Row, side: Side): number {
    return sum(slots[side].map(({ height }) => height))
  }

  #gapBefore(at: number): number {
    const row = this.#row(at)
    const straight = this.#ways.find((way) => way.kind === 'straight' && way.to === at)
    if (straight !== undefined) return Math.max(arrowGap, straight.arrow.lines.length * lineHeight + 14)
    if (this.#isStart(row)) return row.depth === 0 && at === 0 ? 18 : 24
    return at === 0 || this.#row(at - 1).column !== row.column ? 4 : rowGap
  }

  #beside(at: number, y: number): number {
    const row = this.#row(at)
    if (row.column === 0) return y
    const slot = row.slots.left.find(({ kind }) => kind === 'in')
    const first = this.#ways.find((way) => way.in === slot && way.out !== undefined)
    if (slot === undefined || first?.out === undefined) return y
    const before = sum(row.slots.left.slice(0, row.slots.left.indexOf(slot)).map(({ height }) => height))
    const offset = (row.height - this.#slotsHeight(row, 'left')) / 2 + before + slot.height / 2
    return Math.max(y, first.out.y - offset)
  }

  /** Of each arrow that goes by one: its lane. Short ways are nearer to the column, ways apart share a lane. */
  #lanes(): { readonly of: ReadonlyMap<Way, number>; readonly widths: readonly [number, number, number] } {
    const of = new Map<Way, number>()
    const widths: [number, number, number] = [0, 0, 0]
    for (const gutter of [0, 1, 2] as const) {
      const groups = new Map<Slot, Way[]>()
      for (const way of this.#ways) {
        if (way.kind !== 'lane' || way.gutter !== gutter || way.in === undefined) continue
        groups.set(way.in, [...(groups.get(way.in) ?? []), way])
      }
      const spans = [...groups].map(([slot, ways]) => {
        const ys = [slot.y, ...ways.map(({ out }) => out?.y ?? slot.y)]
        return { ways, top: Math.min(...ys), bottom: Math.max(...ys) }
      })
      spans.sort((a, b) => a.bottom - a.top - (b.bottom - b.top))
      const taken: { top: number; bottom: number }[][] = []
      for (const { ways, top, bottom } of spans) {
        let lane = taken.findIndex((spans) =>
          spans.every((span) => span.bottom + 8 < top || bottom + 8 < span.top),
        )
        if (lane === -1) lane = taken.push([]) - 1
        taken[lane]?.push({ top, bottom })
        for (const way of ways) of.set(way, lane)
      }
      widths[gutter] = taken.length === 0 ? 0 : (taken.length + 1) * laneWidth
    }
    return { of, widths }
  }

  /** What the labels beside a column need. */
  #zone(column: 0 | 1, side: Side): number {
    const inset = this.#depthMax[column] * framePad
    const widths = this.#ways.flatMap((way) => {
      if (this.#row(way.from).column !== column) return []
      const width = widthOf(way.arrow.lines)
      if (way.kind === 'straight')
        return side === 'right' ? [spine + 8 + width - this.#columnWidth - inset] : []
      if (way.fromSide !== side) return []
      return way.kind === 'loop' ? [loopReach + 6 + width - inset] : [width + 8]
    })
    return Math.max(0, ...widths) + (widths.length > 0 ? 6 : 0)
  }

  #boxOf(row: Row, columnX: number): StateBox {
    const { state, kind, inside } = row
    const inset = kind === 'frame' ? (this.#depthMax[row.column] - row.depth) * framePad : 0
    return {
      id: state.id,
      kind,
      name: kind === 'any' ? 'any state' : state.id === '' ? this.#chart.type : keyOf(state.id),
      isFinal: state.type === 'final',
      undone: state.undone === true,
      stays: inside,
      x: columnX - inset,
      y: row.y,
      width: this.#columnWidth + 2 * inset,
      height: kind === 'frame' ? row.bottom - row.y : row.height,
    }
  }

  #lineOf(way: Way, states: readonly StateBox[], laneX: number): ArrowLine {
    const from = boxAt(states, way.from)
    const to = boxAt(states, way.to)
    const undone = to.undone
    if (way.kind === 'straight') {
      const x = this.#spineX(way, states)
      return {
        ...way.arrow,
        undone,
        points: [
          { x, y: from.y + from.height },
          { x, y: to.y },
        ],
      }
    }
    const edge = (box: StateBox, side: Side): number => (side === 'left' ? box.x : box.x + box.width)
    const start = { x: edge(from, way.fromSide), y: way.out?.y ?? 0 }
    if (way.kind === 'loop') {
      const reach = start.x + (way.fromSide === 'left' ? -loopReach : loopReach)
      const [top, bottom] = [start.y - 5, start.y + 5]
      return {
        ...way.arrow,
        undone,
        points: [
          { x: start.x, y: top },
          { x: reach, y: top },
          { x: reach, y: bottom },
          { x: start.x, y: bottom },
        ],
      }
    }
    const end = { x: edge(to, way.toSide), y: way.in?.y ?? 0 }
    const corners =
      Math.abs(start.y - end.y) < 0.5
        ? []
        : [
            { x: laneX, y: start.y },
            { x: laneX, y: end.y },
          ]
    return { ...way.arrow, undone, points: [start, ...corners, end] }
  }

  #spineX(way: Way, states: readonly StateBox[]): number {
    const leaves = [boxAt(states, way.from), boxAt(states, way.to)]
    return Math.max(...leaves.map(({ x }) => x)) + spine
  }

  #labelOf(way: Way, arrow: number, states: readonly StateBox[]): Label | undefined {
    const { lines } = way.arrow
    if (lines.length === 0) return undefined
    const from = boxAt(states, way.from)
    const width = widthOf(lines)
    const height = lines.length * lineHeight
    if (way.kind === 'straight') {
      const top = from.y + from.height
      const y = (top + boxAt(states, way.to).y - height) / 2 - 1
      return { arrow, anchor: 'start', lines, x: this.#spineX(way, states) + 8, y, width, height }
    }
    const column = this.#row(way.from).column
    const outer = this.#outerEdge(column, way.fromSide, states)
    const y = way.out?.y ?? 0
    const anchor = way.fromSide === 'left' ? 'end' : 'start'
    if (way.kind === 'loop') {
      const edge = way.fromSide === 'left' ? from.x - loopReach - 6 : from.x + from.width + loopReach + 6
      return {
        arrow,
        anchor,
        lines,
        x: anchor === 'end' ? edge - width : edge,
        y: y - height / 2,
        width,
        height,
      }
    }
    const x = way.fromSide === 'left' ? outer - 6 - width : outer + 6
    return { arrow, anchor, lines, x, y: y - height - 2, width, height }
  }

  #outerEdge(column: 0 | 1, side: Side, states: readonly StateBox[]): number {
    const boxes = states.filter((_, at) => this.#row(at).column === column)
    return side === 'left'
      ? Math.min(...boxes.map(({ x }) => x))
      : Math.max(...boxes.map(({ x, width }) => x + width))
  }

  #starts(states: readonly StateBox[]): Layout['starts'] {
    return this.#rows.flatMap((row, at) => {
      if (!this.#isStart(row)) return []
      const { x, y } = boxAt(states, at)
      return [{ from: { x: x + spine, y: y - 15 }, to: { x: x + spine, y } }]
    })
  }

  #isStart({ state, kind }: Row): boolean {
    return kind !== 'any' && state.id !== '' && this.#stateOf(parentOf(state.id)).initial === state.id
  }

  #row(at: number): Row {
    const row = this.#rows[at]
    if (row === undefined) throw new Error(`L1: there is no row ${at}.`)
    return row
  }

  #stateOf(id: string): ChartState {
    const state = this.#states.get(id)
    if (state === undefined) throw new Error(`L1: the chart has no state '${id}'.`)
    return state
  }
}

/** Up before down; a way down that is longer leaves higher, so that it passes outside the shorter ones. */
function rankOf(kind: Slot['kind'], toward: number): number {
  if (kind === 'loop') return 0
  if (kind === 'in') return toward < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return toward < 0 ? -1e6 - toward : 1e6 - toward
}

const compared = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

function place(slot: Slot, top: number): number {
  slot.y = slot.kind === 'out' ? top + slot.height - slotPad + 2 : top + slot.height / 2
  return top + slot.height
}

function columnWidthOf(states: readonly ChartState[], stays: readonly Stay[]): number {
  const widths = [
    ...states.map(({ id }) => keyOf(id).length * nameGlyphWidth + 36),
    ...stays.filter(({ state }) => state !== '').map(({ event }) => event.length * stayGlyphWidth + 24),
  ]
  return Math.round(Math.min(columnWidthMax, Math.max(columnWidthMin, ...widths)))
}

export function widthOf(lines: readonly Line[]): number {
  const widths = lines.map(
    ({ event, guard, timer }) =>
      wordsOf({ event, guard }).length * glyphWidth + (timer === undefined ? 0 : ringWidth),
  )
  return Math.ceil(Math.max(0, ...widths))
}

/** A line of a label as it is read. */
export const wordsOf = ({
  event,
  guard,
}: {
  readonly event: string
  readonly guard?: string | undefined
}): string => (guard === undefined ? event : event === '' ? `[${guard}]` : `${event} [${guard}]`)

/** In lines of that width. */
function wrapped(stays: readonly Stay[], width: number): readonly (readonly Stay[])[] {
  const lines: Stay[][] = []
  let used = 0
  for (const stay of stays) {
    const needed = (stay.event.length + 1) * stayGlyphWidth
    const line = lines.at(-1)
    if (line === undefined || used + needed > width + stayGlyphWidth) {
      lines.push([stay])
      used = needed
    } else {
      line.push(stay)
      used += needed
    }
  }
  return lines
}

function boxAt(states: readonly StateBox[], at: number): StateBox {
  const box = states[at]
  if (box === undefined) throw new Error(`L1: row ${at} has no box.`)
  return box
}

const parentOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('.')))
const keyOf = (id: string): string => id.slice(id.lastIndexOf('.') + 1)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
