/**
 * How the picture of the cluster is drawn: which mark, link and flight each thing is.
 *
 * Owns:     the words of the visual language: shape says what kind of thing, fill what it is doing, colour only node and trouble.
 * Does not: place anything (`topology-plan.ts`) or draw (`topology-scene.ts`).
 */
import { vias } from '#activity'
import type { ActorLook } from '#gateway'
import { actorStatuses, nowhere, type Picture } from '../model/cluster-model.ts'
import type { Fill, Flight, Link, Mark, PointKind, Rgb } from './drawn.ts'
import type { Arrangement, Inhabitant } from './topology-plan.ts'

/** Tokens, as numbers between 0 and 1. */
export interface Palette {
  readonly ink2: Rgb
  readonly ink3: Rgb
  readonly line2: Rgb
  readonly line3: Rgb
  readonly work: Rgb
  readonly carbon: Rgb
  readonly moving: Rgb
  readonly warn: Rgb
  readonly bad: Rgb
  readonly node: (node: string) => Rgb
}

export interface NodeShown {
  readonly id: string
  readonly isGateway: boolean
  readonly isUp: boolean
}

/** Below so many pixels an actor is not drawn: its group is, with a count. */
const glyphPixelsMin = 2.2
/** A mailbox with so many waiting has a halo: its bound is far beyond what a person wants to be told of. */
const deepMailbox = 20
const linksMax = 150
/** A message takes so long to get there, on the screen. */
const travelMs = 700
const travelSpreadMs = 100
const flashMs = 900
const flashesMax = 40

/** Who is drawn: those that are, or were last, in some node's memory. */
export function inhabitantsOf(
  { ids, nodes, words, actors }: Picture,
  fits: (id: string) => boolean,
): readonly Inhabitant[] {
  const found: Inhabitant[] = []
  for (const [place, id] of ids.entries()) {
    const node = nodes[actors.node[place] ?? nowhere]
    if (id === '' || node === undefined || !fits(id)) continue
    found.push({ place, id, type: words[actors.type[place] ?? nowhere] ?? '', node })
  }
  return found
}

/** Groups in which a mailbox is deep. */
function deepGroups({ actors }: Picture, inhabitants: readonly Inhabitant[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { place, node, type } of inhabitants)
    if ((actors.mailbox[place] ?? 0) >= deepMailbox) found.add(`${node} ${type}`)
  return found
}

export function marksOf(
  picture: Picture,
  inhabitants: readonly Inhabitant[],
  arrangement: Arrangement,
  nodes: readonly NodeShown[],
  looks: ReadonlyMap<string, ActorLook>,
  palette: Palette,
  { zoom, selected }: { readonly zoom: number; readonly selected: string | undefined },
): readonly Mark[] {
  const { actors, words } = picture
  const isUp = new Map(nodes.map((node) => [node.id, node.isUp]))
  const marks: Mark[] = []
  for (const { node, isGateway, x, y, r } of arrangement.plates) {
    const isThere = isUp.get(node) ?? false
    const color = isGateway ? palette.ink3 : palette.node(node)
    marks.push({
      ...{ x, y, r, shape: 'plate', fill: isThere ? 'solid' : 'dashed', color },
      alpha: isThere ? 1 : 0.42,
    })
  }
  const areActorsDrawn = arrangement.glyphRadius * zoom >= glyphPixelsMin
  const deep = areActorsDrawn ? undefined : deepGroups(picture, inhabitants)
  for (const { node, type, x, y, r, count } of arrangement.groups) {
    marks.push({ x, y, r, shape: 'group', fill: 'solid', color: palette.line2, alpha: 0.8 })
    if (deep === undefined) continue
    if (deep.has(`${node} ${type}`))
      marks.push({ x, y, r, shape: 'halo', fill: 'solid', color: palette.warn, alpha: 0.16 })
    const size = Math.min(0.9, 0.25 + Math.sqrt(count) / 20)
    marks.push({ x, y, r: r * size, shape: 'disc', fill: 'solid', color: palette.ink2, alpha: 0.5 })
  }
  if (!areActorsDrawn) return marks
  const r = Math.min(arrangement.glyphRadius * 0.78, 5.2 / Math.min(1, zoom))
  const halos: Mark[] = []
  const glyphs: Mark[] = []
  for (const { place, id, type } of inhabitants) {
    const x = arrangement.positions[place * 2] ?? Number.NaN
    const y = arrangement.positions[place * 2 + 1] ?? Number.NaN
    if (Number.isNaN(x)) continue
    const look = looks.get(type)
    const state = words[actors.state[place] ?? nowhere] ?? ''
    const status = actorStatuses[actors.status[place] ?? 0]
    if ((actors.mailbox[place] ?? 0) >= deepMailbox)
      halos.push({ x, y, r: r * 2, shape: 'halo', fill: 'solid', color: palette.warn, alpha: 0.16 })
    if (id === selected)
      halos.push({ x, y, r: r * 1.9, shape: 'group', fill: 'solid', color: palette.moving, alpha: 1 })
    const mark = { x, y, r, alpha: 1 }
    if (status === 'elsewhere') {
      glyphs.push({ ...mark, shape: 'dot', fill: 'solid', color: palette.line3 })
      continue
    }
    if (status === 'stopped') {
      glyphs.push({ ...mark, shape: 'cross', fill: 'solid', color: palette.bad })
      continue
    }
    const shape = look?.glyph ?? 'square'
    if (status === 'lost') {
      const node = picture.nodes[actors.node[place] ?? nowhere] ?? ''
      glyphs.push({ ...mark, shape, fill: 'dashed', color: palette.node(node) })
      continue
    }
    const isUndone = look?.undone.some((path) => pathsIn(state).includes(path)) ?? false
    const color = isUndone ? palette.carbon : shape === 'docket' ? palette.work : palette.ink2
    glyphs.push({ ...mark, shape, fill: fillOf(state, look), color })
  }
  return [...marks, ...halos, ...glyphs]
}

