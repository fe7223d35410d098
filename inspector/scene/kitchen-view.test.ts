import { describe, expect, test } from 'vitest'
import { type Box, middleOf, planOf } from './kitchen-plan.ts'
import { kitchenOf, thingsIn } from './kitchen-things.test-kit.ts'
import { apart, bodyAt, cornersOf, pixelsOf, viewOf } from './kitchen-view.ts'

const frame = { width: 1_000, height: 700 }
const margin = { side: 20, top: 60, foot: 30 }
const plan = planOf(thingsIn(...kitchenOf()))

describe('the view of a corner', () => {
  test.each(Object.keys(plan.corners))('shows all of it: %s', (name) => {
    const box = plan.corners[name] as Box
    const view = viewOf(box, frame, margin)
    for (const at of cornersOf(box)) {
      const [x, y] = pixelsOf(at, view, frame)
      expect(x).toBeGreaterThanOrEqual(margin.side - 0.5)
      expect(x).toBeLessThanOrEqual(frame.width - margin.side + 0.5)
      expect(y).toBeGreaterThanOrEqual(margin.top - 0.5)
      expect(y).toBeLessThanOrEqual(frame.height - margin.foot + 0.5)
    }
  })
})

describe('what lies under a pixel', () => {
  const view = viewOf(plan.corners['Whole room'] as Box, frame, margin)
  const far: Box = { min: [-1, 0, -1], max: [1, 1, 1] }
  // Exactly towards the camera.
  const near: Box = { min: [3, 1, 3], max: [5, 3, 5] }

  test('is what is nearest', () => {
    const bodies = [
      { id: 'near', box: near },
      { id: 'far', box: far },
    ]
    const [x, y] = pixelsOf(middleOf(near), view, frame)
    expect(bodyAt([x, y], bodies, view, frame)).toBe('near')
    expect(bodyAt([x, y], bodies.toReversed(), view, frame)).toBe('near')
  })

  test('is nothing beside all of them', () => {
    expect(bodyAt([5, 5], [{ id: 'far', box: far }], view, frame)).toBeUndefined()
  })

  test('is each oven at the middle of its front', () => {
    const bodies = [...plan.boxes].filter(([id]) => id.startsWith('oven/')).map(([id, box]) => ({ id, box }))
    for (const { id, box } of bodies) {
      const [x, y] = middleOf(box)
      expect(bodyAt(pixelsOf([x, y, box.max[2]], view, frame), bodies, view, frame)).toBe(id)
    }
  })
})

describe('labels', () => {
  const extent = (mayRise: boolean) => () => ({ width: 60, height: 16, mayRise })

  test('never lie on one another: the first keeps its place', () => {
    const labels = [
      { x: 100, y: 100 },
      { x: 120, y: 105 },
      { x: 300, y: 100 },
    ]
    expect(apart(labels, frame, extent(false))).toEqual([labels[0], labels[2]])
  })

  test('rise where that is what they may', () => {
    const labels = [
      { x: 100, y: 100 },
      { x: 120, y: 105 },
    ]
    expect(apart(labels, frame, extent(true))).toEqual([labels[0], { x: 120, y: 69 }])
  })

  test('are not cut at the edge', () => {
    expect(apart([{ x: 10, y: 100 }], frame, extent(true))).toEqual([])
  })
})
