// Goal: a kernel is a function of what it was made with and of its inputs, so that a recording has it do the same again.
// Method: an evening with faults, every kernel of every node recorded as live nodes do, read back and replayed; and
// recordings with one thing changed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { departments, restaurant } from '#actors'
import { type RecordedStep, Registry, type ReplayEnd, replayRecording } from '#host'
import { digestOf, FileRecorder, isRecording, readRecording } from '#live'
import type { NodeId, Position, ScopeId } from '#ports'
import { defineDay } from './define-day.ts'
import { runSimDay } from './run-day.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-recording-'))
afterAll(() => rmSync(folder, { recursive: true }))

const failures: Error[] = []
const bounds = { segmentBytes: 150_000, totalBytes: 100_000_000 }
const day = defineDay({
  name: 'evening',
  open: '18:00',
  lastOrder: '18:08',
  close: '18:12',
  slo: {},
  guests: {
    arrivals: [
      { at: '18:00', perHour: 80 },
      { at: '18:08', perHour: 80 },
    ],
    noShowShare: 0,
  },
  cluster: { character: { dropShare: 0.01, duplicateShare: 0.02, reorderShare: 0.05 } },
  faults: [
    { kind: 'crash-node', node: 'node-1', at: '18:03' },
    { kind: 'power-loss', at: '18:07' },
  ],
})
const registryOf = (shards: number): Registry =>
  new Registry({
    departments: Object.entries(departments).map(([name, actors]) => ({ name, shards, actors })),
    supervision: restaurant,
  })
const registry = registryOf(day.cluster.shards)

const silent = runSimDay(day, { seed: 41 })
const recorded = runSimDay(day, {
  seed: 41,
  recorder: (node) =>
    new FileRecorder(node, { folder, code: 'abc', ...bounds }, (error) => failures.push(error)),
})
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))

function replayed(file: string, change = (steps: RecordedStep[]) => steps): ReplayEnd {
  const { start, steps } = readRecording(file)
  return replayRecording(start, change([...steps]), { registry, digestOf })
}

const largest = files.toSorted((a, b) => readFileSync(b).length - readFileSync(a).length)[0] as string

describe('the kernels of an evening with faults', () => {
  test('do the same again, every one of them, to the last output', () => {
    expect(failures).toEqual([])
    expect(files.length).toBeGreaterThan(day.cluster.groups[0]!.nodes)
    const ends = files.map((file) => replayed(file))
    expect(ends.filter(({ kind }) => kind !== 'same')).toEqual([])
    const steps = ends.reduce((sum, end) => sum + (end.kind === 'same' ? end.steps : 0), 0)
    expect(steps).toBeGreaterThan(1_000)
  })

  test('are recorded without a difference to the run, as long as no file is full', () => {
    const roomy = runSimDay(day, {
      seed: 41,
      recorder: (node) => new FileRecorder(node, { folder: join(folder, 'roomy') }, () => {}),
    })
    expect(roomy).toEqual(silent)
  })

  test('begin again when a file is full, and the evening holds all the same', () => {
    const full = files.filter((file) => readFileSync(file).length >= bounds.segmentBytes)
    expect(full.length).toBeGreaterThan(0)
    expect(recorded.checks.filter(({ held }) => !held)).toEqual([])
  })
})

