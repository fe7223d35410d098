/**
 * What is drawn of the kitchen as it is now: solid bodies, marks on floors and fronts, and what can be pointed at.
 *
 * Owns:     what each state looks like. Heat is a colour and a light on the floor; trouble has a mark as well as a colour.
 * Does not: draw (`kitchen-scene.ts`), place (`kitchen-plan.ts`) or move (`motions.ts`).
 */
import { type Of, type Things, thingsOf } from '../model/kitchen.ts'
import type { Rgb } from './drawn.ts'
import {
  type At,
  type Box,
  type KitchenPlan,
  middleOf,
  passHeight,
  type StationPlace,
  sizeOf,
  wallHeight,
} from './kitchen-plan.ts'
import type { Body } from './kitchen-view.ts'
import type { Motions } from './motions.ts'

export interface KitchenPalette {
  readonly floor: Rgb
  readonly joint: Rgb
  readonly wall: Rgb
  readonly tile: Rgb
  readonly steel: Rgb
  readonly steelDark: Rgb
  readonly iron: Rgb
  readonly cloth: Rgb
  readonly apron: Rgb
  readonly skin: Rgb
  readonly line: Rgb
  readonly ink: Rgb
  readonly inkDim: Rgb
  readonly work: Rgb
  readonly carbon: Rgb
  readonly chosen: Rgb
  readonly warn: Rgb
  readonly bad: Rgb
  readonly heat: readonly Rgb[]
  readonly foods: Readonly<Record<FoodTone, Rgb>>
  readonly node: (node: string | null) => Rgb
}

/** Bodies that light falls on; `glow` shines by itself, `glass` is seen through. */
export const shapes = ['box', 'cylinder', 'sphere', 'glow', 'glass'] as const
export interface Solid {
  readonly shape: (typeof shapes)[number]
  readonly at: At
  readonly size: At
  readonly color: Rgb
  /** Round x, and then round z. */
  readonly turn?: readonly [x: number, z: number]
}

/** `card` stands upright and hides what is behind it; the others lie on what they are on. */
export const marks = ['zone', 'ring', 'arc', 'glow', 'disc', 'ticket', 'cross', 'flash', 'bar'] as const
export interface Mark {
  readonly shape: (typeof marks)[number]
  readonly at: At
  readonly size: readonly [width: number, height: number]
  readonly color: Rgb
  readonly alpha: number
  /** Of an arc, how much is left; of a ticket, how many of its plates are done; of a flash, how far it is. */
  readonly share?: number
  readonly isDashed?: boolean
  /** Of a ticket: its plates. */
  readonly lines?: number
  readonly faces: 'up' | 'front' | 'right'
}

export interface Look {
  readonly solids: readonly Solid[]
  /** On the floor and on fronts. */
  readonly marks: readonly Mark[]
  /** Upright, and opaque. */
  readonly cards: readonly Mark[]
  readonly bodies: readonly Body[]
}

export interface LookOptions {
  readonly palette: KitchenPalette
  readonly motions: Motions
  /** World time, in milliseconds. */
  readonly worldNow: number
  readonly chosen: string | undefined
  readonly hovered: string | undefined
}

export const coldest = 20
export const hottest = 280
const moveMs = 320
const doorMs = 420
const glowMs = 160
const flashMs = 900

/** 0 at 20 °C, 1 at 280. */
export const warmth = (celsius: number): number =>
  Math.min(1, Math.max(0, (celsius - coldest) / (hottest - coldest)))

export function heatColor(share: number, ramp: readonly Rgb[]): Rgb {
  const place = Math.min(0.9999, Math.max(0, share)) * (ramp.length - 1)
  const n = Math.floor(place)
  return mixed(ramp[n] ?? black, ramp[n + 1] ?? black, place - n)
}
const black: Rgb = [0, 0, 0]
export const mixed = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
]

/** Whether it does what it is for. `sensor`: it shows what is not so. */
export function troubleOf(thing: {
  readonly node: string | null
  readonly isStopped: boolean
  readonly fault?: string
  readonly sensor?: string
  readonly isWelded?: boolean
}): { readonly severity: 'warn' | 'bad'; readonly words: string } | undefined {
  const { node, isStopped, fault = '', sensor = 'ok', isWelded = false } = thing
  if (isStopped) return { severity: 'bad', words: 'stopped' }
  if (fault !== '') return { severity: 'bad', words: fault }
  if (isWelded) return { severity: 'bad', words: 'its relay is welded' }
  if (node === null) return { severity: 'warn', words: 'no owner' }
  if (sensor !== 'ok')
    return { severity: 'warn', words: sensor === 'drift' ? 'sensor drifted' : `sensor ${sensor}` }
  return undefined
}

