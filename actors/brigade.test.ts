import { expect, test } from 'vitest'
import type { Supervisor } from '#actor'
import { Registry } from '#kernel'
import { definitions, departments, restaurant } from './brigade.ts'

const typesIn = (supervisor: Supervisor): string[] =>
  supervisor.children.flatMap((child) => ('type' in child ? [child.type] : typesIn(child)))

test('the kernel takes the restaurant as it is: every machine, contract and group', () => {
  const registry = new Registry({
    departments: Object.entries(departments).map(([name, actors]) => ({ name, shards: 4, actors })),
    supervision: restaurant,
  })
  expect(registry.types.map(({ definition }) => definition)).toEqual(definitions)
})

test('every actor has one place in the tree', () => {
  expect(typesIn(restaurant).toSorted()).toEqual(definitions.map(({ type }) => type).toSorted())
})

test('every machine has a version, so that its snapshots can be migrated', () => {
  expect(definitions.filter(({ machine }) => machine.version === undefined)).toEqual([])
})