/** What was known once. A plate that was broken stays in shards. */
export const outlinesOf = (marks: readonly Mark[], { line3 }: Pick<Palette, 'line3'>): readonly Mark[] =>
  marks
    .filter(({ shape }) => shape !== 'halo')
    .map((mark) => ({ ...mark, fill: mark.fill === 'dashed' ? 'dashed' : 'rest', color: line3 }))

/** Of a machine in several regions the busiest counts. */
export function fillOf(state: string, look: ActorLook | undefined): Fill {
  const classes = pathsIn(state).map((path) => look?.states[path])
  if (classes.includes('working')) return 'solid'
  return classes.includes('waiting') ? 'waiting' : 'rest'
}

const pathsIn = (state: string): readonly string[] => state.split(' | ')

/** From a broken plate to where its actors have come back. */
export function threadsOf(
  { actors, nodes: names }: Picture,
  inhabitants: readonly Inhabitant[],
  { plates, positions }: Arrangement,
  nodes: readonly NodeShown[],
  palette: Palette,
): readonly Link[] {
  const broken = new Map(
    nodes.flatMap(({ id, isUp }) => {
      const plate = isUp ? undefined : plates.find(({ node }) => node === id)
      return plate === undefined ? [] : [[id, plate] as const]
    }),
  )
  if (broken.size === 0) return []
  return inhabitants.flatMap(({ place }): readonly Link[] => {
    const old = names[actors.cameFrom[place] ?? nowhere] ?? ''
    const plate = broken.get(old)
    const to = positionIn(positions, place, [0, 0])
    if (plate === undefined || to === undefined || names[actors.node[place] ?? nowhere] === old) return []
    return [{ from: [plate.x, plate.y], to, width: 1, color: palette.node(old), alpha: 0.3, isDashed: false }]
  })
}

/** A link that somebody has broken on purpose. */
export interface BrokenLink {
  readonly a: string
  readonly b: string
  /** Or slowed: frames come late, twice, damaged, or not all of them. */
  readonly isCut: boolean
}

/** From rim to rim. What is cut is dashed, with a cross two thirds along; what is slowed is doubled. */
export function brokenLinksOf(
  broken: readonly BrokenLink[],
  { plates, glyphRadius }: Pick<Arrangement, 'plates' | 'glyphRadius'>,
  palette: Palette,
): { readonly links: readonly Link[]; readonly marks: readonly Mark[] } {
  const links: Link[] = []
  const marks: Mark[] = []
  for (const { a, b, isCut } of broken) {
    const [one, other] = [plates.find(({ node }) => node === a), plates.find(({ node }) => node === b)]
    if (one === undefined || other === undefined || one === other) continue
    const length = Math.hypot(other.x - one.x, other.y - one.y) || 1
    const [ux, uy] = [(other.x - one.x) / length, (other.y - one.y) / length]
    const from = [one.x + ux * one.r, one.y + uy * one.r] as const
    const to = [other.x - ux * other.r, other.y - uy * other.r] as const
    if (isCut) {
      links.push({ from, to, width: 1.5, color: palette.bad, alpha: 1, isDashed: true })
      const [x, y] = [from[0] + (to[0] - from[0]) * 0.66, from[1] + (to[1] - from[1]) * 0.66]
      marks.push({ x, y, r: glyphRadius * 1.6, shape: 'cross', fill: 'solid', color: palette.bad, alpha: 1 })
      continue
    }
    for (const side of [-1, 1]) {
      const [dx, dy] = [-uy * side * glyphRadius * 0.5, ux * side * glyphRadius * 0.5]
      const look = { width: 1, color: palette.ink2, alpha: 0.9, isDashed: false }
      links.push({ from: [from[0] + dx, from[1] + dy], to: [to[0] + dx, to[1] + dy], ...look })
    }
  }
  return { links, marks }
}