/** How a ticket hangs: length by age, and what colour. */
export function hangs(
  { openedAt, promisedAt, state }: Pick<Of<'ticket'>, 'openedAt' | 'promisedAt' | 'state'>,
  worldNow: number,
): { readonly length: number; readonly kind: 'work' | 'late' | 'undone'; readonly lateMs: number } {
  const [from, until] = [openedAt / 1_000, promisedAt / 1_000]
  const share = (worldNow - from) / Math.max(1, until - from)
  const lateMs = worldNow - until
  const isUndone = ['cancelling', 'failing', 'cancelled', 'failed'].includes(state)
  return {
    length: 0.5 + 0.6 * Math.min(1, Math.max(0, share)),
    kind: isUndone ? 'undone' : lateMs > 0 && !hasEnded({ state }) ? 'late' : 'work',
    lateMs,
  }
}

/** It hangs on the rail no more. */
export const hasEnded = ({ state }: Pick<Of<'ticket'>, 'state'>): boolean =>
  ['plated', 'cancelled', 'failed'].includes(state)

const ticketWidth = 0.4
/** On the rail, from the promise that is due first; those that find no place are not drawn. */
export function railOf(
  tickets: readonly Of<'ticket'>[],
  { from, to }: KitchenPlan['rail'],
): readonly { readonly ticket: Of<'ticket'>; readonly x: number }[] {
  const room = Math.floor((to - from) / (ticketWidth * 0.62))
  const shown = tickets
    .filter((ticket) => !hasEnded(ticket))
    .sort((a, b) => a.promisedAt - b.promisedAt || (a.id < b.id ? -1 : 1))
    .slice(0, room)
  const pitch = Math.min(0.52, (to - from) / Math.max(1, shown.length))
  return shown.map((ticket, n) => ({ ticket, x: from + (n + 0.5) * pitch }))
}

/** Which alarm rings first, and how much of its time is left. */
export function ringsNext(
  { alarms }: Of<'kitchen-timer'>,
  worldNow: number,
): { readonly leftMs: number; readonly share: number } | undefined {
  const [next] = alarms
    .map(({ rings, leftMs }) => ({
      leftMs: rings === null ? leftMs : Math.max(0, rings / 1_000 - worldNow),
      ofMs: Math.max(1, leftMs),
    }))
    .sort((a, b) => a.leftMs - b.leftMs)
  return next && { leftMs: next.leftMs, share: Math.min(1, next.leftMs / next.ofMs) }
}

export type FoodTone = 'leaf' | 'red' | 'cream' | 'brown' | 'gold' | 'pink'
const tonesByWord: readonly (readonly [FoodTone, RegExp])[] = [
  ['leaf', /basil|lettuce|cucumber|leek$|salad/],
  ['brown', /chocolate|mushroom|burger|bun|steak|sirloin/],
  ['red', /tomato|beef|caprese|margherita|apples/],
  ['pink', /prawn|chicken|onion/],
  ['gold', /potato|lemon|butter|oil|cheddar|egg|quiche|gratin|tart|dough/],
]
/** What something to eat looks like from afar, by its name. */
export const toneOf = (name: string): FoodTone =>
  tonesByWord.find(([, words]) => words.test(name))?.[0] ?? 'cream'

/** `ord_1:0:1` of the job `ord_1:0:1.1.0`: the key of its plate. */
export const plateOf = (job: string): string => job.replace(/\.\d+\.\d+$/, '')
export const orderOf = (job: string): string => job.slice(0, job.indexOf(':'))

/** What stands still whatever happens. */
export function roomOf(plan: KitchenPlan, palette: KitchenPalette): readonly Solid[] {
  const { width, depth, stations, pass, shelves, rail } = plan
  const [left, back] = [-width / 2, -depth / 2]
  const put = (x0: number, x1: number, y0: number, y1: number, z0: number, z1: number, color: Rgb): Solid =>
    boxed({ min: [x0, y0, z0], max: [x1, y1, z1] }, color)
  const tiles: Solid[] = []
  const tile = 0.62
  for (let row = 0; row < 3; row += 1) {
    const y = 1.02 + row * 0.42
    for (let x = left + 0.1; x + tile < width / 2; x += tile)
      tiles.push(put(x + 0.02, x + tile - 0.02, y, y + 0.39, back, back + 0.03, palette.tile))
  }
  const joints: Solid[] = []
  for (let x = left + 1; x < width / 2; x += 1)
    joints.push(put(x - 0.012, x + 0.012, -0.01, 0.003, back, depth / 2, palette.joint))
  for (let z = back + 1; z < depth / 2; z += 1)
    joints.push(put(left, width / 2, -0.01, 0.003, z - 0.012, z + 0.012, palette.joint))
  return [
    put(left, width / 2, -0.3, 0, back, depth / 2, palette.floor),
    ...joints,
    put(left - 0.25, width / 2, -0.3, wallHeight, back - 0.25, back, palette.wall),
    put(left - 0.25, left, -0.3, wallHeight, back - 0.25, depth / 2, palette.wall),
    ...tiles,
    ...stations.flatMap(({ counters }) => counters.flatMap((counter) => tableOf(counter, palette))),
    ...tableOf(pass, palette),
    ...[rail.from - 0.25, (rail.from + rail.to) / 2, rail.to + 0.25].map((x) =>
      put(x - 0.04, x + 0.04, passHeight, rail.y, rail.z - 0.04, rail.z + 0.04, palette.steelDark),
    ),
    put(rail.from - 0.3, rail.to + 0.3, rail.y, rail.y + 0.08, rail.z - 0.05, rail.z + 0.05, palette.steel),
    ...shelves.map((shelf) => boxed(shelf, palette.steelDark)),
    ...postsOf(shelves, palette),
  ]
}

