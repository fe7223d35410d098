import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import type { CommandOutcome, LauncherCommand } from './control.ts'
import {
  type EventOf,
  endAll,
  eventually,
  newFolder,
  node1,
  node2,
  TestLauncher,
} from './fixtures/test-launcher.ts'
import { launcherDefaults } from './launcher-defaults.ts'
import { identify, isRunning } from './process-identity.ts'

const { heartbeatIntervalMs } = launcherDefaults

// One cluster for all tests, of three nodes and a door. The last test ends it.
let launcher: TestLauncher
beforeAll(async () => {
  launcher = new TestLauncher(newFolder(), [
    { nodes: 3 },
    { name: 'edge', prefix: 'edge', config: { command: { kind: 'status' } } },
  ])
  await launcher.settled
})
afterAll(endAll)

test('every node learns of every other', async () => {
  const everyone = 'members node-1 node-2 node-3 edge-1'
  await eventually(() => launcher.log.filter((line) => line.endsWith(everyone)).length >= 4)
})

test('node processes get the flags of the settings', () => {
  expect(launcher.logOf(node1, 1)).toContain('flags --max-semi-space-size=4 --max-old-space-size=96')
})

test('a command of a node is executed by the launcher', () => {
  expect(launcher.logOf('edge-1' as NodeId, 1)).toContain('outcome status')
})

test('a heartbeat brings what the body counts', async () => {
  await eventually(async () => (await launcher.status(node1)).health !== undefined)
  expect((await launcher.status(node1)).health).toMatchObject({ counters: { turns: 7 } })
})

test('a killed process leaves the view when it has exited, and the node comes back with its next life', async () => {
  const { pid } = await launcher.status(node1)
  const from = launcher.events.length
  process.kill(pid!, 'SIGKILL')
  const ended = await launcher.event('ended', ({ node }) => node === node1)
  const left = await launcher.event('members', ({ members }) => members.length === 3, from)
  expect(ended).toMatchObject({ life: 1, how: 'SIGKILL' })
  expect(launcher.events.indexOf(left)).toBeGreaterThan(launcher.events.indexOf(ended))
  await launcher.ready(node1, 2)
})

test('a short pause costs nothing', async () => {
  const { life } = await launcher.status(node2)
  expect(await launcher.execute({ kind: 'pause', node: node2, forMs: 300 })).toEqual({ kind: 'done' })
  expect((await launcher.status(node2)).paused).toBe(true)
  await eventually(async () => !(await launcher.status(node2)).paused)
  expect(await launcher.status(node2)).toMatchObject({ life, phase: 'up' })
})

test('a pause beyond the heartbeat bound becomes a kill, and is announced only then', async () => {
  const from = launcher.events.length
  const { life, pid } = await launcher.status(node2)
  const began = performance.now()
  await launcher.execute({ kind: 'pause', node: node2 })
  const left = await launcher.event('members', ({ members }) => members.length === 3, from)
  // The heartbeat that it leaves unanswered may have been asked for just before the pause.
  expect(performance.now() - began).toBeGreaterThan(1_000 - heartbeatIntervalMs)
  expect(identify(pid!)).toBeUndefined()
  const since = launcher.events.slice(from)
  expect(since[0]).toMatchObject({ kind: 'ended', life, how: 'SIGKILL, no heartbeat for 1000 ms' })
  expect(since[1]).toBe(left)

  await launcher.ready(node2, life + 1)
  const outcome = await launcher.execute({ kind: 'resume', node: node2 })
  expect(outcome).toMatchObject({ kind: 'gone', detail: expect.stringContaining('no heartbeat') })
  expect((await launcher.execute({ kind: 'resume', node: node2 })).kind).toBe('refused')
})

test('a crash is done when the process has exited', async () => {
  const { life, pid } = await launcher.status(node2)
  expect(await launcher.execute({ kind: 'crash', node: node2 })).toEqual({ kind: 'done' })
  expect(identify(pid!)).toBeUndefined()
  await launcher.ready(node2, life + 1)
})

