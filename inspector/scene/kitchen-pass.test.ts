import { expect, test } from 'vitest'
import { railOf } from './kitchen-pass.ts'
import { planOf } from './kitchen-plan.ts'
import { kitchenOf, thingsIn, ticketThing } from './kitchen-things.test-kit.ts'

test('a ticket never hangs beside the rail, however many there are', () => {
  const { rail } = planOf(thingsIn(...kitchenOf()))
  const many = Array.from({ length: 300 }, (_, n) => ticketThing(`o${n}`))
  const hung = railOf(many, rail)
  expect(hung.length).toBeGreaterThan(40)
  for (const { x } of hung) {
    expect(x).toBeGreaterThan(rail.from)
    expect(x).toBeLessThan(rail.to)
  }
})
