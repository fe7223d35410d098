import { describe, expect, test } from 'vitest'
import type { Supervisor } from '#actor'
import { Registry } from '#kernel'
import { definitions, departments, restaurant } from './brigade.ts'

interface Node {
  readonly path: readonly string[]
  readonly tags: readonly string[]
  readonly states: Readonly<Record<string, Node>>
}

/** Of each state without others inside: the tags on the way to it. */
const leavesOf = ({ path, tags, states }: Node): [string, readonly string[]][] => {
  const inside = Object.values(states)
  if (inside.length === 0) return [[path.join('.'), tags]]
  return inside.flatMap(leavesOf).map(([leaf, more]) => [leaf, [...tags, ...more]])
}

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

describe('the chart of', () => {
  test.each(definitions.map(({ type, machine, glyph }) => ({ type, machine, glyph })))(
    '$type has a glyph, and one class for each of its states',
    ({ machine, glyph }) => {
      expect(['docket', 'square', 'diamond', 'disc']).toContain(glyph)
      for (const [leaf, tags] of leavesOf(machine.root as Node)) {
        const classes = tags.filter((tag) => ['working', 'waiting', 'rest'].includes(tag))
        expect([leaf, classes.length]).toEqual([leaf, 1])
        expect(tags.filter((tag) => ![...classes, 'undone'].includes(tag))).toEqual([])
      }
    },
  )
})
