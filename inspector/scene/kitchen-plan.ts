/**
 * Where everything of a kitchen stands: a room that is as large as its kitchen is.
 *
 * Along the wall behind stand the stations with appliances, each with a strip of floor for these and one for its cooks; what
 * works cold stands in the middle, the pass in front, the pantry along the wall at the left. The room's units are metres:
 * x to the right, y up, z towards whoever looks.
 *
 * Owns:     places. They follow from which stations, appliances and bins there are, never from how they are.
 * Does not: know what stands there now (`kitchen-look.ts`).
 */
import { type Things, thingsOf } from '../model/kitchen.ts'

export type At = readonly [x: number, y: number, z: number]

export interface Box {
  readonly min: At
  readonly max: At
}

export interface Strip {
  /** Who tints it: an actor that is run there. */
  readonly of: string
  readonly x0: number
  readonly x1: number
  readonly z0: number
  readonly z1: number
}

export interface StationPlace {
  readonly id: string
  readonly name: string
  readonly x0: number
  readonly x1: number
  /** The floor of its cooks, and of its appliances if it has any. */
  readonly floor: Strip
  readonly bank: Strip | undefined
  /** Tables, ranges and the like. */
  readonly counters: readonly Box[]
  readonly timer: At
  /** Where a cook waits. */
  readonly places: readonly At[]
}

export interface KitchenPlan {
  readonly width: number
  readonly depth: number
  readonly stations: readonly StationPlace[]
  /** Of appliances, probes, timers and bins. */
  readonly boxes: ReadonlyMap<string, Box>
  readonly pantry: Box
  readonly shelves: readonly Box[]
  readonly pass: Box
  /** From its left end to its right one. */
  readonly rail: { readonly from: number; readonly to: number; readonly y: number; readonly z: number }
  readonly corners: Readonly<Record<string, Box>>
}

export const wallHeight = 3.1
const ovenSize = { width: 1.36, depth: 1.3, height: 0.92, pitch: 1.5, foot: 0.14 }
/** Ovens on top of each other. */
const decks = 2
const burner = { pitch: 1.12, depth: 0.86, radius: 0.36 }
const fryerSize = { width: 1, depth: 1.25, height: 1, pitch: 1.18 }
const rangeHeight = 0.95
const strip = { appliances: 1.85, cooks: 2.3 }
const gap = 0.45
const pantryDepth = 1.25
const binSize = { depth: 0.86, height: 0.6, pitchMax: 1.05, pitchMin: 0.66, level: 0.86 }
const cold = { pitch: 1.35, table: 1.25 }
/** What a ticket on the rail hides behind it. */
const behindTheRail = 2.1

export const railHeight = 2.3
export const passHeight = 1.02

const box = (x0: number, x1: number, y0: number, y1: number, z0: number, z1: number): Box => ({
  min: [x0, y0, z0],
  max: [x1, y1, z1],
})
export const middleOf = ({ min, max }: Box): At => [
  (min[0] + max[0]) / 2,
  (min[1] + max[1]) / 2,
  (min[2] + max[2]) / 2,
]
export const sizeOf = ({ min, max }: Box): At => [max[0] - min[0], max[1] - min[1], max[2] - min[2]]

/** What of the kitchen decides where things are: the same text, the same plan. */
export const groundOf = (things: Things): string =>
  [
    ...thingsOf(things, 'station').map(
      ({ id, units, cooks }) => `${id} ${units.map(({ kind, n }) => kind + n).join()} ${cooks.length}`,
    ),
    ...thingsOf(things, 'bin').map(({ id }) => id),
  ].join('\n')

