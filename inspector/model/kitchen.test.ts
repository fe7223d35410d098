import { expect, test } from 'vitest'
import type { KitchenPatch } from '#gateway'
import { applianceThing, inMinutes, kitchenOf, thingsIn } from '../scene/kitchen-things.test-kit.ts'
import { patched, thingsOf } from './kitchen.ts'

const patch = (more: Partial<KitchenPatch>): KitchenPatch => ({
  ...{ whole: false, at: inMinutes(0), things: [], gone: [] },
  ...more,
})
const oven = applianceThing('oven', 'oven', 1)

test('what is told of a thing is laid over what was told before', () => {
  const first = patched(undefined, patch({ whole: true, things: [oven] }))
  const second = patched(first, patch({ things: [{ id: oven.id, reading: 200 }] }))
  expect(second.things.get(oven.id)).toEqual({ ...oven, reading: 200 })
  expect(first.things.get(oven.id)).toEqual(oven)
})

test('one that is whole is all there is, and who is gone is gone', () => {
  const first = patched(undefined, patch({ things: [oven] }))
  expect([...patched(first, patch({ whole: true })).things]).toEqual([])
  expect([...patched(first, patch({ gone: [oven.id] })).things]).toEqual([])
})

test('things come in the order of their numbers', () => {
  const ids = thingsOf(thingsIn(...kitchenOf().toReversed()), 'oven').map(({ n }) => n)
  expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})
