import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { type ActorDefinition, defineActor, ref, supervise } from '#actor'
import { Registry } from '#host'
import type { NodeId, Outcome } from '#ports'
import { SimCluster } from './cluster.ts'

// A node of the newer build dies; the one that is left is of the older build and must not touch what it left.

/** An actor whose machine has this version, and reads the versions before it. */
function noted(version: 1 | 2): ActorDefinition {
  const onwards = { to: '2', keys: [], migrate: () => ({ value: 'here', context: {} }) }
  return defineActor({
    type: 'noted',
    accepts: Type.Union([Type.Object({ type: Type.Literal('note') })]),
    creates: ['note'],
    queries: { state: (state) => state.value },
    machine: createMachine({
      version: String(version),
      initial: 'here',
      states: { here: { on: { note: {} } } },
    }),
    ...(version === 2 && { migrations: { '1': onwards } }),
  })
}

function buildOf(version: 1 | 2): Registry {
  const actors = [noted(version)]
  return new Registry({
    departments: [{ name: 'd', shards: 4, actors }],
    supervision: supervise({ name: 'root', children: actors }),
  })
}

class TwoBuilds {
  #build = buildOf(1)
  readonly refused: string[] = []
  readonly cluster: SimCluster

  constructor(seed: number) {
    const newest = () => this.#build
    this.cluster = new SimCluster({
      seed,
      get registry() {
        return newest()
      },
      groups: { node: ['d'], edge: [] },
      nodes: [
        { node: 'node-1', group: 'node' },
        { node: 'node-2', group: 'node' },
        { node: 'edge-1', group: 'edge' },
      ],
      observer: (node) => ({
        count: () => {},
        time: () => {},
        watched: true,
        event: (event) => {
          if (event.kind === 'refused') this.refused.push(`${node} ${event.error}`)
        },
      }),
    })
    this.cluster.runFor(5_000)
  }

  startNode1(version: 1 | 2): void {
    this.#build = buildOf(version)
    this.cluster.startNode('node-1' as NodeId, 'node')
    this.cluster.runFor(10_000)
  }

  crashNode1(): void {
    this.cluster.crash('node-1')
    this.cluster.runFor(10_000)
  }

  ownedBy(node: string): readonly string[] {
    return [...(this.cluster.nodeOf(node)?.cluster?.owned.keys() ?? [])].sort()
  }

  note(key: string): Outcome | undefined {
    let answer: Outcome | undefined
    const body = { kind: 'command', message: { type: 'note' } } as const
    this.cluster.request('edge-1', { actor: ref('noted', key), body, timeoutMs: 3_000 }, (outcome) => {
      answer = outcome
    })
    this.cluster.runFor(4_000)
    return answer
  }
}

const keys = Array.from({ length: 12 }, (_, n) => `key-${n}`)

describe('a shard that a newer build has written to', () => {
  test.each([1, 2, 3])('waits for a node that has it, and all others go on: seed %i', (seed) => {
    const builds = new TwoBuilds(seed)
    for (const key of keys) expect(builds.note(key)).toMatchObject({ kind: 'done' })
    builds.crashNode1()
    builds.startNode1(2)
    const newer = builds.ownedBy('node-1')
    expect(newer.length, 'the newer node has taken some').toBeGreaterThan(0)
    expect(newer.length, 'the older node has kept some').toBeLessThan(4)
    for (const key of keys)
      expect(builds.note(key)).toMatchObject({ kind: 'done', version: 2 + Number(isIn(newer, key)) })

    builds.crashNode1()
    expect(builds.ownedBy('node-2')).toEqual(['d.0', 'd.1', 'd.2', 'd.3'].filter((s) => !newer.includes(s)))
    for (const key of keys)
      expect(builds.note(key)).toMatchObject({ kind: isIn(newer, key) ? 'timeout' : 'done' })
    expect(builds.refused.length).toBe(newer.length)
    expect(builds.refused[0]).toMatch(
      /^node-2 SHARD_VERSION_UNKNOWN: Shard 'd\.\d' .* version 2 of 'noted', .* version 1 /,
    )

    builds.startNode1(2)
    expect(builds.ownedBy('node-1')).toEqual(newer)
    for (const key of keys) expect(builds.note(key)).toMatchObject({ kind: 'done' })
  })
})

function isIn(shards: readonly string[], key: string): boolean {
  return shards.includes(buildOf(1).shardOf(ref('noted', key)))
}
