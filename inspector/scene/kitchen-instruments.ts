/**
 * How probes and kitchen timers look: what they measure, and whether they can be believed.
 *
 * Does not: place them (`kitchen-plan.ts`), or show what they measure (`kitchen-appliances.ts`).
 */
import { thingsOf } from '../model/kitchen.ts'
import { addTrouble, type Draft, placed } from './kitchen-draft.ts'
import { boxed } from './kitchen-drawn.ts'
import { middleOf } from './kitchen-plan.ts'
import { ringsNext, troubleOf } from './kitchen-state.ts'

export function addProbes(draft: Draft): void {
  const { palette, solids, bodies } = draft
  const appliances = thingsOf(draft.things, 'oven', 'pan', 'fryer')
  const cooking = new Set(appliances.flatMap(({ foods }) => foods.map(({ job }) => job)))
  for (const [probe, box] of placed(draft, 'probe')) {
    const trouble = troubleOf(probe)
    const { min, max } = box
    const [x, y, z] = middleOf(box)
    const tint = palette[trouble?.severity ?? (cooking.has(probe.job) ? 'ink' : 'inkDim')]
    solids.push(
      { shape: 'box', at: [x, y, z], size: [0.028, max[1] - min[1], 0.028], color: palette.steel },
      { shape: 'glow', at: [x, max[1] - 0.05, z], size: [0.085, 0.1, 0.085], color: tint },
    )
    bodies.push({
      id: probe.id,
      box: {
        min: [min[0] - 0.03, min[1], min[2] - 0.03],
        max: [max[0] + 0.03, max[1] + 0.05, max[2] + 0.03],
      },
    })
    addTrouble(draft, probe, [x, max[1], z + 0.05], 0.3)
  }
}

export function addTimers(draft: Draft): void {
  const { palette, worldNow, solids, marks, bodies } = draft
  const { iron, steel, work, bad, inkDim } = palette
  const turn = [Math.PI / 2, 0] as const
  for (const [timer, box] of placed(draft, 'kitchen-timer')) {
    const [x, , z] = middleOf(box)
    const r = (box.max[0] - box.min[0]) / 2
    const y = box.max[1] - r
    const front = z + (box.max[2] - box.min[2]) / 2
    solids.push(
      { shape: 'cylinder', at: [x, y, front - 0.05], size: [2 * r, 0.1, 2 * r], color: steel, turn },
      { shape: 'cylinder', at: [x, y, front], size: [1.72 * r, 0.02, 1.72 * r], color: iron, turn },
    )
    if (box.min[1] < 2)
      solids.push(boxed([x - 0.16, box.min[1], z - 0.08], [x + 0.16, y - r + 0.06, z + 0.08], steel))
    const next = ringsNext(timer, worldNow)
    const isBroken = timer.fault !== '' || timer.isStopped
    marks.push({
      ...{ shape: 'arc', faces: 'front', at: [x, y, front + 0.03], size: [1.5 * r, 1.5 * r] },
      color: isBroken ? bad : next === undefined ? inkDim : work,
      alpha: next === undefined ? 0.45 : 1,
      share: next?.share ?? 1,
      isDashed: isBroken,
    })
    bodies.push({ id: timer.id, box })
    addTrouble(draft, timer, [x, y, front + 0.04])
  }
}
