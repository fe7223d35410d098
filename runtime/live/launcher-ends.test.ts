import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { endAll, eventually, newFolder, node1, node2, TestLauncher } from './fixtures/test-launcher.ts'
import { identify, isRunning } from './process-identity.ts'

afterEach(endAll)

// The heartbeat is out of the game, so only the exit itself can be what is announced.
test('an end is announced at once', async () => {
  const settings = { heartbeatBoundMs: 60_000, backoffFirstMs: 10 }
  const launcher = new TestLauncher(newFolder(), [{ nodes: 2 }], { settings })
  await launcher.settled
  const took: number[] = []
  for (let life = 1; life <= 5; life++) {
    const { pid } = await launcher.status(node1)
    const from = launcher.events.length
    const killedAt = performance.now()
    process.kill(pid!, 'SIGKILL')
    await launcher.event('members', ({ members }) => members.length === 1, from)
    took.push(performance.now() - killedAt)
    await launcher.ready(node1, life + 1)
  }
  const median = took.sort((a, b) => a - b)[2]
  expect(median).toBeLessThan(200)
})

test('a process that dies before it is loaded is started again', async () => {
  const launcher = new TestLauncher(newFolder(), [{}])
  const { pid } = await launcher.event('spawned', () => true)
  process.kill(pid, 'SIGKILL')
  await launcher.ready(node1, 2)
})

test('a node that keeps ending is given up, and the launcher exits with 1 when none is left', async () => {
  const settings = { restartsMax: 2, backoffFirstMs: 10 }
  const launcher = new TestLauncher(newFolder(), [{ config: { exitsOnceUp: true } }], { settings })
  expect(await launcher.exited).toBe(1)
  expect(launcher.events.filter(({ kind }) => kind === 'spawned')).toHaveLength(3)
  expect(launcher.events.filter(({ kind }) => kind === 'ready')).toHaveLength(3)
  expect(launcher.events.at(-2)).toMatchObject({ kind: 'given-up', node: 'node-1' })
})

// A full disk is the usual reason. Method: a folder stands where the record is drafted.
test('a record that cannot be written costs the node that dies, and no other', async () => {
  const folder = newFolder()
  const settings = { backoffFirstMs: 10, backoffMaxMs: 10, restartsMax: 1_000 }
  const launcher = new TestLauncher(folder, [{ nodes: 2 }], { settings })
  await launcher.settled
  const draft = join(folder, 'data', 'processes.json.draft')
  mkdirSync(draft)
  process.kill((await launcher.status(node1)).pid!, 'SIGKILL')
  const failed = await launcher.event('start-failed', ({ node }) => node === node1)
  expect(failed.error).toContain('processes.json.draft')
  expect((await launcher.status(node2)).phase).toBe('up')
  rmdirSync(draft)
  await launcher.event('ready', ({ node, life }) => node === node1 && life > 1)
})

test('a body that cannot start says why', async () => {
  const settings = { restartsMax: 1, backoffFirstMs: 10 }
  const launcher = new TestLauncher(newFolder(), [{ config: { failsToStart: true } }], { settings })
  const failed = await launcher.event('start-failed', () => true)
  expect(failed.error).toContain('no room in the kitchen')
  expect(await launcher.exited).toBe(1)
})

test('a node that does not get ready is killed at the bound', async () => {
  const settings = { restartsMax: 1, backoffFirstMs: 10, startBoundMs: 1_500 }
  const launcher = new TestLauncher(newFolder(), [{ config: { neverReady: true } }], { settings })
  expect(await launcher.exited).toBe(1)
  expect(launcher.events.find(({ kind }) => kind === 'ended')).toMatchObject({
    how: 'SIGKILL, not ready after 1500 ms',
  })
})

test('a node that does not drain is killed at the bound', async () => {
  const settings = { drainBoundMs: 300 }
  const launcher = new TestLauncher(newFolder(), [{ config: { neverDrains: true } }], { settings })
  await launcher.settled
  launcher.process.kill('SIGINT')
  expect(await launcher.exited).toBe(0)
  expect(launcher.events.find(({ kind }) => kind === 'ended')).toMatchObject({
    how: 'SIGKILL, not drained after 300 ms',
  })
})

test('halt ends every process without draining, and exits with 1', async () => {
  const launcher = new TestLauncher(newFolder(), [{ nodes: 2 }])
  await launcher.settled
  await launcher.execute({ kind: 'halt', cause: 'a flush failed' })
  expect(await launcher.exited).toBe(1)
  expect(launcher.log.filter((line) => line.endsWith(' drain'))).toEqual([])
  expect(launcher.nodeProcesses.filter(isRunning)).toEqual([])
})

test('with the test switches an end can be announced that has not happened', async () => {
  const launcher = new TestLauncher(newFolder(), [{ nodes: 2 }], { testSwitches: true })
  await launcher.settled
  const { pid } = await launcher.status(node2)
  await eventually(() => launcher.logOf(node2, 1).at(-1) === 'members node-1 node-2')
  await launcher.execute({ kind: 'announce-end', node: node2 })
  await eventually(() => launcher.logOf(node1, 1).at(-1) === 'members node-1')
  expect(identify(pid!)).toBeDefined()
  expect(launcher.logOf(node2, 1).at(-1)).toBe('members node-1 node-2')
})

test('a second launcher on the folder is refused with the pid of the first', async () => {
  const folder = newFolder()
  const first = new TestLauncher(folder, [{}])
  await first.event('spawned', () => true)
  const second = new TestLauncher(folder, [{}])
  expect(await second.failed).toMatchObject({
    code: 'DATA_IN_USE',
    message: expect.stringContaining(`process ${first.process.pid}`),
  })
})

test('nodes whose launcher was killed drain and exit by themselves, drained or not', async () => {
  const launcher = new TestLauncher(newFolder(), [
    { nodes: 1 },
    { name: 'slow', prefix: 'slow', config: { neverDrains: true } },
  ])
  await launcher.settled
  await launcher.kill()
  const killedAt = performance.now()
  await eventually(() => !launcher.nodeProcesses.some(isRunning))
  expect(performance.now() - killedAt).toBeLessThan(2_500)
  expect(launcher.logOf(node1, 1)).toContain('drain')
  expect(launcher.logOf('slow-1' as NodeId, 1)).toContain('drain')
})

test('a launcher ends what an earlier one left, and goes on counting lives', async () => {
  const folder = newFolder()
  const first = new TestLauncher(folder, [{}])
  await first.settled
  const { pid } = await first.status(node1)
  process.kill(pid!, 'SIGSTOP') // frozen, it cannot end by itself
  await first.kill()

  const second = new TestLauncher(folder, [{}])
  expect(await second.event('orphan-ended', () => true)).toMatchObject({ node: 'node-1', pid })
  expect(first.nodeProcesses.filter(isRunning)).toEqual([])
  await second.ready(node1, 2)
})