describe('a replay', () => {
  const steps = [...readRecording(largest).steps]
  const turn = steps.findIndex(
    ({ input, outputs }) => input.kind === 'flush' && (outputs?.kinds.length ?? 0) > 1,
  )

  const answer = steps.findIndex(({ input }) => input.kind === 'appended')

  test('stops at the first step that leads to something else', () => {
    const failed = { kind: 'appended', outcome: { kind: 'failed', cause: 'no' } } as const
    const end = replayed(largest, (all) =>
      all.with(answer, { ...(all[answer] as RecordedStep), input: failed }),
    )
    expect(end).toMatchObject({
      kind: 'differs',
      step: answer + 1,
      input: failed,
      outputs: [{ kind: 'forget' }],
      recorded: steps[answer]?.outputs,
    })
  })

  test('stops at a step that throws', () => {
    const wrong = { kind: 'appended', outcome: { kind: 'durable', position: 1_000_000 as Position } } as const
    const end = replayed(largest, (all) =>
      all.with(answer, { ...(all[answer] as RecordedStep), input: wrong }),
    )
    expect(end).toMatchObject({ kind: 'threw', step: answer + 1, error: expect.any(Error) })
  })

  test('sees another time', () => {
    const late = (all: RecordedStep[]): RecordedStep[] =>
      all.map(({ now, ...step }, n) =>
        n < turn
          ? { now, ...step }
          : { ...step, now: { ...now, world: (now.world + 1) as typeof now.world } },
      )
    expect(replayed(largest, late).kind).toBe('differs')
  })

  test('runs what the recorded process never came to the end of, and says so before', () => {
    const told: [number, string][] = []
    const { start, steps } = readRecording(largest)
    const cut = [...steps]
      .slice(0, turn + 1)
      .map((step, n) => (n < turn ? step : { input: step.input, now: step.now }))
    const onUnfinished = (step: number, { kind }: RecordedStep['input']) => void told.push([step, kind])
    const end = replayRecording(start, cut, { registry, digestOf, onUnfinished })
    expect(end).toEqual({ kind: 'same', steps: turn + 1, unfinished: 1 })
    expect(told).toEqual([[turn + 1, 'flush']])
  })

  test('is refused for other actors', () => {
    const { start, steps } = readRecording(largest)
    expect(() => replayRecording(start, steps, { registry: registryOf(63), digestOf })).toThrow(
      expect.objectContaining({
        code: 'RECORDING_MISMATCH',
        message: expect.stringContaining('orders: 63 shards'),
      }),
    )
  })
})

describe('the file of a recording', () => {
  const bytes = readFileSync(largest)
  const copy = (name: string, content: Buffer): string => {
    const file = join(folder, name)
    writeFileSync(file, content)
    return file
  }

  test('is known by its beginning, and says which code it is of', () => {
    expect(isRecording(largest)).toBe(true)
    expect(isRecording(copy('other.json', Buffer.from('{}')))).toBe(false)
    expect(readRecording(largest).code).toBe('abc')
  })

  test('may end in the middle of an entry, as that of a killed process does', () => {
    const whole = [...readRecording(largest).steps].length
    const torn = replayed(copy('torn.recording', bytes.subarray(0, bytes.length - 7)))
    expect(torn).toMatchObject({ kind: 'same' })
    expect((torn as { steps: number }).steps).toBeGreaterThan(whole - 3)
  })

  test('is refused when a byte in it has changed', () => {
    const changed = Buffer.from(bytes)
    changed[changed.length >> 1]! ^= 1
    expect(() => replayed(copy('changed.recording', changed))).toThrow(
      expect.objectContaining({ code: 'RECORDING_DAMAGED' }),
    )
  })
})

test('the oldest files go, and a node has never more than its bound', () => {
  const ring = join(folder, 'ring')
  const totalBytes = 400_000
  runSimDay(day, {
    seed: 41,
    recorder: (node) => new FileRecorder(node, { folder: ring, segmentBytes: 150_000, totalBytes }, () => {}),
  })
  for (const node of readdirSync(ring)) {
    const left = readdirSync(join(ring, node)).map((name) => join(ring, node, name))
    const sizes = left.map((file) => readFileSync(file).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(totalBytes + 100_000)
    for (const file of left) expect(replayed(file).kind).toBe('same')
  }
})

test('a disk that refuses ends the recording, once, and not the node', () => {
  const refused: string[] = []
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { checks } = runSimDay(day, {
    seed: 41,
    recorder: (node) => new FileRecorder(node, { folder: file }, ({ message }) => void refused.push(message)),
  })
  expect(checks.filter(({ held }) => !held)).toEqual([])
  expect(refused.length).toBeGreaterThan(0)
})

test('a node that begins again and again keeps the newest of its small files', () => {
  const many = join(folder, 'many')
  const recorder = new FileRecorder('node-1' as NodeId, { folder: many }, (error) => failures.push(error))
  const { start } = readRecording(largest)
  for (let n = 0; n < 110; n += 1) {
    recorder.began({
      ...start,
      at: (start.at + n * 1_000) as typeof start.at,
      scope: `node-1.${n}` as ScopeId,
    })
  }
  const left = readdirSync(join(many, 'node-1')).sort()
  expect(left.length).toBe(100)
  expect([left[0], left.at(-1)]).toEqual([
    expect.stringContaining('node-1.10.'),
    expect.stringContaining('node-1.109.'),
  ])
  expect(failures).toEqual([])
})
