import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { identify, isRunning } from './process-identity.ts'
import { ProcessRecord } from './process-record.ts'

const node = 'node-1' as NodeId
let folder: string
let child: ChildProcess

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-record-'))
  child = spawn('sleep', ['60'])
  await once(child, 'spawn')
})
afterEach(async () => {
  if (child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit')
  rmSync(folder, { recursive: true, force: true })
})

test('a life number is never given twice, whoever writes the record', () => {
  expect(new ProcessRecord(folder).began(node, child.pid!)).toBe(1)
  const next = new ProcessRecord(folder)
  next.ended(node)
  expect(next.began(node, child.pid!)).toBe(2)
})

test('what an earlier launcher left is ended, also when it is frozen', async () => {
  new ProcessRecord(folder).began(node, child.pid!)
  const identity = identify(child.pid!)!
  child.kill('SIGSTOP')
  expect(await new ProcessRecord(folder).endOrphans(5_000)).toEqual([[node, child.pid]])
  expect(isRunning(identity)).toBe(false)
  expect(await new ProcessRecord(folder).endOrphans(5_000)).toEqual([])
})

test('a process that only has the pid of a recorded one is left alone', async () => {
  new ProcessRecord(folder).began(node, child.pid!)
  const path = join(folder, 'processes.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"startedAt": ".*"/, '"startedAt": "long ago"'))
  expect(await new ProcessRecord(folder).endOrphans(5_000)).toEqual([])
  expect(identify(child.pid!)).toBeDefined()
})

test('a damaged record stops the start, because lives would be given twice', () => {
  writeFileSync(join(folder, 'processes.json'), '{"lives"')
  expect(() => new ProcessRecord(folder)).toThrow('cannot be read')
})

test('an ended process that nobody waited for is not running', async () => {
  // The shell starts a child that ends, and becomes a program that never waits for it.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'])
  const [output] = await once(parent.stdout, 'data')
  const zombie = Number(String(output))
  try {
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, 'latin1')).toContain(') Z ')
    expect(identify(zombie)).toBeUndefined()
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
})
