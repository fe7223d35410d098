import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { KernelStart, RecordedStep } from '#host'
import { inputBytes, outputsBytes, readRecording, startBytes } from './recording-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-recording-file-'))
const file = join(folder, 'one.recording')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const now = { world: 7 as Instant, runtime: 8 as Instant }
const whole = Buffer.concat([
  startBytes({ at: now.runtime, seed: 5 } as KernelStart, 'abc'),
  inputBytes({ kind: 'flush' }, now),
  outputsBytes([{ kind: 'append' }]),
  inputBytes({ kind: 'flush' }, now),
])

function read(bytes: Buffer): readonly RecordedStep[] {
  writeFileSync(file, bytes)
  return [...readRecording(file).steps]
}

test('what is read is what was written', () => {
  expect(read(whole)).toMatchObject([
    { now, input: { kind: 'flush' }, outputs: { kinds: ['append'] } },
    { now, input: { kind: 'flush' } },
  ])
})

test('a bit that is another, wherever it is, is an error and no earlier end (RF1)', () => {
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const bytes = Buffer.from(whole)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(() => read(bytes), `bit ${bit}`).toThrow(/cannot be read/)
  }
})

test('who was killed while it wrote has written all that came before', () => {
  const steps = Array.from({ length: whole.length }, (_, length) => {
    try {
      return read(whole.subarray(0, length)).length
    } catch {
      return -1
    }
  })
  // Too little to say of what it is; then no step, one, one with its outputs, and at the very end two.
  expect(steps).toEqual([...steps].sort((a, b) => a - b))
  expect(new Set(steps)).toEqual(new Set([-1, 0, 1]))
})
