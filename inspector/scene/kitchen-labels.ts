/**
 * Which words stand where over the picture of the kitchen.
 *
 * Owns:     their order: what is pointed at, then trouble, then who runs what, then how warm it is.
 * Does not: know what is said of one thing (`about`), or how long a word is on the screen.
 */
import type { KitchenThing } from '#gateway'
import { type Things, thingsOf } from '../model/kitchen.ts'
import { hueOf } from '../shell/node-hue.ts'
import { durationIn, manyOf, shortName } from '../shell/words.ts'
import { railOf } from './kitchen-pass.ts'
import { type At, type Box, type KitchenPlan, middleOf, named } from './kitchen-plan.ts'
import { hangs, hasEnded, ringsNext, troubleOf } from './kitchen-state.ts'
import type { Body } from './kitchen-view.ts'
import type { Label } from './labels.ts'

export interface Placed {
  readonly at: At
  readonly label: Omit<Label, 'x' | 'y'>
  /** In pixels, above the point. */
  readonly lift: number
}

const lateShown = 3
/** Pixels for each metre, from which on things have their names beside their figures. */
const namedFrom = 62

export function labelsOf(
  plan: KitchenPlan,
  things: Things,
  bodies: readonly Body[],
  view: {
    readonly zoom: number
    readonly worldNow: number
    readonly chosen: string | undefined
    readonly hovered: string | undefined
    readonly about: (id: string) => string | undefined
  },
): readonly Placed[] {
  const { zoom, worldNow, chosen, hovered, about } = view
  const boxes = new Map(bodies.map(({ id, box }) => [id, box]))
  const found: Placed[] = []
  const put = (at: At, text: string, kind: string, lift = 0, color?: string): void =>
    void found.push({ at, lift, label: { text, kind, ...(color !== undefined && { color }) } })
  const above = ({ min, max }: Box): At => [(min[0] + max[0]) / 2, max[1], (min[2] + max[2]) / 2]

  for (const id of new Set([chosen, hovered])) {
    const box = id === undefined ? undefined : boxes.get(id)
    const text = id === undefined ? undefined : about(id)
    if (box !== undefined && text !== undefined)
      put(above(box), text, id === chosen ? 'chosen' : 'pointed', 17)
  }
  const isTold = (id: string): boolean => id === chosen || id === hovered

  const worstFirst = [...thingsOf(things, 'oven', 'pan', 'fryer'), ...things.values()]
  for (const thing of new Set<KitchenThing>(worstFirst)) {
    const trouble = thing.node === null && !thing.isStopped ? undefined : troubleOf(thing)
    const box = boxes.get(thing.id)
    if (trouble === undefined || box === undefined || isTold(thing.id)) continue
    put(above(box), about(thing.id) ?? '', trouble.severity, 15)
  }
  const tickets = thingsOf(things, 'ticket').filter((ticket) => !hasEnded(ticket))
  const late = railOf(tickets, plan.rail).filter(({ ticket }) => hangs(ticket, worldNow).kind === 'late')
  for (const { ticket, x } of late.slice(0, lateShown)) {
    if (isTold(ticket.id)) continue
    const { lateMs } = hangs(ticket, worldNow)
    put([x, plan.rail.y + 0.1, plan.rail.z], `▲ ${durationIn(lateMs)} late`, 'warn', 14)
  }
  for (const bin of thingsOf(things, 'bin')) {
    const box = boxes.get(bin.id)
    if (box === undefined || isTold(bin.id) || bin.free > bin.low) continue
    put(middleOf(box), `▲ ${bin.ingredient} ${bin.free === 0 ? 'empty' : 'low'}`, 'warn')
  }

  for (const { id, name, floor, bank } of plan.stations) {
    const station = things.get(id)
    if (station?.kind !== 'station') continue
    const busy = station.waiting > 0 ? `, ${station.waiting} waiting` : ''
    put([floor.x0 + 0.2, 0, floor.z1 - 0.1], ...ownerOf(station.node, `${named(name)}${busy}`))
    if (bank !== undefined)
      put([bank.x1 - 0.42, 0, bank.z1 - 0.2], ...ownerOf(things.get(bank.of)?.node ?? null))
  }
  const isNamed = zoom >= namedFrom
  for (const thing of thingsOf(things, 'oven', 'pan', 'fryer')) {
    const box = plan.boxes.get(thing.id)
    if (box === undefined || isTold(thing.id) || thing.reading === null) continue
    const figure = `${Math.round(thing.reading)}°`
    const text = isNamed ? `${thing.kind} ${thing.n}  ${figure}` : figure
    const [x, , z] = middleOf(box)
    if (thing.kind === 'oven') put([x, box.max[1] - 0.115, box.max[2] + 0.02], text, 'display')
    else if (thing.kind === 'fryer') put([x, 0.66, box.max[2] + 0.02], text, 'display')
    else if (thing.target > 0 || thing.reading > 40) {
      // Those behind are told above them, those in front below.
      const range = plan.stations.find(({ name }) => name === thing.station)?.counters[0]
      const isInFront = range !== undefined && z > middleOf(range)[2]
      put(isInFront ? [x, box.min[1] - 0.2, range.max[2]] : [x, box.max[1] + 0.2, z], text, 'display')
    }
  }
  for (const timer of thingsOf(things, 'kitchen-timer')) {
    const box = plan.boxes.get(timer.id)
    const next = ringsNext(timer, worldNow)
    if (box === undefined || next === undefined || isTold(timer.id)) continue
    const more = timer.alarms.length > 1 ? ` +${timer.alarms.length - 1}` : ''
    put(above(box), `${next.leftMs > 0 ? durationIn(next.leftMs) : 'now'}${more}`, 'display', 10)
  }
  put(
    [plan.rail.to - 0.4, plan.rail.y + 0.1, plan.rail.z],
    `the pass, ${manyOf(tickets.length, 'ticket')}`,
    'station',
    14,
  )
  if (zoom >= namedFrom)
    for (const bin of thingsOf(things, 'bin')) {
      const box = plan.boxes.get(bin.id)
      if (box !== undefined) put([box.max[0], box.min[1], middleOf(box)[2]], bin.ingredient, 'display', -7)
    }
  return found
}

const ownerOf = (
  node: string | null,
  what?: string,
): [text: string, kind: string, lift: number, color: string] =>
  node === null
    ? [`▲ ${what === undefined ? '' : `${what}, `}no owner`, 'warn', 0, '']
    : [what === undefined ? shortName(node) : `${shortName(node)} ${what}`, 'owner', 0, hueOf(node).color]
