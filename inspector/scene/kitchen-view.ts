/**
 * How the kitchen is looked at: from above, the right and the front, without perspective, always from the same side.
 *
 * Owns:     which point of the room is which point of the picture, what lies under a pixel, and how much fits.
 */
import type { At, Box } from './kitchen-plan.ts'

export const elevation = (31 / 180) * Math.PI
const [sine, cosine] = [Math.sin(elevation), Math.cos(elevation)]
const half = Math.SQRT1_2
/** Towards the camera. */
export const towards: At = [cosine * half, sine, cosine * half]
const right: At = [half, 0, -half]
const up: At = [-sine * half, cosine, -sine * half]

/** A point of the picture's plane, in units of the room, and pixels for each of them. */
export interface View {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

export interface Frame {
  readonly width: number
  readonly height: number
}

const dot = (a: At, b: At): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

/** On the plane of the picture. */
export const flat = (at: At): readonly [x: number, y: number] => [dot(at, right), dot(at, up)]

export function pixelsOf(at: At, view: View, frame: Frame): readonly [x: number, y: number] {
  const [x, y] = flat(at)
  return [frame.width / 2 + (x - view.x) * view.zoom, frame.height / 2 - (y - view.y) * view.zoom]
}

export const cornersOf = ({ min, max }: Box): readonly At[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [
    (n & 1 ? max : min)[0],
    (n & 2 ? max : min)[1],
    (n & 4 ? max : min)[2],
  ])

/** Pixels that are kept free. */
export interface Margin {
  readonly side: number
  readonly top: number
  readonly foot: number
}

/** The view in which all of a box is seen. */
export function viewOf(box: Box, frame: Frame, { side, top, foot }: Margin): View {
  const points = cornersOf(box).map(flat)
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)]
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)]
  const zoom = Math.min(
    Math.max(40, frame.width - 2 * side) / (x1 - x0),
    Math.max(40, frame.height - top - foot) / (y1 - y0),
  )
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2 + (top - foot) / 2 / zoom, zoom }
}

export interface Body {
  /** Of an actor. */
  readonly id: string
  readonly box: Box
}

/** What is seen at a pixel: of all that lies under it, what is nearest. */
export function bodyAt(
  pixel: readonly [x: number, y: number],
  bodies: readonly Body[],
  view: View,
  frame: Frame,
): string | undefined {
  const x = view.x + (pixel[0] - frame.width / 2) / view.zoom
  const y = view.y - (pixel[1] - frame.height / 2) / view.zoom
  const from: At = [right[0] * x + up[0] * y, right[1] * x + up[1] * y, right[2] * x + up[2] * y]
  let [found, nearest] = [undefined as string | undefined, Number.NEGATIVE_INFINITY]
  for (const { id, box } of bodies) {
    const far = reach(from, box)
    if (far !== undefined && far > nearest) [found, nearest] = [id, far]
  }
  return found
}

/** How far towards the camera the line through a point leaves a box; undefined when it passes it. */
function reach(from: At, { min, max }: Box): number | undefined {
  let [enters, leaves] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const axis of [0, 1, 2] as const) {
    const a = (min[axis] - from[axis]) / towards[axis]
    const b = (max[axis] - from[axis]) / towards[axis]
    enters = Math.max(enters, Math.min(a, b))
    leaves = Math.min(leaves, Math.max(a, b))
  }
  return enters <= leaves ? leaves : undefined
}

export interface Extent {
  readonly width: number
  readonly height: number
  /** Where there is no place for it, there may be one a little higher. */
  readonly mayRise: boolean
}

const rises = 4
/** One that is told before another keeps its place; one that would lie on it rises, or is left out. */
export function apart<Placed extends { readonly x: number; readonly y: number }>(
  labels: readonly Placed[],
  frame: Frame,
  extentOf: (label: Placed) => Extent,
): readonly Placed[] {
  const kept: { readonly label: Placed; readonly extent: Extent }[] = []
  for (const label of labels) {
    const extent = extentOf(label)
    const { width: w, height: h } = extent
    const isFree = (y: number): boolean =>
      label.x >= w / 2 &&
      label.x <= frame.width - w / 2 &&
      y >= h / 2 &&
      y <= frame.height - h / 2 &&
      kept.every(
        ({ label: other, extent: of }) =>
          Math.abs(other.x - label.x) >= (of.width + w) / 2 + 2 ||
          Math.abs(other.y - y) >= (of.height + h) / 2 + 1,
      )
    const y = Array.from({ length: extent.mayRise ? rises : 1 }, (_, n) => label.y - n * (h + 2)).find(isFree)
    if (y !== undefined) kept.push({ label: { ...label, y }, extent })
  }
  return kept.map(({ label }) => label)
}
