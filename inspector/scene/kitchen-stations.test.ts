import { expect, test } from 'vitest'
import { beside } from './kitchen-stations.ts'

test('cooks never stand in one another', () => {
  const stood = beside(
    Array.from({ length: 4 }, () => [2, 0, 1] as const),
    { x0: 0, x1: 8 },
  )
  const xs = stood.map(([x]) => x).sort((a, b) => a - b)
  for (const [n, x] of xs.slice(1).entries()) expect(x - (xs[n] ?? 0)).toBeGreaterThan(0.5)
})