/** The busiest links, one scale for all of them. */
export function linksOf(
  { edges }: Picture,
  { positions }: Arrangement,
  outside: readonly [x: number, y: number],
  palette: Palette,
): readonly Link[] {
  const busy = Array.from(edges.rate.keys())
    .filter((n) => (edges.rate[n] ?? 0) > 0.05)
    .sort((a, b) => (edges.rate[b] ?? 0) - (edges.rate[a] ?? 0))
    .slice(0, linksMax)
  const most = Math.max(1, edges.rate[busy[0] ?? -1] ?? 0)
  return busy.flatMap((n): readonly Link[] => {
    const from = positionIn(positions, edges.from[n] ?? nowhere, outside)
    const to = positionIn(positions, edges.to[n] ?? nowhere, outside)
    if (from === undefined || to === undefined) return []
    const share = (edges.rate[n] ?? 0) / most
    const look = { color: palette.ink3, alpha: 0.06 + 0.34 * share, isDashed: false }
    return [{ from, to, width: 1 + 2.5 * share, ...look }]
  })
}

/** How each kind of message looks, in the order of `vias`. */
const pointKinds: Readonly<Record<(typeof vias)[number], PointKind>> = {
  tell: 0,
  ask: 0,
  request: 0,
  reply: 1,
  call: 1,
  timer: 2,
}

/** Messages of the last picture, spread over the time that the next one takes to come. */
export function flightsOf(
  { flow, incidents, at, ids }: Picture,
  { positions }: Arrangement,
  outside: readonly [x: number, y: number],
  palette: Palette,
): readonly Flight[] {
  const placeOf = new Map(ids.map((id, place) => [id, place]))
  const earliest = Math.min(at, ...flow.map((passage) => passage.at))
  const span = Math.max(1, at - earliest)
  const messages = flow.flatMap((passage): readonly Flight[] => {
    const via = vias[passage.via] ?? 'tell'
    // A timer is its actor's own: it has no way to go.
    if (via === 'timer') return []
    const from = positionIn(positions, passage.from, outside)
    const to = positionIn(positions, passage.to, outside)
    if (from === undefined || to === undefined) return []
    const delayMs = ((passage.at - earliest) / span) * travelSpreadMs
    return [{ from, to, delayMs, forMs: travelMs, color: palette.moving, kind: pointKinds[via] }]
  })
  const dead = incidents.flatMap(({ incident }): readonly Flight[] => {
    if (incident.kind !== 'dead-letter') return []
    const to = positionIn(positions, placeOf.get(incident.actor) ?? nowhere - 1, outside)
    return to === undefined
      ? []
      : [{ from: outside, to, delayMs: 0, forMs: travelMs, color: palette.bad, kind: 3 }]
  })
  return [...messages, ...dead]
}

/**
 * Rings round who is somewhere else than in the picture before, in the hue of its old node, and round whose turn has failed
 * or who was restarted. Of very many at once, the first.
 */
export function flashesOf(
  before: Picture | undefined,
  now: Picture,
  { positions }: Arrangement,
  palette: Palette,
): readonly Flight[] {
  const placeOf = new Map(now.ids.map((id, place) => [id, place]))
  const hues = new Map<number, Rgb>()
  for (const [place, id] of now.ids.entries()) {
    const node = now.actors.node[place] ?? nowhere
    const cameFrom = now.actors.cameFrom[place] ?? nowhere
    const isSame = before?.ids[place] === id && before.actors.node[place] === node
    if (before === undefined || isSame || node === nowhere || cameFrom === nowhere) continue
    hues.set(place, palette.node(now.nodes[cameFrom] ?? ''))
  }
  for (const { incident } of now.incidents) {
    if (incident.kind !== 'failure' && incident.kind !== 'restarted') continue
    const place = placeOf.get(incident.actor)
    if (place !== undefined) hues.set(place, incident.kind === 'failure' ? palette.bad : palette.warn)
  }
  return [...hues].slice(0, flashesMax).flatMap(([place, color]): readonly Flight[] => {
    const at = positionIn(positions, place, [0, 0])
    return at === undefined ? [] : [{ from: at, to: at, delayMs: 0, forMs: flashMs, color, kind: 4 }]
  })
}

/** Of `nowhere`: where messages from outside come in. */
function positionIn(
  positions: Float32Array,
  place: number,
  outside: readonly [x: number, y: number],
): readonly [x: number, y: number] | undefined {
  if (place === nowhere) return outside
  const [x = Number.NaN, y = Number.NaN] = positions.subarray(place * 2, place * 2 + 2)
  return Number.isNaN(x) ? undefined : [x, y]
}