export function planOf(things: Things): KitchenPlan {
  const stations = thingsOf(things, 'station')
  const bins = thingsOf(things, 'bin')
  const walled = stations.filter(({ units }) => units.length > 0)
  const tables = stations.filter(({ units, cooks }) => units.length === 0 && cooks.length > 0)
  const widths = walled.map((station) => widthOf(station))
  const coldWidths = tables.map(({ cooks }) => Math.max(4, Math.ceil(cooks.length / 2) * cold.pitch + 1))
  const width =
    pantryDepth + 1.7 + Math.max(14, sum(widths) + gap * (walled.length + 1), sum(coldWidths) + gap * 2)
  const coldDepth = tables.length > 0 ? cold.table + 2 * 1.5 : 1
  const depth = strip.appliances + strip.cooks + 0.5 + coldDepth + behindTheRail + 2.6
  const [left, right, back, front] = [-width / 2, width / 2, -depth / 2, depth / 2]
  const boxes = new Map<string, Box>()

  let x = left + pantryDepth + 1.7
  const slack = (right - x - sum(widths) - gap) / Math.max(1, walled.length)
  const atWall = walled.map((station, n): StationPlace => {
    const [x0, x1] = [x, x + (widths[n] ?? 0) + slack - gap]
    x = x1 + gap
    return standing(station, { x0, x1, back }, boxes)
  })
  const coldBack = back + strip.appliances + strip.cooks + 0.5
  const middle = (left + pantryDepth + 1.7 + right) / 2
  let coldX = middle - (sum(coldWidths) + gap * (tables.length - 1)) / 2
  const inTheMiddle = tables.map((station, n): StationPlace => {
    const [x0, x1] = [coldX, coldX + (coldWidths[n] ?? 0)]
    coldX = x1 + gap
    return atTable(station, { x0, x1, z0: coldBack, z1: coldBack + coldDepth }, boxes)
  })

  const passZ = front - 1.55
  const [passFrom, passTo] = [left + pantryDepth + 1.7, right - 0.6]
  const pantry = box(left, left + pantryDepth, 0, wallHeight - 0.3, back + 1.2, front - 1.2)
  const shelves = stow(bins, pantry, boxes)
  const places = [...atWall, ...inTheMiddle]
  const pass = box(passFrom, passTo, 0, passHeight, passZ - 0.55, passZ + 0.55)
  return {
    width,
    depth,
    stations: places,
    boxes,
    pantry,
    shelves,
    pass,
    rail: { from: passFrom + 0.3, to: passTo - 0.3, y: railHeight, z: passZ },
    corners: {
      'Whole room': box(left, right, 0, wallHeight, back, front),
      ...Object.fromEntries(
        places.map(({ name, x0, x1, floor, bank }) => [
          named(name),
          box(x0, x1, 0, bank === undefined ? 1.6 : 2.4, bank?.z0 ?? floor.z0, floor.z1),
        ]),
      ),
      Pass: box(passFrom, passTo, 0.4, railHeight + 0.3, passZ - 0.8, passZ + 0.8),
      Pantry: pantry,
    },
  }
}

type Station = ReturnType<typeof thingsOf<'station'>>[number]
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
export const named = (station: string): string => station.charAt(0).toUpperCase() + station.slice(1)
const countOf = ({ units }: Station, kind: string): number =>
  units.filter((unit) => unit.kind === kind).length

function widthOf(station: Station): number {
  const ovens = Math.ceil(countOf(station, 'oven') / decks) * ovenSize.pitch
  const pans = Math.ceil(countOf(station, 'pan') / 2) * burner.pitch
  const fryers = countOf(station, 'fryer') * fryerSize.pitch
  const blocks = [ovens, pans, fryers].filter((block) => block > 0)
  return Math.max(4, sum(blocks) + (blocks.length - 1) * 0.3 + 0.7)
}

/** A station with its appliances along the wall behind. */
function standing(
  station: Station,
  { x0, x1, back }: { readonly x0: number; readonly x1: number; readonly back: number },
  boxes: Map<string, Box>,
): StationPlace {
  const { id, name, units, cooks } = station
  const bank = id.slice('station/'.length)
  const counters: Box[] = []
  let x = (x0 + x1 - widthOf(station)) / 2 + 0.35
  const z = back + 0.2
  const put = (kind: string, n: number, at: Box): void => {
    boxes.set(`${kind}/${bank}:${n}`, at)
  }

  const ovens = units.filter(({ kind }) => kind === 'oven')
  for (const [place, { n }] of ovens.entries()) {
    const column = x + Math.floor(place / decks) * ovenSize.pitch + (ovenSize.pitch - ovenSize.width) / 2
    // The first of a column stands on top of the others.
    const y = ovenSize.foot + (decks - 1 - (place % decks)) * ovenSize.height
    put('oven', n, box(column, column + ovenSize.width, y, y + ovenSize.height, z, z + ovenSize.depth))
  }
  if (ovens.length > 0) x += Math.ceil(ovens.length / decks) * ovenSize.pitch + 0.3

  const pans = units.filter(({ kind }) => kind === 'pan')
  const columns = Math.ceil(pans.length / 2)
  if (columns > 0) {
    counters.push(box(x, x + columns * burner.pitch, 0, rangeHeight, z, z + 2 * burner.depth - 0.12))
    for (const [place, { n }] of pans.entries()) {
      const [cx, cz] = [
        x + (Math.floor(place / 2) + 0.5) * burner.pitch,
        z + ((place % 2) + 0.5) * burner.depth - 0.06,
      ]
      const r = burner.radius
      put('pan', n, box(cx - r, cx + r, rangeHeight, rangeHeight + 0.3, cz - r, cz + r))
    }
    x += columns * burner.pitch + 0.3
  }
  for (const { n } of units.filter(({ kind }) => kind === 'fryer')) {
    const { width, depth, height, pitch } = fryerSize
    const at = x + (pitch - width) / 2
    put('fryer', n, box(at, at + width, 0, height, z, z + depth))
    x += pitch
  }

  for (const [index, { kind, n }] of units.entries()) {
    const of = boxes.get(`${kind}/${bank}:${n}`)
    if (of !== undefined) put('probe', index + 1, probeAt(kind, of))
  }
  const middle = (x0 + x1) / 2
  put('kitchen-timer', 1, box(middle - 0.34, middle + 0.34, 2.28, 2.96, back + 0.1, back + 0.24))
  const bankFront = back + strip.appliances + 0.1
  const front = bankFront + strip.cooks
  return {
    ...{ id, name, x0, x1, counters },
    floor: { of: id, x0, x1, z0: bankFront, z1: front },
    bank: { of: `kitchen-timer/${bank}:1`, x0, x1, z0: back + 0.1, z1: bankFront - 0.08 },
    timer: [middle, 2.62, back + 0.26],
    places: cooks.map((_, n): At => [x0 + ((n + 0.5) / cooks.length) * (x1 - x0), 0, front - 0.62]),
  }
}

