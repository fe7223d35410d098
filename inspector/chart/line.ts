/** A line through corners, as the path of an SVG: the corners are rounded, as far as their sides allow. */
import type { Point } from './layout.ts'

const radius = 6

export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (first === undefined || last === undefined) return ''
  const corners = rest.slice(0, -1).map((corner, at) => {
    const before = points[at] ?? corner
    const after = points[at + 2] ?? corner
    const [into, outOf] = [lengthOf(before, corner), lengthOf(corner, after)]
    const cut = Math.min(radius, into / 2, outOf / 2)
    const a = toward(corner, before, into === 0 ? 0 : cut / into)
    const b = toward(corner, after, outOf === 0 ? 0 : cut / outOf)
    return `L${a.x} ${a.y}Q${corner.x} ${corner.y} ${b.x} ${b.y}`
  })
  return `M${first.x} ${first.y}${corners.join('')}L${last.x} ${last.y}`
}

const lengthOf = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)
const toward = (from: Point, to: Point, part: number): Point => ({
  x: from.x + (to.x - from.x) * part,
  y: from.y + (to.y - from.y) * part,
})
