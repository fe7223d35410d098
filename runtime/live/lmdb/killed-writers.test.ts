// Goal: a process that is killed while it writes takes nothing with it: not what the others write, nor what it was told.
// Method: four processes write as fast as they can, and one after the other is killed at a moment that nobody chose. With
// flushes that overlap writes, as LMDB's binding has them unless it is told otherwise, the file breaks within seconds (ADR 8).
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { checkData } from './check.ts'
import { Environment } from './environment.ts'

const fixture = fileURLToPath(new URL('../fixtures/writer.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'brigade-killed-'))
const options = { folder, departments: { orders: 2 }, hashVersion: 1 }
const names = ['a', 'b', 'c', 'd']
const forMs = process.env.BRIGADE_DRILLS === 'full' ? 180_000 : 20_000

interface Writer {
  readonly process: ChildProcess
  isReady: boolean
}

const writers = new Map<string, Writer>()
const told = new Map<string, number>()
const problems: string[] = []

afterAll(async () => {
  for (const { process } of writers.values()) await killed(process)
  rmSync(folder, { recursive: true, force: true })
})

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function start(name: string): void {
  const child = fork(fixture, [folder, name], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const writer = { process: child, isReady: false }
  writers.set(name, writer)
  child.stderr?.on('data', (text) => problems.push(`${name}: ${text}`))
  child.on('exit', (code) => {
    if (code !== null) problems.push(`${name} ended with ${code}`)
  })
  child.on('message', ({ found, written }: { readonly found?: number; readonly written?: number }) => {
    if (written !== undefined) told.set(name, written)
    if (found === undefined) return
    writer.isReady = true
    if (found < (told.get(name) ?? 0)) problems.push(`${name} was told ${told.get(name)}, and finds ${found}`)
  })
}

test('writers that are killed at any moment leave a whole store, with all that was told durable', {
  timeout: forMs + 60_000,
}, async () => {
  await (await Environment.open(options)).close()
  for (const name of names) start(name)
  let kills = 0
  for (const end = performance.now() + forMs; performance.now() < end && problems.length === 0; ) {
    await sleep(20 + Math.random() * 60)
    const ready = names.filter((name) => writers.get(name)?.isReady)
    const name = ready[Math.floor(Math.random() * ready.length)]
    if (name === undefined || ready.length < 3) continue
    await killed((writers.get(name) as Writer).process)
    kills += 1
    start(name)
  }
  for (const { process } of writers.values()) await killed(process)

  expect(problems.join('\n')).toBe('')
  expect(kills).toBeGreaterThan(10)
  const environment = await Environment.open(options)
  expect(checkData(environment).problems).toEqual([])
  await environment.close()
  console.log(
    `killed while they wrote: ${kills} of 4 writers, ${[...told.values()].reduce((a, b) => a + b)} writes`,
  )
})
