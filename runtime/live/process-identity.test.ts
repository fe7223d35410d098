import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { queuedMs } from './process-identity.ts'

const children: ChildProcess[] = []

async function run(...command: readonly [string, ...string[]]): Promise<number> {
  const [file, ...args] = command
  const child = spawn(file, args)
  children.push(child)
  await once(child, 'spawn')
  return child.pid as number
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

test('who has work and no CPU waits for one; who sleeps does not', async () => {
  const busy: number[] = []
  for (let n = 0; n <= availableParallelism(); n += 1)
    busy.push(await run(process.execPath, '-e', 'for(;;);'))
  const idle = await run('sleep', '60')
  const before = queuedMs(idle)
  const longest = (): number => Math.max(...busy.map(queuedMs))
  // Where the system does not tell, nobody waits.
  if (existsSync('/proc/self/schedstat')) while (longest() < 300) await sleep(10)
  expect(queuedMs(idle) - before).toBeLessThan(100)
  expect(queuedMs(2 ** 30)).toBe(0)
})