/** A cabinet with a top that stands out a little, on a foot that stands back. */
function tableOf({ min, max }: Box, { steel, steelDark, iron }: KitchenPalette): readonly Solid[] {
  const [foot, top] = [0.12, 0.07]
  return [
    boxed({ min: [min[0] + 0.08, min[1], min[2] + 0.08], max: [max[0] - 0.08, foot, max[2] - 0.08] }, iron),
    boxed({ min: [min[0], foot, min[2]], max: [max[0], max[1] - top, max[2]] }, steelDark),
    boxed(
      {
        min: [min[0] - 0.05, max[1] - top, min[2] - 0.05],
        max: [max[0] + 0.05, max[1], max[2] + 0.05],
      },
      steel,
    ),
  ]
}

function postsOf(shelves: readonly Box[], { steelDark }: KitchenPalette): readonly Solid[] {
  const [lowest, highest] = [shelves[0], shelves.at(-1)]
  if (lowest === undefined || highest === undefined) return []
  const top = highest.max[1] + 0.7
  return [lowest.min[2], lowest.max[2]].flatMap((z) =>
    [lowest.min[0], lowest.max[0]].map((x) =>
      boxed({ min: [x - 0.03, 0, z - 0.03], max: [x + 0.03, top, z + 0.03] }, steelDark),
    ),
  )
}

const shoulders = 0.74
/** Nobody stands in another: who would is moved to the side, as far as the floor goes. */
export function beside(
  goals: readonly At[],
  { x0, x1 }: { readonly x0: number; readonly x1: number },
): readonly At[] {
  const found = goals.map(([x, y, z]): [number, number, number] => [x, y, z])
  for (let round = 0; round < 8; round += 1) {
    let isFree = true
    for (const [n, a] of found.entries())
      for (const b of found.slice(n + 1)) {
        const near = shoulders - Math.abs(a[0] - b[0])
        if (near <= 0.001 || Math.abs(a[2] - b[2]) > shoulders) continue
        isFree = false
        const [left, right] = a[0] <= b[0] ? [a, b] : [b, a]
        left[0] = Math.max(x0 + 0.35, left[0] - near / 2)
        right[0] = Math.min(x1 - 0.35, right[0] + near / 2)
      }
    if (isFree) break
  }
  return found
}

const boxed = (box: Box, color: Rgb, shape: Solid['shape'] = 'box'): Solid => ({
  shape,
  at: middleOf(box),
  size: sizeOf(box),
  color,
})

/** What changes. */
export function lookOf(plan: KitchenPlan, things: Things, options: LookOptions): Look {
  const look = new Draft(plan, things, options)
  for (const station of plan.stations) look.station(station)
  for (const appliance of thingsOf(things, 'oven', 'pan', 'fryer')) look.appliance(appliance)
  for (const probe of thingsOf(things, 'probe')) look.probe(probe)
  for (const timer of thingsOf(things, 'kitchen-timer')) look.timer(timer)
  for (const bin of thingsOf(things, 'bin')) look.bin(bin)
  look.pass(thingsOf(things, 'ticket'))
  look.outline()
  return look
}

class Draft implements Look {
  readonly solids: Solid[] = []
  readonly marks: Mark[] = []
  readonly cards: Mark[] = []
  readonly bodies: Body[] = []
  readonly #plan: KitchenPlan
  readonly #things: Things
  readonly #options: LookOptions
  readonly #dishes = new Map<string, string>()
  readonly #cooking: ReadonlySet<string>

  constructor(plan: KitchenPlan, things: Things, options: LookOptions) {
    this.#plan = plan
    this.#things = things
    this.#options = options
    for (const { plates } of thingsOf(things, 'ticket'))
      for (const { key, dish } of plates) this.#dishes.set(key, dish)
    const appliances = thingsOf(things, 'oven', 'pan', 'fryer')
    this.#cooking = new Set(appliances.flatMap(({ foods }) => foods.map(({ job }) => job)))
  }

