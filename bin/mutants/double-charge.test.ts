// Goal: a charge that is booked twice, somewhere in a busy evening full of faults, is told in a few lines.
// Method: the bug is planted in a build of its own; there the evening fails, and is shrunk.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { defineDay, hashOfDay, mixed } from '#day'
import { type Failure, failureFormat } from '../explore/trial.ts'
import { buildWith, cloneRoot, removeBuild } from './build.ts'
import { mutants } from './registry/index.ts'

const root = cloneRoot()!
const planted = mutants.find(({ id }) => id === 'capture-booked-twice')!
const build = buildWith(planted, root, 'double-charge')
const folder = mkdtempSync(join(tmpdir(), 'brigade-double-charge-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
  removeBuild(build)
})

const day = defineDay({
  name: 'charged-twice',
  title: 'Cards, cancellations, and a provider that is away again and again',
  open: '18:00',
  lastOrder: '18:50',
  close: '19:00',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 120 },
      { at: '18:50', perHour: 120 },
    ],
    cancelShare: 0.4,
    repeatShare: 0.3,
    cards: { ok: 80, slow: 10, declined: 10 },
  },
  payments: { latency: '1s' },
  cluster: {
    groups: mixed(4),
    character: { delay: '2ms', dropShare: 0.01, duplicateShare: 0.05, reorderShare: 0.1 },
  },
  faults: [
    { kind: 'crash-node', node: 'node-1', at: '18:06' },
    { kind: 'provider-outage', at: '18:10', for: '3m' },
    { kind: 'pause-node', node: 'node-2', at: '18:15', for: '700ms' },
    {
      kind: 'partition',
      between: [['node-3'], ['node-1', 'node-2', 'node-4', 'edge-1', 'edge-2']],
      at: '18:18',
      for: '1m',
    },
    { kind: 'provider-outage', at: '18:22', for: '4m' },
    { kind: 'crash-node', node: 'node-4', at: '18:28' },
    { kind: 'power-loss', at: '18:33' },
    { kind: 'provider-outage', at: '18:38', for: '5m' },
  ],
})

// It takes some 17 s of a processor; the bound is for a machine that has other things to do.
test('a planted double charge shrinks to at most twelve entries', async () => {
  const found: Failure = {
    format: failureFormat,
    seed: 1,
    commit: 'planted',
    check: { id: 'money', held: false },
    optionsHash: hashOfDay(day),
    lastTurns: [],
    day,
  }
  const file = join(folder, 'found.json')
  writeFileSync(file, JSON.stringify(found))
  const main = join(build, 'dist', 'bin', 'main.js')
  const shrink = [main, 'shrink', file, '--for', '5m', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, shrink, { maxBuffer: 2 ** 24 })
  const { check, before, after } = JSON.parse(stdout)
  expect(check.detail).toContain('was captured 2 times')
  expect(before.entries).toBeGreaterThan(150)
  expect(after.entries).toBeLessThanOrEqual(12)
}, 400_000)
