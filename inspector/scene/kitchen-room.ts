/**
 * The room of the kitchen: what stands still whatever happens.
 *
 * Owns:     how floor, walls, tables, the rail and the shelves look.
 * Does not: place them (`kitchen-plan.ts`), or have anything that a state changes (`kitchen-look.ts`).
 */
import type { Rgb } from './drawn.ts'
import { boxed, type KitchenPalette, type Solid } from './kitchen-drawn.ts'
import { type Box, type KitchenPlan, passHeight, wallHeight } from './kitchen-plan.ts'

export function roomOf(plan: KitchenPlan, palette: KitchenPalette): readonly Solid[] {
  const { width, depth, stations, pass, shelves, rail } = plan
  const [left, back] = [-width / 2, -depth / 2]
  const put = (x0: number, x1: number, y0: number, y1: number, z0: number, z1: number, color: Rgb): Solid =>
    boxed([x0, y0, z0], [x1, y1, z1], color)
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
    ...shelves.map(({ min, max }) => boxed(min, max, palette.steelDark)),
    ...postsOf(shelves, palette),
  ]
}

/** A cabinet with a top that stands out a little, on a foot that stands back. */
function tableOf({ min, max }: Box, { steel, steelDark, iron }: KitchenPalette): readonly Solid[] {
  const [foot, top] = [0.12, 0.07]
  return [
    boxed([min[0] + 0.08, min[1], min[2] + 0.08], [max[0] - 0.08, foot, max[2] - 0.08], iron),
    boxed([min[0], foot, min[2]], [max[0], max[1] - top, max[2]], steelDark),
    boxed([min[0] - 0.05, max[1] - top, min[2] - 0.05], [max[0] + 0.05, max[1], max[2] + 0.05], steel),
  ]
}

function postsOf(shelves: readonly Box[], { steelDark }: KitchenPalette): readonly Solid[] {
  const [lowest, highest] = [shelves[0], shelves.at(-1)]
  if (lowest === undefined || highest === undefined) return []
  const top = highest.max[1] + 0.7
  return [lowest.min[2], lowest.max[2]].flatMap((z) =>
    [lowest.min[0], lowest.max[0]].map((x) =>
      boxed([x - 0.03, 0, z - 0.03], [x + 0.03, top, z + 0.03], steelDark),
    ),
  )
}