  get #palette(): KitchenPalette {
    return this.#options.palette
  }

  station({ id, floor, bank, places, counters }: StationPlace): void {
    const station = this.#things.get(id)
    if (station?.kind !== 'station') return
    for (const strip of bank === undefined ? [floor] : [floor, bank]) {
      const owner = this.#things.get(strip.of)
      const node = owner?.node ?? null
      this.marks.push({
        shape: 'zone',
        at: [(strip.x0 + strip.x1) / 2, 0.012, (strip.z0 + strip.z1) / 2],
        size: [strip.x1 - strip.x0, strip.z1 - strip.z0],
        color: node === null ? this.#palette.inkDim : this.#palette.node(node),
        alpha: node === null ? 0.03 : 0.13,
        isDashed: node === null,
        faces: 'up',
      })
      this.#body(strip.of, { min: [strip.x0, -0.02, strip.z0], max: [strip.x1, 0, strip.z1] })
      this.#flash(strip.of, [(strip.x0 + strip.x1) / 2, 0.05, (strip.z0 + strip.z1) / 2], 2.6)
    }
    const goals = station.cooks.map((cook) => this.#worksAt(station, cook, places[cook.n - 1], counters[0]))
    const side = beside(goals, floor)
    for (const [n, cook] of station.cooks.entries())
      this.#cook(station, cook, side[n] ?? [0, 0, 0], counters[0])
  }

  #cook(
    station: Of<'station'>,
    { n, here, job }: Of<'station'>['cooks'][number],
    goal: At,
    table: Box | undefined,
  ): void {
    const bank = station.id.slice('station/'.length)
    const id = `cook/${bank}:${n}`
    const { motions } = this.#options
    const x = motions.value(`${id} x`, goal[0], moveMs * 2)
    const z = motions.value(`${id} z`, goal[2], moveMs * 2)
    const hue = this.#palette.node(station.node)
    this.marks.push({
      shape: 'ring',
      at: [x, 0.03, z],
      size: [0.92, 0.92],
      color: here ? hue : this.#palette.inkDim,
      alpha: job === '' ? 0.6 : 1,
      isDashed: !here || station.node === null,
      faces: 'up',
    })
    this.#body(id, { min: [x - 0.32, 0, z - 0.32], max: [x + 0.32, 1.75, z + 0.32] })
    if (!here) return
    const { cloth, apron, skin } = this.#palette
    this.marks.push({
      ...{ shape: 'disc', at: [x, 0.02, z], size: [0.8, 0.8], color: black, alpha: 0.22, faces: 'up' },
    })
    const round = (y: number, r: number, h: number, color: Rgb, shape: Solid['shape'] = 'cylinder'): void =>
      void this.solids.push({ shape, at: [x, y + h / 2, z], size: [r * 2, h, r * 2], color })
    round(0.02, 0.26, 0.62, apron)
    round(0.6, 0.28, 0.55, cloth)
    round(1.02, 0.19, 0.34, skin, 'sphere')
    round(1.3, 0.185, 0.14, cloth)
    round(1.42, 0.23, 0.2, cloth)
    if (job === '') return
    // What is in hand is carried in front, towards the table or the stove.
    const ahead = table !== undefined && z < middleOf(table)[2] ? 1 : -1
    const dish = this.#dishes.get(plateOf(job)) ?? ''
    const [hx, hy, hz] = [x, 0.98, z + ahead * 0.36]
    this.solids.push(
      { shape: 'cylinder', at: [hx, hy, hz], size: [0.36, 0.05, 0.36], color: this.#palette.cloth },
      {
        shape: 'sphere',
        at: [hx, hy + 0.06, hz],
        size: [0.24, 0.14, 0.24],
        color: this.#palette.foods[toneOf(dish)],
      },
    )
  }

  /** Before the appliance, at the table, or where one waits. */
  #worksAt(
    { id, units }: Of<'station'>,
    { n, job, unit }: Of<'station'>['cooks'][number],
    place: At = [0, 0, 0],
    table: Box | undefined,
  ): At {
    if (job === '') return place
    const of = units[unit]
    const appliance = of && this.#plan.boxes.get(`${of.kind}/${id.slice('station/'.length)}:${of.n}`)
    if (appliance !== undefined) {
      const [x] = middleOf(appliance)
      const front = this.#plan.stations.find((one) => one.id === id)?.floor.z0 ?? place[2]
      return [x, 0, front + 0.36 + (n % 2) * 0.28]
    }
    if (units.length > 0 || table === undefined) return [place[0], 0, place[2] - 0.5]
    const side = place[2] < middleOf(table)[2] ? table.min[2] - 0.34 : table.max[2] + 0.34
    return [place[0], 0, side]
  }

  appliance(appliance: Of<'oven' | 'pan' | 'fryer'>): void {
    const box = this.#plan.boxes.get(appliance.id)
    if (box === undefined) return
    const { motions } = this.#options
    const target = warmth(appliance.reading ?? coldest)
    const share = motions.value(`${appliance.id} heat`, target, glowMs)
    if (appliance.kind === 'oven') this.#oven(appliance, box, share)
    else if (appliance.kind === 'pan') this.#pan(appliance, box, share)
    else this.#fryer(appliance, box, share)
    this.#body(appliance.id, box)
    this.#trouble(appliance, [middleOf(box)[0], box.max[1], box.max[2]])
    this.#flash(appliance.id, [middleOf(box)[0], box.max[1] + 0.02, middleOf(box)[2]], 1.2)
  }

  #oven({ id, doorOpen, foods, node, slots }: Of<'oven' | 'pan' | 'fryer'>, box: Box, share: number): void {
    const { steel, steelDark, iron, heat } = this.#palette
    const { min, max } = box
    const color = node === null ? mixed(iron, heat[1] ?? iron, share) : heatColor(share, heat)
    const open = this.#options.motions.value(`${id} door`, doorOpen ? 1 : 0, doorMs)
    const [x, w] = [(min[0] + max[0]) / 2, max[0] - min[0]]
    const front = max[2]
    const [doorLow, doorHigh] = [min[1] + 0.06, max[1] - 0.22]
    const h = doorHigh - doorLow
    // The shell round the cavity; what is inside glows.
    this.solids.push(
      boxed({ min: [min[0], min[1], min[2]], max: [max[0], max[1] - 0.02, front - 0.22] }, steelDark),
      boxed({ min: [min[0], doorHigh, front - 0.22], max: [max[0], max[1] - 0.02, front] }, steel),
      boxed({ min: [min[0], min[1], front - 0.22], max: [max[0], doorLow, front] }, steel),
      boxed({ min: [min[0], doorLow, front - 0.22], max: [min[0] + 0.09, doorHigh, front] }, steel),
      boxed({ min: [max[0] - 0.2, doorLow, front - 0.22], max: [max[0], doorHigh, front] }, steel),
      boxed(
        { min: [min[0] + 0.06, max[1] - 0.19, front], max: [max[0] - 0.06, max[1] - 0.045, front + 0.02] },
        iron,
      ),
    )
    const inner = w - 0.29
    const cx = min[0] + 0.09 + inner / 2
    this.solids.push({
      shape: 'glow',
      at: [cx, doorLow + h / 2, front - 0.2],
      size: [inner, h, 0.03],
      color,
    })
    // One tray for each portion, in as many rows as there are slots.
    const rows = Math.max(2, Math.ceil(slots / 2))
    for (const [place, { job, done }] of foods.slice(0, rows * 2).entries()) {
      const dish = this.#dishes.get(plateOf(job)) ?? ''
      const tone = this.#palette.foods[toneOf(dish)]
      this.solids.push({
        shape: 'glow',
        at: [
          cx + (place % 2 === 0 ? -0.25 : 0.25) * inner,
          doorLow + (h * (Math.floor(place / 2) + 0.5)) / rows - 0.02,
          front - 0.13,
        ],
        size: [inner * 0.36, Math.min(0.13, (h / rows) * 0.45), 0.1],
        color: mixed(mixed(tone, black, done ? 0.1 : 0.45), color, 0.3),
      })
    }
    // The door hangs at its lower edge. Shut, its window lets the glow through: it is a frame of four.
    const angle = (open * Math.PI) / 2
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
    const panel = (
      u0: number,
      u1: number,
      v0: number,
      v1: number,
      thick: number,
      tint: Rgb,
      shape: Solid['shape'] = 'box',
    ): void => {
      const v = (v0 + v1) / 2
      this.solids.push({
        ...{ shape, color: tint, turn: [angle, 0] },
        at: [cx + (u0 + u1) / 2, doorLow + v * cos, front + 0.02 + v * sin],
        size: [u1 - u0, v1 - v0, thick],
      })
    }
    const edge = 0.075
    panel(-inner / 2, inner / 2, 0, edge, 0.06, iron)
    panel(-inner / 2, inner / 2, h - edge, h, 0.06, iron)
    panel(-inner / 2, -inner / 2 + edge, edge, h - edge, 0.06, iron)
    panel(inner / 2 - edge, inner / 2, edge, h - edge, 0.06, iron)
    panel(-inner / 2 + 0.05, inner / 2 - 0.05, h - 0.045, h - 0.015, 0.16, steel)
    if (node !== null && share > 0.1)
      this.marks.push({
        ...{ shape: 'glow', faces: 'up', color: heatColor(Math.max(0.55, share), heat) },
        at: [x, 0.03, front + 0.75],
        size: [2.1, 2],
        alpha: (0.34 + open * 0.3) * share * share,
      })
  }

  #pan({ id, target, level, foods, node }: Of<'oven' | 'pan' | 'fryer'>, box: Box, share: number): void {
    const { iron, steelDark, heat } = this.#palette
    const [x, , z] = middleOf(box)
    const y = box.min[1]
    const isOn = node !== null && (target > 0 || level > 0)
    const fire = this.#options.motions.value(`${id} fire`, isOn ? 0.35 + (level / 9) * 0.6 : 0, glowMs)
    this.solids.push({ shape: 'cylinder', at: [x, y + 0.012, z], size: [0.84, 0.024, 0.84], color: black })
    this.marks.push({
      ...{ shape: 'ring', faces: 'up', at: [x, y + 0.03, z], size: [0.86, 0.86] },
      color: fire > 0.02 ? heatColor(fire, heat) : steelDark,
      alpha: 1,
    })
    if (share > 0.2 && node !== null)
      this.marks.push({
        ...{ shape: 'glow', faces: 'up', at: [x, y + 0.034, z], size: [1.5, 1.5] },
        color: heatColor(Math.max(0.5, share), heat),
        alpha: 0.4 * share,
      })
    const warm = mixed(iron, heatColor(share, heat), 0.55 * share)
    const handle = (n: number): Solid => ({
      shape: 'box',
      at: [x + 0.3 + n * 0.1, y + 0.17, z + 0.3 + n * 0.1],
      size: [0.13, 0.04, 0.1],
      color: iron,
    })
    this.solids.push(
      { shape: 'cylinder', at: [x, y + 0.1, z], size: [0.62, 0.14, 0.62], color: warm },
      { shape: 'cylinder', at: [x, y + 0.175, z], size: [0.68, 0.02, 0.68], color: iron },
      { shape: 'cylinder', at: [x, y + 0.19, z], size: [0.56, 0.012, 0.56], color: mixed(black, warm, 0.6) },
      handle(0),
      handle(1),
    )
    for (const [n, { job, done }] of foods.slice(0, 4).entries()) {
      const turn = (n / Math.max(1, foods.length)) * Math.PI * 2 + 0.6
      const far = foods.length === 1 ? 0 : 0.14
      const tone = this.#palette.foods[toneOf(this.#dishes.get(plateOf(job)) ?? '')]
      this.solids.push({
        shape: 'sphere',
        at: [x + Math.cos(turn) * far, y + 0.22, z + Math.sin(turn) * far],
        size: foods.length === 1 ? [0.4, 0.14, 0.4] : [0.24, 0.12, 0.24],
        color: mixed(tone, black, done ? 0 : 0.18),
      })
    }
  }

  #fryer({ id, foods, node, target }: Of<'oven' | 'pan' | 'fryer'>, box: Box, share: number): void {
    const { steel, steelDark, iron, heat, foods: tones } = this.#palette
    const { min, max } = box
    const [x, , z] = middleOf(box)
    const [w, d] = [max[0] - min[0], max[2] - min[2]]
    const y = max[1]
    const down = this.#options.motions.value(`${id} basket`, foods.length > 0 ? 1 : 0, doorMs)
    const oil = mixed(tones.gold, heatColor(share, heat), 0.2 + 0.35 * share)
    this.solids.push(
      boxed({ min: [min[0], 0.1, min[2]], max: [max[0], y - 0.12, max[2]] }, steelDark),
      boxed({ min: [min[0], y - 0.12, min[2]], max: [min[0] + 0.09, y, max[2]] }, steel),
      boxed({ min: [max[0] - 0.09, y - 0.12, min[2]], max: [max[0], y, max[2]] }, steel),
      boxed({ min: [min[0], y - 0.12, min[2]], max: [max[0], y, min[2] + 0.14] }, steel),
      boxed({ min: [min[0], y - 0.12, max[2] - 0.1], max: [max[0], y, max[2]] }, steel),
      boxed({ min: [min[0], 0, min[2] + 0.06], max: [max[0], 0.1, max[2] - 0.06] }, iron),
      {
        shape: 'glow',
        at: [x, y - 0.07, z],
        size: [w - 0.16, 0.02, d - 0.2],
        color: node === null ? mixed(oil, black, 0.6) : mixed(oil, black, 0.4 - 0.3 * share),
      },
      {
        shape: 'glow',
        at: [x, 0.42, max[2] + 0.01],
        size: [w * 0.6, 0.07, 0.02],
        color: target > 0 && node !== null ? heatColor(share, heat) : iron,
      },
    )
    const lift = y + 0.3 - 0.34 * down
    const [bw, bd] = [w * 0.56, d * 0.56]
    for (const side of [-1, 1]) {
      this.solids.push(
        { shape: 'box', at: [x + (side * bw) / 2, lift, z], size: [0.03, 0.22, bd], color: steel },
        { shape: 'box', at: [x, lift, z + (side * bd) / 2], size: [bw, 0.22, 0.03], color: steel },
      )
    }
    this.solids.push({
      shape: 'box',
      at: [x, lift + 0.14, z + bd / 2 + 0.2],
      size: [0.06, 0.05, 0.42],
      color: iron,
    })
    if (foods.length > 0)
      this.solids.push({
        shape: 'box',
        at: [x, lift - 0.02, z],
        size: [bw * 0.86, 0.05 + 0.035 * foods.length, bd * 0.86],
        color: mixed(tones.gold, tones.brown, foods.some(({ done }) => done) ? 0.35 : 0.1),
      })
  }

  probe(probe: Of<'probe'>): void {
    const box = this.#plan.boxes.get(probe.id)
    if (box === undefined) return
    const { steel, warn, bad, ink, inkDim } = this.#palette
    const trouble = troubleOf(probe)
    const isIn = this.#cooking.has(probe.job)
    const { min, max } = box
    const [x, , z] = middleOf(box)
    const tint = trouble?.severity === 'bad' ? bad : trouble?.severity === 'warn' ? warn : isIn ? ink : inkDim
    this.solids.push(
      {
        shape: 'box',
        at: [x, (min[1] + max[1]) / 2, z],
        size: [0.028, max[1] - min[1], 0.028],
        color: steel,
      },
      { shape: 'glow', at: [x, max[1] - 0.05, z], size: [0.085, 0.1, 0.085], color: tint },
    )
    this.#body(probe.id, {
      min: [min[0] - 0.03, min[1], min[2] - 0.03],
      max: [max[0] + 0.03, max[1] + 0.05, max[2] + 0.03],
    })
    if (trouble !== undefined) this.#trouble(probe, [x, max[1], z + 0.05], 0.3)
  }

  timer(timer: Of<'kitchen-timer'>): void {
    const box = this.#plan.boxes.get(timer.id)
    if (box === undefined) return
    const { iron, steel, work, bad, inkDim } = this.#palette
    const [x, , z] = middleOf(box)
    const r = (box.max[0] - box.min[0]) / 2
    const y = box.max[1] - r
    const front = z + (box.max[2] - box.min[2]) / 2
    this.solids.push(
      {
        shape: 'cylinder',
        at: [x, y, front - 0.05],
        size: [2 * r, 0.1, 2 * r],
        color: steel,
        turn: [Math.PI / 2, 0],
      },
      {
        ...{ shape: 'cylinder', at: [x, y, front], size: [1.72 * r, 0.02, 1.72 * r] },
        ...{ color: iron, turn: [Math.PI / 2, 0] },
      },
    )
    if (box.min[1] < 2)
      this.solids.push(
        boxed({ min: [x - 0.16, box.min[1], z - 0.08], max: [x + 0.16, y - r + 0.06, z + 0.08] }, steel),
      )
    const next = ringsNext(timer, this.#options.worldNow)
    const isBroken = timer.fault !== '' || timer.isStopped
    this.marks.push({
      ...{ shape: 'arc', faces: 'front', at: [x, y, front + 0.03], size: [1.5 * r, 1.5 * r] },
      color: isBroken ? bad : next === undefined ? inkDim : work,
      alpha: next === undefined ? 0.45 : 1,
      share: next?.share ?? 1,
      isDashed: isBroken,
    })
    this.#body(timer.id, box)
    this.#trouble(timer, [x, y, front + 0.04])
  }

  bin(bin: Of<'bin'>): void {
    const box = this.#plan.boxes.get(bin.id)
    if (box === undefined) return
    const { motions } = this.#options
    const { steelDark, line, warn, bad, ink } = this.#palette
    const { min, max } = box
    const most = Math.max(1, bin.par, bin.free + bin.held)
    const free = motions.value(`${bin.id} free`, bin.free / most, moveMs)
    const held = motions.value(`${bin.id} held`, bin.held / most, moveMs)
    const tone = this.#palette.foods[toneOf(bin.ingredient)]
    const [inset, foot, room] = [0.05, 0.07, max[1] - min[1] - 0.1]
    const layer = (from: number, to: number, color: Rgb): void => {
      if (to - from < 0.004) return
      this.solids.push(
        boxed(
          {
            min: [min[0] + inset, min[1] + foot + from * room, min[2] + inset],
            max: [max[0] - inset, min[1] + foot + to * room, max[2] - inset],
          },
          color,
        ),
      )
    }
    layer(0, free, tone)
    // What is reserved lies on top, paler: it is promised to somebody.
    layer(free, free + held, mixed(tone, ink, 0.55))
    const isLow = bin.state === 'low' || bin.state === 'empty' || bin.free <= bin.low
    const edge = bin.free === 0 ? bad : isLow ? warn : line
    this.solids.push(
      boxed({ min: [min[0], min[1], min[2]], max: [max[0], min[1] + 0.05, max[2]] }, steelDark),
      // Its foot says who runs it.
      boxed(
        { min: [max[0], min[1] - 0.02, min[2] + 0.02], max: [max[0] + 0.025, min[1] + 0.05, max[2] - 0.02] },
        bin.node === null ? this.#palette.inkDim : this.#palette.node(bin.node),
        'glow',
      ),
      boxed(
        { min: [min[0] + 0.01, min[1] + 0.05, min[2] + 0.01], max: [max[0] - 0.01, max[1], max[2] - 0.01] },
        line,
        'glass',
      ),
    )
    this.#edges({ min: [min[0], min[1] + 0.04, min[2]], max }, edge, isLow ? 0.032 : 0.018)
    // Below this line it is low.
    const low = min[1] + foot + Math.min(1, bin.low / most) * room
    this.solids.push(
      boxed(
        { min: [max[0], low - 0.008, min[2] + 0.04], max: [max[0] + 0.012, low + 0.008, max[2] - 0.04] },
        ink,
        'glow',
      ),
    )
    this.#body(bin.id, box)
    this.#flash(bin.id, [max[0] + 0.03, middleOf(box)[1], middleOf(box)[2]], 0.9, 'right')
    if (bin.isStopped)
      this.#trouble({ ...bin, fault: '' }, [max[0] + 0.05, middleOf(box)[1], middleOf(box)[2]])
  }

  pass(tickets: readonly Of<'ticket'>[]): void {
    const { rail } = this.#plan
    const { motions, worldNow } = this.#options
    const { work, warn, carbon, cloth, foods } = this.#palette
    const hanging = railOf(tickets, rail)
    // Who has ended is pulled up where it hung.
    const pulled = tickets.flatMap((ticket) => {
      const x = hasEnded(ticket) ? motions.last(`${ticket.id} x`) : undefined
      return x === undefined ? [] : [{ ticket, x }]
    })
    for (const { ticket, x: goal } of [...hanging, ...pulled]) {
      const { length, kind } = hangs(ticket, worldNow)
      const x = motions.value(`${ticket.id} x`, goal, moveMs)
      // A new one slides down to its length.
      const long = motions.value(`${ticket.id} long`, hasEnded(ticket) ? 0.05 : length, moveMs, 0.05)
      if (hasEnded(ticket) && long <= 0.051) continue
      const done = ticket.plates.filter(({ is }) => is === 'plated').length
      this.cards.push({
        ...{ shape: 'ticket', faces: 'front', at: [x, rail.y - long / 2, rail.z + 0.07] },
        size: [ticketWidth, long],
        color: kind === 'late' ? warn : kind === 'undone' ? carbon : work,
        alpha: 1,
        lines: ticket.plates.length,
        share: ticket.plates.length === 0 ? 0 : done / ticket.plates.length,
      })
      // Its clip says who runs it.
      this.solids.push({
        shape: 'glow',
        at: [x, rail.y + 0.05, rail.z + 0.07],
        size: [0.2, 0.12, 0.05],
        color: ticket.node === null ? this.#palette.inkDim : this.#palette.node(ticket.node),
      })
      this.#body(ticket.id, {
        min: [x - ticketWidth / 2, rail.y - long, rail.z + 0.04],
        max: [x + ticketWidth / 2, rail.y + 0.12, rail.z + 0.1],
      })
      this.#flash(ticket.id, [x, rail.y - long / 2, rail.z + 0.09], 0.9, 'front')
      const plated = ticket.plates.filter(({ is }) => is === 'plated')
      for (const [n, { dish }] of plated.slice(0, 3).entries()) {
        const [px, pz] = [x, rail.z - 0.3 + n * 0.3]
        this.solids.push(
          { shape: 'cylinder', at: [px, passHeight + 0.025, pz], size: [0.36, 0.05, 0.36], color: cloth },
          {
            shape: 'sphere',
            at: [px, passHeight + 0.07, pz],
            size: [0.22, 0.14, 0.22],
            color: foods[toneOf(dish)],
          },
        )
      }
    }
  }

  /** What is chosen, and what is pointed at. */
  outline(): void {
    const { chosen, hovered } = this.#options
    for (const id of new Set([hovered, chosen])) {
      if (id === undefined) continue
      for (const { box } of this.bodies.filter((body) => body.id === id)) {
        const { min, max } = box
        const grown: Box = {
          min: [min[0] - 0.05, min[1] - 0.02, min[2] - 0.05],
          max: [max[0] + 0.05, max[1] + 0.05, max[2] + 0.05],
        }
        this.#edges(grown, this.#palette.chosen, id === chosen ? 0.045 : 0.025)
      }
    }
  }

  #body(id: string, box: Box): void {
    this.bodies.push({ id, box })
  }

  /** A cross, or a triangle's worth of warning, and never a colour alone. */
  #trouble(thing: Parameters<typeof troubleOf>[0], [x, y, z]: At, size = 0.62): void {
    if (troubleOf(thing)?.severity !== 'bad') return
    this.marks.push({
      ...{ shape: 'cross', faces: 'front', at: [x, y + size * 0.1, z + 0.08], size: [size, size] },
      ...{ color: this.#palette.bad, alpha: 1 },
    })
  }

  /** It is run by another node than before, or by the same one anew. */
  #flash(id: string, at: At, size: number, faces: Mark['faces'] = 'up'): void {
    const thing = this.#things.get(id)
    if (thing === undefined) return
    // Between two owners the last one is remembered: that is when it moves.
    const { motions } = this.#options
    const node = thing.node ?? motions.word(`${id} node`)
    if (node === undefined) return
    const share = motions.sinceChange(`${id} node`, node, flashMs)
    if (share === undefined) return
    this.marks.push({
      ...{ shape: 'flash', faces, at, size: [size, size], share, alpha: 1 - share },
      color: this.#palette.node(node),
    })
  }

  #edges({ min, max }: Box, color: Rgb, thick: number): void {
    const t = thick / 2
    const [x0, y0, z0] = min
    const [x1, y1, z1] = max
    const bar = (a: At, b: At): void =>
      void this.solids.push(
        boxed({ min: [a[0] - t, a[1] - t, a[2] - t], max: [b[0] + t, b[1] + t, b[2] + t] }, color, 'glow'),
      )
    for (const y of [y0, y1]) {
      for (const z of [z0, z1]) bar([x0, y, z], [x1, y, z])
      for (const x of [x0, x1]) bar([x, y, z0], [x, y, z1])
    }
    for (const x of [x0, x1]) for (const z of [z0, z1]) bar([x, y0, z], [x, y1, z])
  }
}
