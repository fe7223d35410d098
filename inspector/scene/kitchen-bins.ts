/**
 * How the bins of the pantry look: how full they are, what of it is reserved, and from where on they are low.
 *
 * Does not: place them (`kitchen-plan.ts`).
 */
import type { Rgb } from './drawn.ts'
import { addEdges, addFlash, addTrouble, type Draft, moveMs, placed } from './kitchen-draft.ts'
import { boxed, mixed } from './kitchen-drawn.ts'
import { middleOf } from './kitchen-plan.ts'
import { toneOf } from './kitchen-state.ts'

export function addBins(draft: Draft): void {
  const { palette, motions, solids, bodies } = draft
  const { steelDark, line, warn, bad, ink } = palette
  for (const [bin, box] of placed(draft, 'bin')) {
    const { min, max } = box
    const most = Math.max(1, bin.par, bin.free + bin.held)
    const free = motions.value(`${bin.id} free`, bin.free / most, moveMs)
    const held = motions.value(`${bin.id} held`, bin.held / most, moveMs)
    const tone = palette.foods[toneOf(bin.ingredient)]
    const [inset, foot, room] = [0.05, 0.07, max[1] - min[1] - 0.1]
    const layer = (from: number, to: number, color: Rgb): void => {
      if (to - from < 0.004) return
      solids.push(
        boxed(
          [min[0] + inset, min[1] + foot + from * room, min[2] + inset],
          [max[0] - inset, min[1] + foot + to * room, max[2] - inset],
          color,
        ),
      )
    }
    layer(0, free, tone)
    // What is reserved lies on top, paler: it is promised to somebody.
    layer(free, free + held, mixed(tone, ink, 0.55))
    const isLow = bin.state === 'low' || bin.state === 'empty' || bin.free <= bin.low
    const edge = bin.free === 0 ? bad : isLow ? warn : line
    solids.push(
      boxed(min, [max[0], min[1] + 0.05, max[2]], steelDark),
      // Its foot says who runs it.
      boxed(
        [max[0], min[1] - 0.02, min[2] + 0.02],
        [max[0] + 0.025, min[1] + 0.05, max[2] - 0.02],
        palette.node(bin.node),
        'glow',
      ),
      boxed(
        [min[0] + 0.01, min[1] + 0.05, min[2] + 0.01],
        [max[0] - 0.01, max[1], max[2] - 0.01],
        line,
        'glass',
      ),
    )
    addEdges(draft, { min: [min[0], min[1] + 0.04, min[2]], max }, edge, isLow ? 0.032 : 0.018)
    // Below this line it is low.
    const low = min[1] + foot + Math.min(1, bin.low / most) * room
    solids.push(
      boxed([max[0], low - 0.008, min[2] + 0.04], [max[0] + 0.012, low + 0.008, max[2] - 0.04], ink, 'glow'),
    )
    bodies.push({ id: bin.id, box })
    const [, y, z] = middleOf(box)
    addFlash(draft, bin, [max[0] + 0.03, y, z], 0.9, 'right')
    addTrouble(draft, bin, [max[0] + 0.05, y, z])
  }
}
