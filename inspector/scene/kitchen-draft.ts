/**
 * A look of the kitchen while it is being made, and what any thing may have beside its body: a cross, a flash, an edge.
 *
 * Owns:     the lists that everything is added to.
 * Does not: know what a thing looks like (`kitchen-stations.ts`, `kitchen-appliances.ts` and the others).
 */
import type { KitchenThing } from '#gateway'
import { type Of, type Things, thingsOf } from '../model/kitchen.ts'
import type { Rgb } from './drawn.ts'
import { boxed, type KitchenPalette, type Mark, type Solid } from './kitchen-drawn.ts'
import type { At, Box, KitchenPlan } from './kitchen-plan.ts'
import { plateOf, toneOf, troubleOf } from './kitchen-state.ts'
import type { Body } from './kitchen-view.ts'
import type { Motions } from './motions.ts'

export interface LookOptions {
  readonly palette: KitchenPalette
  readonly motions: Motions
  /** World time, in milliseconds. */
  readonly worldNow: number
  readonly chosen: string | undefined
  readonly hovered: string | undefined
}

export interface Draft extends LookOptions {
  readonly plan: KitchenPlan
  readonly things: Things
  readonly solids: Solid[]
  readonly marks: Mark[]
  readonly cards: Mark[]
  readonly bodies: Body[]
  /** The colour of what a job makes. */
  readonly foodOf: (job: string) => Rgb
}

/** How long something is on its way to another place. */
export const moveMs = 320
const flashMs = 900

export function draftOf(plan: KitchenPlan, things: Things, options: LookOptions): Draft {
  const plates = thingsOf(things, 'ticket').flatMap((ticket) => ticket.plates)
  const dishes = new Map(plates.map(({ key, dish }) => [key, dish]))
  const { foods } = options.palette
  return {
    ...options,
    ...{ plan, things, solids: [], marks: [], cards: [], bodies: [] },
    foodOf: (job) => foods[toneOf(dishes.get(plateOf(job)) ?? '')],
  }
}

/** Those of some kinds, each with where it stands. */
export const placed = <Kind extends KitchenThing['kind']>(
  { plan, things }: Draft,
  ...kinds: readonly Kind[]
): readonly (readonly [thing: Of<Kind>, box: Box])[] =>
  thingsOf(things, ...kinds).flatMap((thing) => {
    const box = plan.boxes.get(thing.id)
    return box === undefined ? [] : [[thing, box] as const]
  })

/** A cross, and never a colour alone. */
export function addTrouble(
  { palette, marks }: Draft,
  thing: Parameters<typeof troubleOf>[0],
  [x, y, z]: At,
  size = 0.62,
): void {
  if (troubleOf(thing)?.severity !== 'bad') return
  marks.push({
    ...{ shape: 'cross', faces: 'front', at: [x, y + size * 0.1, z + 0.08], size: [size, size] },
    ...{ color: palette.bad, alpha: 1 },
  })
}

/** It is run by another node than before, or by the same one anew. */
export function addFlash(
  { palette, motions, marks }: Draft,
  { id, node: now }: Pick<KitchenThing, 'id' | 'node'>,
  at: At,
  size: number,
  faces: Mark['faces'] = 'up',
): void {
  // Between two owners the last one is remembered: that is when it moves.
  const node = now ?? motions.word(`${id} node`)
  if (node === undefined) return
  const share = motions.sinceChange(`${id} node`, node, flashMs)
  if (share === undefined) return
  marks.push({
    ...{ shape: 'flash', faces, at, size: [size, size], share, alpha: 1 - share },
    color: palette.node(node),
  })
}

export function addEdges({ solids }: Draft, { min, max }: Box, color: Rgb, thick: number): void {
  const t = thick / 2
  const [x0, y0, z0] = min
  const [x1, y1, z1] = max
  const bar = (a: At, b: At): void =>
    void solids.push(boxed([a[0] - t, a[1] - t, a[2] - t], [b[0] + t, b[1] + t, b[2] + t], color, 'glow'))
  for (const y of [y0, y1]) {
    for (const z of [z0, z1]) bar([x0, y, z], [x1, y, z])
    for (const x of [x0, x1]) bar([x, y, z0], [x, y, z1])
  }
  for (const x of [x0, x1]) for (const z of [z0, z1]) bar([x, y0, z], [x, y1, z])
}