test('a cordoned node stays a member, also in its next life', async () => {
  await launcher.execute({ kind: 'cordon', node: node2 })
  const cordoned = (from: number): Promise<EventOf<'members'>> =>
    launcher.event(
      'members',
      ({ members }) => members.some(({ node, state }) => node === node2 && state === 'cordoned'),
      from,
    )
  await cordoned(0)
  const from = launcher.events.length
  await launcher.execute({ kind: 'crash', node: node2 })
  await cordoned(from)
  await launcher.execute({ kind: 'uncordon', node: node2 })
  expect(await launcher.status(node2)).toMatchObject({ phase: 'up' })
})

test('faults reach every node, and the next life of each, until they are healed', async () => {
  const { life } = await launcher.status(node2)
  const { life: otherLife } = await launcher.status(node1)
  // It may learn of members after the last it learns of faults.
  const toldOf = (node: NodeId, life: number, faults: number): Promise<void> =>
    eventually(
      () => launcher.logOf(node, life).findLast((line) => line.startsWith('faults')) === `faults ${faults}`,
    )
  const links = [{ from: node1, to: node2, drop: 1 }]
  await launcher.execute({ kind: 'inject', id: 'split', links })
  await toldOf(node1, otherLife, 1)
  await launcher.execute({ kind: 'crash', node: node2 })
  await toldOf(node2, life + 1, 1)
  await launcher.execute({ kind: 'heal', id: 'split' })
  await toldOf(node2, life + 1, 0)
})

test('a drained node stays down, its name is used again, and a group has a limit', async () => {
  const { life } = await launcher.status(node2)
  expect(await launcher.execute({ kind: 'drain', node: node2 })).toEqual({ kind: 'done' })
  expect(launcher.logOf(node2, life)).toContain('drain')
  expect(await launcher.status(node2)).toMatchObject({ phase: 'down', lastEnd: 'exit 0' })

  const added = await launcher.execute({ kind: 'add-node', group: 'all', count: 2 })
  expect(added).toEqual({ kind: 'added', nodes: ['node-2', 'node-4'] })
  expect((await launcher.execute({ kind: 'add-node', group: 'all', count: 1 })).kind).toBe('refused')
  await launcher.ready(node2, life + 1)
})

test('a restart drains first, and counts against no limit', async () => {
  const { life, restarts } = await launcher.status(node2)
  await launcher.execute({ kind: 'restart', node: node2 })
  await launcher.ready(node2, life + 1)
  expect(launcher.logOf(node2, life)).toContain('drain')
  expect((await launcher.status(node2)).restarts).toBe(restarts)
})

const edge1 = 'edge-1' as NodeId
const refusals: readonly (readonly [LauncherCommand, CommandOutcome['kind']])[] = [
  [{ kind: 'crash', node: 'node-9' as NodeId }, 'unknown-node'],
  [{ kind: 'add-node', group: 'bar', count: 1 }, 'unknown-group'],
  [{ kind: 'crash', node: edge1 }, 'last-node'],
  [{ kind: 'pause', node: edge1 }, 'last-node'],
  [{ kind: 'drain', node: edge1 }, 'last-node'],
  [{ kind: 'announce-end', node: node1 }, 'refused'],
]
for (const [command, kind] of refusals) {
  test(`${command.kind} of ${'node' in command ? command.node : 'a group'} can be refused: ${kind}`, async () => {
    expect((await launcher.execute(command)).kind).toBe(kind)
  })
}

test('a node that gets SIGINT stays; one that gets SIGTERM drains, says so, and comes back', async () => {
  const { pid, life } = await launcher.status(node2)
  const from = launcher.events.length
  process.kill(pid!, 'SIGINT')
  process.kill(pid!, 'SIGTERM')
  const ended = await launcher.event('ended', ({ node }) => node === node2, from)
  expect(ended.how).toBe('exit 0')
  expect(launcher.logOf(node2, life)).toContain('drain')
  await launcher.ready(node2, life + 1)
})

test('SIGTERM drains every node, the last group first, and the launcher exits with 0', async () => {
  const drainsBefore = launcher.log.filter((line) => line.endsWith(' drain')).length
  launcher.process.kill('SIGTERM')
  expect(await launcher.exited).toBe(0)
  const drains = launcher.log.filter((line) => line.endsWith(' drain')).slice(drainsBefore)
  expect(drains).toHaveLength(5)
  expect(drains[0]).toMatch(/^edge-1#/)
  expect(launcher.nodeProcesses.filter(isRunning)).toEqual([])
})
