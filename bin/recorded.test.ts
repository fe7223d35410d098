// Goal: what a real node process did can be had again, on another machine, from a file.
// Method: a live cluster records itself under load; a node is killed in the middle of it; every file is replayed by the
// command.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { brigade } from './brigade.ts'
import { type Acknowledged, Load } from './drills/load.ts'
import { incidentProblem } from './recorded.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'
import { Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-recorded-'))
const recordings = join(folder, 'recordings')
let acknowledged: readonly Acknowledged[] = []
let up: Up | undefined
afterAll(() => {
  up?.killAll()
  rmSync(folder, { recursive: true, force: true })
})

async function replayed(file: string, ...more: string[]) {
  const terminal = recordingTerminal()
  const code = await brigade(['replay', file, ...more], terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

const filesOf = (node: string): readonly string[] =>
  readdirSync(join(recordings, node))
    .sort()
    .map((name) => join(recordings, node, name))

const isBack = (): boolean =>
  up?.events.some((event) => event.kind === 'ready' && event.node === 'node-2' && event.life === 2) === true

beforeAll(async () => {
  up = new Up({
    dataFolder: join(folder, 'data'),
    nodes: 2,
    kitchenScale: 4,
    recording: { folder: recordings, code: 'abc' },
    // The one end that there is here is the crash.
    launcherSettings: { heartbeatBoundMs: 20_000, startBoundMs: 60_000 },
  })
  expect(await up.started()).toBeUndefined()
  const load = new Load(up, 60)
  await load.more(8)
  await up.execute({ kind: 'crash', node: 'node-2' as NodeId })
  await load.more(8)
  while (!isBack()) await load.more(1)
  acknowledged = await load.served()
  up.process.kill('SIGTERM')
  await up.exited
}, 240_000)

describe('the recordings of a live cluster, one of whose nodes was killed under load', () => {
  test('have every kernel do the same again, to the last output', { timeout: 120_000 }, async () => {
    expect(readdirSync(recordings)).toEqual(['node-1', 'node-2'])
    expect(filesOf('node-2').length, 'the killed node and its successor').toBeGreaterThanOrEqual(2)
    let placed = 0
    for (const file of [...filesOf('node-1'), ...filesOf('node-2')]) {
      const { code, printed } = await replayed(file, '--json')
      const { end, turns, recordedBy } = JSON.parse(printed)
      expect({ file, code, end, recordedBy }).toMatchObject({
        code: 0,
        end: { kind: 'same' },
        recordedBy: 'abc',
      })
      expect(end.unfinished).toBeLessThanOrEqual(1)
      placed += turns
    }
    expect(placed).toBeGreaterThan(10 * acknowledged.length)
  })

  test('are told in words, with the build that recorded them', async () => {
    const [file = ''] = filesOf('node-2')
    const { code, printed } = await replayed(file)
    expect(code).toBe(0)
    expect(printed).toMatch(/^node-2, node-2\.\w+, from 20.*Z: \d+ turns\n {2}code {5}.*recorded by abc\n/)
    expect(printed).toMatch(/✓ The same again: every output of \d+ steps\./)
  })

  test('hold what actors are told, and nothing that a guest has to keep', () => {
    const all = ['node-1', 'node-2'].flatMap(filesOf).map((file) => readFileSync(file, 'latin1'))
    const texts = all.join()
    for (const { id, orderToken } of acknowledged) {
      expect(texts).toContain(id)
      expect(texts).not.toContain(orderToken)
    }
  })

  test('and its journal says that every actor did what its machine does', async () => {
    const terminal = recordingTerminal()
    expect(await brigade(['check', '--data', join(folder, 'data'), '--json'], terminal)).toBe(0)
    const { checks } = JSON.parse(terminal.printed())
    const conformance = checks.find(({ id }: { readonly id: string }) => id === 'conformance')
    expect(conformance).toMatchObject({ held: true })
    const [, replayed, all] = /^(\d+) of (\d+) actors/.exec(conformance.detail) ?? []
    expect(Number(replayed)).toBeGreaterThan(acknowledged.length)
    expect(replayed).toBe(all)
  })

  test('are kept as regressions, named after the step that mattered', () => {
    const [file = ''] = filesOf('node-2')
    const kept = (name: string): string => {
      copyFileSync(file, join(folder, name))
      return join(folder, name)
    }
    expect(incidentProblem(kept('fell-at-100.recording'))).toBeUndefined()
    expect(incidentProblem(kept('fell-at-99999999.recording'))).toMatch(
      /followed to step \d+ only, not to 99999999/,
    )
    expect(incidentProblem(kept('fell.recording'))).toMatch('is not named')
  })

  test('are refused in words when they are damaged', async () => {
    const [file = ''] = filesOf('node-1')
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 1
    const damaged = join(folder, 'damaged.recording')
    writeFileSync(damaged, bytes)
    const { code, noted } = await replayed(damaged)
    expect(code).toBe(1)
    expect(noted).toMatch(/The recording '.*damaged.recording' cannot be read: the entry at byte \d+ is not/)
  })
})

const regressions = fileURLToPath(new URL('../scenarios/regressions/', import.meta.url))
const incidents = readdirSync(regressions).filter((name) => name.endsWith('.recording'))

test('incidents of live nodes that were kept happen no more', () => {
  const problems = incidents.map((name) => [name, incidentProblem(regressions + name)])
  expect(problems.filter(([, problem]) => problem !== undefined)).toEqual([])
})
