/**
 * How ovens, pans and fryers look: how warm they are, what is in them, and whether a door is open.
 *
 * Does not: place them (`kitchen-plan.ts`), or show what measures them (`kitchen-instruments.ts`).
 */
import type { Of } from '../model/kitchen.ts'
import type { Rgb } from './drawn.ts'
import { addFlash, addTrouble, type Draft, placed } from './kitchen-draft.ts'
import { black, boxed, heatColor, mixed, type Solid } from './kitchen-drawn.ts'
import { type Box, middleOf } from './kitchen-plan.ts'
import { coldest, warmth } from './kitchen-state.ts'

type Appliance = Of<'oven' | 'pan' | 'fryer'>

const doorMs = 420
const glowMs = 160
const addByKind = { oven: addOven, pan: addPan, fryer: addFryer }

export function addAppliances(draft: Draft): void {
  for (const [appliance, box] of placed(draft, 'oven', 'pan', 'fryer')) {
    const { id, kind, reading } = appliance
    const share = draft.motions.value(`${id} heat`, warmth(reading ?? coldest), glowMs)
    addByKind[kind](draft, appliance, box, share)
    draft.bodies.push({ id, box })
    const [x, , z] = middleOf(box)
    addTrouble(draft, appliance, [x, box.max[1], box.max[2]])
    addFlash(draft, appliance, [x, box.max[1] + 0.02, z], 1.2)
  }
}

function addOven(
  { palette, motions, solids, marks, foodOf }: Draft,
  { id, doorOpen, foods, node, slots }: Appliance,
  box: Box,
  share: number,
): void {
  const { steel, steelDark, iron, heat } = palette
  const { min, max } = box
  const color = node === null ? mixed(iron, heat[1] ?? iron, share) : heatColor(share, heat)
  const open = motions.value(`${id} door`, doorOpen ? 1 : 0, doorMs)
  const [x, w] = [(min[0] + max[0]) / 2, max[0] - min[0]]
  const front = max[2]
  const [doorLow, doorHigh] = [min[1] + 0.06, max[1] - 0.22]
  const h = doorHigh - doorLow
  // The shell round the cavity; what is inside glows.
  solids.push(
    boxed(min, [max[0], max[1] - 0.02, front - 0.22], steelDark),
    boxed([min[0], doorHigh, front - 0.22], [max[0], max[1] - 0.02, front], steel),
    boxed([min[0], min[1], front - 0.22], [max[0], doorLow, front], steel),
    boxed([min[0], doorLow, front - 0.22], [min[0] + 0.09, doorHigh, front], steel),
    boxed([max[0] - 0.2, doorLow, front - 0.22], [max[0], doorHigh, front], steel),
    boxed([min[0] + 0.06, max[1] - 0.19, front], [max[0] - 0.06, max[1] - 0.045, front + 0.02], iron),
  )
  const inner = w - 0.29
  const cx = min[0] + 0.09 + inner / 2
  solids.push({ shape: 'glow', at: [cx, doorLow + h / 2, front - 0.2], size: [inner, h, 0.03], color })
  // One tray for each portion, in as many rows as there are slots.
  const rows = Math.max(2, Math.ceil(slots / 2))
  for (const [place, { job, done }] of foods.slice(0, rows * 2).entries()) {
    solids.push({
      shape: 'glow',
      at: [
        cx + (place % 2 === 0 ? -0.25 : 0.25) * inner,
        doorLow + (h * (Math.floor(place / 2) + 0.5)) / rows - 0.02,
        front - 0.13,
      ],
      size: [inner * 0.36, Math.min(0.13, (h / rows) * 0.45), 0.1],
      color: mixed(mixed(foodOf(job), black, done ? 0.1 : 0.45), color, 0.3),
    })
  }
  // The door hangs at its lower edge. Shut, its window lets the glow through: it is a frame of four.
  const angle = (open * Math.PI) / 2
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
  const panel = (u0: number, u1: number, v0: number, v1: number, thick: number, tint: Rgb): void => {
    const v = (v0 + v1) / 2
    solids.push({
      shape: 'box',
      at: [cx + (u0 + u1) / 2, doorLow + v * cos, front + 0.02 + v * sin],
      size: [u1 - u0, v1 - v0, thick],
      color: tint,
      turn: [angle, 0],
    })
  }
  const edge = 0.075
  panel(-inner / 2, inner / 2, 0, edge, 0.06, iron)
  panel(-inner / 2, inner / 2, h - edge, h, 0.06, iron)
  panel(-inner / 2, -inner / 2 + edge, edge, h - edge, 0.06, iron)
  panel(inner / 2 - edge, inner / 2, edge, h - edge, 0.06, iron)
  panel(-inner / 2 + 0.05, inner / 2 - 0.05, h - 0.045, h - 0.015, 0.16, steel)
  if (node !== null && share > 0.1)
    marks.push({
      ...{ shape: 'glow', faces: 'up', color: heatColor(Math.max(0.55, share), heat) },
      at: [x, 0.03, front + 0.75],
      size: [2.1, 2],
      alpha: (0.34 + open * 0.3) * share * share,
    })
}

