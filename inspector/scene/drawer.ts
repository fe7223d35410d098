/**
 * Makes pictures of the cluster ready to be drawn, away from the thread that draws them.
 *
 * Owns:     what somebody looks at (`View`), and the messages that have passed since it was drawn last.
 * Does not: place (`topology-plan.ts`) or style (`topology-look.ts`) anything itself; know canvas or screen.
 */
import type { ActorLook } from '#gateway'
import type { NodeIncident, Passage, Picture } from '../model/cluster-model.ts'
import {
  type flightWidths,
  type linkWidths,
  type markWidths,
  type Packed,
  packedFlights,
  packedLinks,
  packedMarks,
  type Rgb,
} from './drawn.ts'
import {
  type BrokenLink,
  brokenLinksOf,
  flashesOf,
  flightsOf,
  inhabitantsOf,
  linksOf,
  marksOf,
  type NodeShown,
  outlinesOf,
  type Palette,
  threadsOf,
} from './topology-look.ts'
import { type Arrangement, type Group, type Inhabitant, type Plate, TopologyPlan } from './topology-plan.ts'

/** What is looked at, and how; plain data. */
export interface View {
  readonly nodes: readonly NodeShown[]
  readonly broken: readonly BrokenLink[]
  /** Part of the ids that are shown. */
  readonly only: string
  readonly selected: string | undefined
  readonly looks: ReadonlyMap<string, ActorLook>
  readonly palette: Omit<Palette, 'node'>
  readonly hues: Readonly<Record<string, Rgb>>
  /** Pixels for each unit of the plan. */
  readonly zoom: number
  /** What was known last: outlines, without a hue. */
  readonly isOld: boolean
}

export interface Drawing {
  readonly marks: Packed<typeof markWidths>
  readonly links: Packed<typeof linkWidths>
  /** Those that leave now. */
  readonly flights: Packed<typeof flightWidths>
  readonly plates: readonly Plate[]
  readonly groups: readonly Group[]
  readonly glyphRadius: number
  readonly width: number
  readonly height: number
  readonly stride: number
}

/** An actor that lies somewhere: the top of its mark. */
export interface Found {
  readonly id: string
  readonly x: number
  readonly y: number
}

export class Drawer {
  #view: View | undefined
  #plan = new TopologyPlan()
  #inhabitants: readonly Inhabitant[] = []
  #arrangement: Arrangement | undefined
  #drawn: Picture | undefined
  #flow: Passage[] = []
  #incidents: NodeIncident[] = []

  /** Undefined: nobody looks. */
  look(view: View | undefined): void {
    if (view?.only !== this.#view?.only) this.#plan = new TopologyPlan()
    this.#view = view
    if (view !== undefined) return
    this.#drawn = undefined
    this.#flow = []
    this.#incidents = []
  }

  /** Of each picture that is made: what it tells once is kept until it is drawn. */
  saw({ flow, incidents }: Picture): void {
    if (this.#view === undefined) return
    this.#flow.push(...flow)
    this.#incidents.push(...incidents)
  }

  /** Undefined: nobody looks. */
  drawing(picture: Picture): Drawing | undefined {
    const view = this.#view
    if (view === undefined) return undefined
    const { nodes, only, hues, looks } = view
    const now = { ...picture, flow: this.#flow, incidents: this.#incidents }
    this.#flow = []
    this.#incidents = []
    const palette: Palette = { ...view.palette, node: (node) => hues[node] ?? view.palette.ink3 }
    const part = only.trim()
    const inhabitants = inhabitantsOf(now, (id) => id.includes(part))
    const arrangement = this.#plan.arrange(nodes, inhabitants, now.ids.length)
    const outside = outsideOf(arrangement)
    const broken = brokenLinksOf(view.broken, arrangement, palette)
    const links = [
      ...threadsOf(now, inhabitants, arrangement, nodes, palette),
      ...linksOf(now, arrangement, outside, palette),
      ...broken.links,
    ]
    const flights = [
      ...flightsOf(now, arrangement, outside, palette),
      ...flashesOf(this.#drawn, now, arrangement, palette),
    ]
    this.#inhabitants = inhabitants
    this.#arrangement = arrangement
    this.#drawn = now
    const { plates, groups, glyphRadius, width, height } = arrangement
    const marks = [...marksOf(now, inhabitants, arrangement, nodes, looks, palette, view), ...broken.marks]
    return {
      marks: packedMarks(view.isOld ? outlinesOf(marks, palette) : marks),
      links: packedLinks(view.isOld ? links.map((link) => ({ ...link, color: palette.line3 })) : links),
      flights: packedFlights(flights),
      ...{ plates, groups, glyphRadius, width, height, stride: now.stride },
    }
  }

  /** The actor nearest to a point of the plan, if one is within `reach`. */
  actorAt(x: number, y: number, reach: number): Found | undefined {
    if (this.#arrangement === undefined) return undefined
    const { positions, glyphRadius } = this.#arrangement
    let [nearest, best] = [undefined as Found | undefined, Math.max(glyphRadius, reach)]
    for (const { place, id } of this.#inhabitants) {
      const [actorX = Number.NaN, actorY = Number.NaN] = positions.subarray(place * 2, place * 2 + 2)
      const distance = Math.hypot(actorX - x, actorY - y)
      if (distance < best) [nearest, best] = [{ id, x: actorX, y: actorY + glyphRadius }, distance]
    }
    return nearest
  }
}

/** Where messages from outside come in. */
function outsideOf({ plates }: Arrangement): readonly [number, number] {
  const gateway = plates.find(({ isGateway }) => isGateway)
  return gateway === undefined ? [0, -150] : [gateway.x, gateway.y]
}
