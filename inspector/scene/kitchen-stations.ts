/**
 * How stations look: their floor in the colour of who runs it, and their cooks where they work.
 *
 * Owns:     where a cook stands, which follows from what is in hand.
 * Does not: place tables and appliances (`kitchen-plan.ts`), or move anybody (`motions.ts`).
 */
import type { Of } from '../model/kitchen.ts'
import type { Rgb } from './drawn.ts'
import { addFlash, type Draft, moveMs } from './kitchen-draft.ts'
import { black, type Solid } from './kitchen-drawn.ts'
import { type At, type Box, type KitchenPlan, middleOf, type StationPlace } from './kitchen-plan.ts'

type Cook = Of<'station'>['cooks'][number]

export function addStations(draft: Draft): void {
  for (const place of draft.plan.stations) addStation(draft, place)
}

function addStation(draft: Draft, { id, floor, bank, places, counters }: StationPlace): void {
  const { plan, things, palette, marks, bodies } = draft
  const station = things.get(id)
  if (station?.kind !== 'station') return
  for (const strip of bank === undefined ? [floor] : [floor, bank]) {
    const owner = things.get(strip.of)
    const node = owner?.node ?? null
    const [x, z] = [(strip.x0 + strip.x1) / 2, (strip.z0 + strip.z1) / 2]
    marks.push({
      shape: 'zone',
      at: [x, 0.012, z],
      size: [strip.x1 - strip.x0, strip.z1 - strip.z0],
      color: palette.node(node),
      alpha: node === null ? 0.03 : 0.13,
      isDashed: node === null,
      faces: 'up',
    })
    bodies.push({ id: strip.of, box: { min: [strip.x0, -0.02, strip.z0], max: [strip.x1, 0, strip.z1] } })
    if (owner !== undefined) addFlash(draft, owner, [x, 0.05, z], 2.6)
  }
  const goals = station.cooks.map((cook) => worksAt(plan, station, cook, places[cook.n - 1], counters[0]))
  const side = beside(goals, floor)
  for (const [n, cook] of station.cooks.entries())
    addCook(draft, station, cook, side[n] ?? [0, 0, 0], counters[0])
}

function addCook(
  { palette, motions, solids, marks, bodies, foodOf }: Draft,
  station: Of<'station'>,
  { n, here, job }: Cook,
  goal: At,
  table: Box | undefined,
): void {
  const bank = station.id.slice('station/'.length)
  const id = `cook/${bank}:${n}`
  const x = motions.value(`${id} x`, goal[0], moveMs * 2)
  const z = motions.value(`${id} z`, goal[2], moveMs * 2)
  marks.push({
    shape: 'ring',
    at: [x, 0.03, z],
    size: [0.92, 0.92],
    color: here ? palette.node(station.node) : palette.inkDim,
    alpha: job === '' ? 0.6 : 1,
    isDashed: !here || station.node === null,
    faces: 'up',
  })
  bodies.push({ id, box: { min: [x - 0.32, 0, z - 0.32], max: [x + 0.32, 1.75, z + 0.32] } })
  if (!here) return
  const { cloth, apron, skin } = palette
  marks.push({ shape: 'disc', at: [x, 0.02, z], size: [0.8, 0.8], color: black, alpha: 0.22, faces: 'up' })
  const round = (y: number, r: number, h: number, color: Rgb, shape: Solid['shape'] = 'cylinder'): void =>
    void solids.push({ shape, at: [x, y + h / 2, z], size: [r * 2, h, r * 2], color })
  round(0.02, 0.26, 0.62, apron)
  round(0.6, 0.28, 0.55, cloth)
  round(1.02, 0.19, 0.34, skin, 'sphere')
  round(1.3, 0.185, 0.14, cloth)
  round(1.42, 0.23, 0.2, cloth)
  if (job === '') return
  // What is in hand is carried in front, towards the table or the stove.
  const ahead = table !== undefined && z < middleOf(table)[2] ? 1 : -1
  const [hx, hy, hz] = [x, 0.98, z + ahead * 0.36]
  solids.push(
    { shape: 'cylinder', at: [hx, hy, hz], size: [0.36, 0.05, 0.36], color: cloth },
    { shape: 'sphere', at: [hx, hy + 0.06, hz], size: [0.24, 0.14, 0.24], color: foodOf(job) },
  )
}

/** Before the appliance, at the table, or where one waits. */
function worksAt(
  plan: KitchenPlan,
  { id, units }: Of<'station'>,
  { n, job, unit }: Cook,
  place: At = [0, 0, 0],
  table: Box | undefined,
): At {
  if (job === '') return place
  const of = units[unit]
  const appliance = of && plan.boxes.get(`${of.kind}/${id.slice('station/'.length)}:${of.n}`)
  if (appliance !== undefined) {
    const [x] = middleOf(appliance)
    const front = plan.stations.find((one) => one.id === id)?.floor.z0 ?? place[2]
    return [x, 0, front + 0.36 + (n % 2) * 0.28]
  }
  if (units.length > 0 || table === undefined) return [place[0], 0, place[2] - 0.5]
  const side = place[2] < middleOf(table)[2] ? table.min[2] - 0.34 : table.max[2] + 0.34
  return [place[0], 0, side]
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