function addPan(
  { palette, motions, solids, marks, foodOf }: Draft,
  { id, target, level, foods, node }: Appliance,
  box: Box,
  share: number,
): void {
  const { iron, steelDark, heat } = palette
  const [x, , z] = middleOf(box)
  const y = box.min[1]
  const isOn = node !== null && (target > 0 || level > 0)
  const fire = motions.value(`${id} fire`, isOn ? 0.35 + (level / 9) * 0.6 : 0, glowMs)
  solids.push({ shape: 'cylinder', at: [x, y + 0.012, z], size: [0.84, 0.024, 0.84], color: black })
  marks.push({
    ...{ shape: 'ring', faces: 'up', at: [x, y + 0.03, z], size: [0.86, 0.86] },
    color: fire > 0.02 ? heatColor(fire, heat) : steelDark,
    alpha: 1,
  })
  if (share > 0.2 && node !== null)
    marks.push({
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
  solids.push(
    { shape: 'cylinder', at: [x, y + 0.1, z], size: [0.62, 0.14, 0.62], color: warm },
    { shape: 'cylinder', at: [x, y + 0.175, z], size: [0.68, 0.02, 0.68], color: iron },
    { shape: 'cylinder', at: [x, y + 0.19, z], size: [0.56, 0.012, 0.56], color: mixed(black, warm, 0.6) },
    handle(0),
    handle(1),
  )
  for (const [n, { job, done }] of foods.slice(0, 4).entries()) {
    const turn = (n / Math.max(1, foods.length)) * Math.PI * 2 + 0.6
    const far = foods.length === 1 ? 0 : 0.14
    solids.push({
      shape: 'sphere',
      at: [x + Math.cos(turn) * far, y + 0.22, z + Math.sin(turn) * far],
      size: foods.length === 1 ? [0.4, 0.14, 0.4] : [0.24, 0.12, 0.24],
      color: mixed(foodOf(job), black, done ? 0 : 0.18),
    })
  }
}

function addFryer(
  { palette, motions, solids }: Draft,
  { id, foods, node, target }: Appliance,
  box: Box,
  share: number,
): void {
  const { steel, steelDark, iron, heat, foods: tones } = palette
  const { min, max } = box
  const [x, , z] = middleOf(box)
  const [w, d] = [max[0] - min[0], max[2] - min[2]]
  const y = max[1]
  const down = motions.value(`${id} basket`, foods.length > 0 ? 1 : 0, doorMs)
  const oil = mixed(tones.gold, heatColor(share, heat), 0.2 + 0.35 * share)
  solids.push(
    boxed([min[0], 0.1, min[2]], [max[0], y - 0.12, max[2]], steelDark),
    boxed([min[0], y - 0.12, min[2]], [min[0] + 0.09, y, max[2]], steel),
    boxed([max[0] - 0.09, y - 0.12, min[2]], [max[0], y, max[2]], steel),
    boxed([min[0], y - 0.12, min[2]], [max[0], y, min[2] + 0.14], steel),
    boxed([min[0], y - 0.12, max[2] - 0.1], [max[0], y, max[2]], steel),
    boxed([min[0], 0, min[2] + 0.06], [max[0], 0.1, max[2] - 0.06], iron),
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
    solids.push(
      { shape: 'box', at: [x + (side * bw) / 2, lift, z], size: [0.03, 0.22, bd], color: steel },
      { shape: 'box', at: [x, lift, z + (side * bd) / 2], size: [bw, 0.22, 0.03], color: steel },
    )
  }
  solids.push({ shape: 'box', at: [x, lift + 0.14, z + bd / 2 + 0.2], size: [0.06, 0.05, 0.42], color: iron })
  if (foods.length > 0)
    solids.push({
      shape: 'box',
      at: [x, lift - 0.02, z],
      size: [bw * 0.86, 0.05 + 0.035 * foods.length, bd * 0.86],
      color: mixed(tones.gold, tones.brown, foods.some(({ done }) => done) ? 0.35 : 0.1),
    })
}
