/**
 * Looks for what finds a mutant.
 *
 * Owns:     the order of a hunt, its bound in time, and what counts as killed.
 * Does not: choose the hunters: each mutant names its own.
 *
 * Invariants:
 *   K1. A mutant that the plain evening finds does not count: whatever looks for faults has to be needed.
 *   K2. A build that does not even load, or a hunter that does not come to an end, is no kill.
 *   K3. Whatever finds a mutant has to hold without it: the same seed, or the same suite, is run on the project as it is.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { buildWith, removeBuild } from './build.ts'
import type { Finding, Task } from './hunter.ts'
import { type Hunter, isSimulated, type Layer, type Mutant } from './mutant.ts'

export interface Hunted {
  readonly id: string
  readonly where: Layer
  readonly what: string
  readonly author?: 'blind'
  readonly killed: boolean
  readonly killedBy?: Hunter
  /** That the last hunter tried. Of a suite: none. */
  readonly seeds: number
  /** The one that found it. */
  readonly seed?: number
  /** What broke: a check of a day, a violation, or the name of a test. */
  readonly check?: string
  readonly detail?: string
  /** Why it does not count, when it was not killed. */
  readonly problem?: string
  readonly wallSeconds: number
}

/** `forMs`: how long each of its hunters may look. */
export async function hunt(mutant: Mutant, root: string, forMs: number): Promise<Hunted> {
  const { id, where, what, author, by } = mutant
  const startedAt = performance.now()
  const ended = (rest: Partial<Hunted>): Hunted => ({
    id,
    where,
    what,
    ...(author && { author }),
    killed: false,
    seeds: 0,
    ...rest,
    wallSeconds: (performance.now() - startedAt) / 1_000,
  })
  let folder: string | undefined
  try {
    // Two hunts for one mutant, of two processes, are not in each other's way.
    folder = buildWith(mutant, root, `${id}.${process.pid}`)
    if (by.some(isSimulated)) {
      const plain = await simulated(folder, { id, by: 'plain', forMs })
      if (plain.check !== undefined) {
        const problem = `a day without any fault finds it: ${plain.check}: ${plain.detail}`
        return ended({ seeds: plain.seeds, check: plain.check, problem })
      }
    }
    let seeds = 0
    for (const hunter of by) {
      const found = isSimulated(hunter)
        ? await simulated(folder, { id, by: hunter, forMs })
        : await suite(folder, root, hunter, forMs)
      seeds = found.seeds
      if (found.check === undefined) continue
      const without = await withoutIt(root, id, hunter, found, forMs)
      if (without === undefined) return ended({ killed: true, killedBy: hunter, ...found })
      return ended({ ...found, problem: `${hunter} fails without it, too: ${without}` })
    }
    return ended({ seeds, problem: `nothing found it: ${by.join(', ')}` })
  } catch (error) {
    return ended({ problem: error instanceof Error ? error.message : String(error) })
  } finally {
    if (folder !== undefined) removeBuild(folder)
  }
}

/** K3. What is broken without the mutant; undefined: nothing. A suite is run once for all mutants. */
async function withoutIt(
  root: string,
  id: string,
  hunter: Hunter,
  { seed }: Finding,
  forMs: number,
): Promise<string | undefined> {
  if (isSimulated(hunter)) {
    if (seed === undefined) return undefined
    return (await simulated(root, { id, by: hunter, forMs, only: seed })).check
  }
  let whole = wholeSuites.get(hunter)
  if (whole === undefined) {
    whole = suite(root, root, hunter, forMs)
    wholeSuites.set(hunter, whole)
  }
  return (await whole).check
}

const wholeSuites = new Map<Hunter, Promise<Finding>>()

/** Every mutant, so many side by side. */
export async function huntAll(
  mutants: readonly Mutant[],
  root: string,
  jobs: number,
  forMs: number,
  onEnd: (hunted: Hunted) => void,
): Promise<void> {
  const queue = mutants[Symbol.iterator]()
  const member = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) onEnd(await hunt(next.value, root, forMs))
  }
  await Promise.all(Array.from({ length: jobs }, member))
}

/** Beyond its time a thread may finish the seed that it is at, and a suite its tests. */
const graceMs = 300_000

async function simulated(folder: string, task: Task): Promise<Finding> {
  // What this process was started with may lead to the source: a hunter runs what was built with the bug in it.
  const thread = new Worker(join(folder, 'dist', 'bin', 'mutants', 'hunter.js'), { execArgv: [] })
  const clock = new AbortController()
  const limitMs = task.forMs + graceMs
  try {
    thread.postMessage(task)
    const [finding] = await Promise.race([
      once(thread, 'message') as Promise<[Finding]>,
      after(limitMs, undefined, { signal: clock.signal }).then(() => tooLong(task.by, limitMs)),
    ])
    return finding
  } finally {
    clock.abort()
    await thread.terminate()
  }
}

// Whatever it hangs in may be the machine.
function tooLong(by: Hunter | 'plain', limitMs: number): never {
  throw new Error(`${by} did not come to an end within ${limitMs / 1_000} s`)
}

interface TestFile {
  readonly message: string
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
}

async function suite(folder: string, root: string, file: Hunter, forMs: number): Promise<Finding> {
  const report = join(folder, 'dist', `suite-${file.replaceAll('/', '-')}.json`)
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const isKilled = await new Promise<boolean>((resolve) => {
    const args = [
      vitest,
      'run',
      '--root',
      folder,
      file,
      '--bail=1',
      '--reporter=json',
      `--outputFile=${report}`,
    ]
    execFile(process.execPath, args, { cwd: folder, timeout: forMs + graceMs }, (error) => {
      resolve(error?.killed === true)
    })
  })
  if (isKilled) tooLong(file, forMs + graceMs)
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as { testResults: readonly TestFile[] }
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = tests.find(({ status }) => status === 'failed')
  if (failed !== undefined) return { seeds: 0, check: failed.fullName, detail: file }
  // K2.
  if (tests.every(({ status }) => status !== 'passed')) {
    throw new Error(`No test of ${file} ran in ${folder}: ${testResults[0]?.message ?? 'it was not found'}`)
  }
  return { seeds: 0 }
}