/** A probe hangs at the right of its appliance. */
function probeAt(kind: string, { min, max }: Box): Box {
  if (kind === 'oven')
    return box(max[0] - 0.17, max[0] - 0.09, min[1] + 0.14, min[1] + 0.6, max[2] + 0.02, max[2] + 0.1)
  if (kind === 'pan')
    return box(max[0] - 0.06, max[0] + 0.02, max[1] - 0.1, max[1] + 0.32, min[2] + 0.1, min[2] + 0.18)
  return box(max[0] - 0.2, max[0] - 0.12, max[1] - 0.05, max[1] + 0.4, min[2] + 0.12, min[2] + 0.2)
}

/** A station that works cold: a table, with cooks at both sides of it. */
function atTable(
  { id, name, cooks }: Station,
  { x0, x1, z0, z1 }: { readonly x0: number; readonly x1: number; readonly z0: number; readonly z1: number },
  boxes: Map<string, Box>,
): StationPlace {
  const z = (z0 + z1) / 2
  const counter = box(x0 + 0.5, x1 - 0.5, 0, rangeHeight, z - cold.table / 2, z + cold.table / 2)
  const timer: At = [x1 - 0.95, rangeHeight + 0.42, z + 0.1]
  const bank = id.slice('station/'.length)
  boxes.set(
    `kitchen-timer/${bank}:1`,
    box(timer[0] - 0.3, timer[0] + 0.3, rangeHeight, timer[1] + 0.32, z - 0.04, z + 0.1),
  )
  const aSide = Math.ceil(cooks.length / 2)
  return {
    ...{ id, name, x0, x1, bank: undefined, counters: [counter], timer },
    floor: { of: id, x0, x1, z0, z1 },
    places: cooks.map(
      (_, n): At => [
        x0 + 0.5 + ((Math.floor(n / 2) + 0.5) / aSide) * (x1 - x0 - 1),
        0,
        n % 2 === 0 ? z0 + 0.55 : z1 - 0.55,
      ],
    ),
  }
}

/** Bins on shelves, in as many levels as it takes. */
function stow(
  bins: readonly { readonly id: string }[],
  { min, max }: Box,
  boxes: Map<string, Box>,
): readonly Box[] {
  const length = max[2] - min[2]
  const levels = Math.max(1, Math.min(3, Math.ceil((bins.length * binSize.pitchMin) / length), bins.length))
  const columns = Math.max(1, Math.ceil(bins.length / levels))
  const pitch = Math.min(binSize.pitchMax, length / columns)
  const z0 = (min[2] + max[2] - pitch * columns) / 2
  const x = min[0] + 0.2
  const floors = Array.from({ length: levels }, (_, level) => 0.3 + level * binSize.level)
  for (const [place, { id }] of bins.entries()) {
    const y = floors[levels - 1 - Math.floor(place / columns)] ?? 0
    const z = z0 + (place % columns) * pitch
    boxes.set(id, box(x, x + binSize.depth, y, y + binSize.height, z + 0.06, z + pitch - 0.06))
  }
  return floors.map((y) => box(x - 0.06, x + binSize.depth + 0.06, y - 0.07, y, z0, z0 + columns * pitch))
}
