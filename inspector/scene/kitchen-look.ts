/**
 * What is drawn of the kitchen as it is now: solid bodies, marks on floors and fronts, and what can be pointed at.
 *
 * Heat is a colour and a light on the floor; trouble has a mark as well as a colour.
 *
 * Owns:     the order in which everything is added, and the edge of what is chosen or pointed at.
 * Does not: draw (`kitchen-scene.ts`), place (`kitchen-plan.ts`) or move (`motions.ts`).
 */
import type { Things } from '../model/kitchen.ts'
import { addAppliances } from './kitchen-appliances.ts'
import { addBins } from './kitchen-bins.ts'
import { addEdges, type Draft, draftOf, type LookOptions } from './kitchen-draft.ts'
import type { Look } from './kitchen-drawn.ts'
import { addProbes, addTimers } from './kitchen-instruments.ts'
import { addPass } from './kitchen-pass.ts'
import type { Box, KitchenPlan } from './kitchen-plan.ts'
import { addStations } from './kitchen-stations.ts'

export function lookOf(plan: KitchenPlan, things: Things, options: LookOptions): Look {
  const draft = draftOf(plan, things, options)
  addStations(draft)
  addAppliances(draft)
  addProbes(draft)
  addTimers(draft)
  addBins(draft)
  addPass(draft)
  addOutlines(draft)
  return draft
}

function addOutlines(draft: Draft): void {
  const { chosen, hovered, palette, bodies } = draft
  for (const id of new Set([hovered, chosen]))
    for (const { box } of bodies.filter((body) => body.id === id)) {
      const { min, max } = box
      const grown: Box = {
        min: [min[0] - 0.05, min[1] - 0.02, min[2] - 0.05],
        max: [max[0] + 0.05, max[1] + 0.05, max[2] + 0.05],
      }
      addEdges(draft, grown, palette.chosen, id === chosen ? 0.045 : 0.025)
    }
}
