/**
 * `npm start` as it is run, in a process of its own, from dist.
 *
 * Goal: guests are served, a node may be killed from another terminal, Ctrl-C loses nothing, and the next start goes
 * on with the same orders; and the folder that it leaves is found whole, or found wrong when it is.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const main = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url))
const dataFolder = mkdtempSync(join(tmpdir(), 'brigade-start-'))
const running = new Set<ChildProcess>()
let ports: readonly string[] = []
let ops = ''

class Brigade {
  readonly exited: Promise<number>
  printed = ''
  readonly #process: ChildProcess
  #waiting: (() => void)[] = []

  constructor(...args: string[]) {
    this.#process = spawn(process.execPath, [main, ...args], { env: { ...process.env, BRIGADE_OPS: ops } })
    running.add(this.#process)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text
        for (const wake of this.#waiting.splice(0)) wake()
      })
    }
    this.exited = once(this.#process, 'close').then(([code]) => {
      running.delete(this.#process)
      return code as number
    })
  }

  interrupt(): void {
    this.#process.kill('SIGINT')
  }

  async says(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.printed)
      if (found !== null) return found
      const heard = new Promise<void>((resolve) => this.#waiting.push(resolve))
      const ended = this.exited.then((code) => {
        throw new Error(`It ended with ${code} before it said ${what}:\n${this.printed}`)
      })
      await Promise.race([heard, ended])
    }
  }
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  return String(port)
}

const startAgain = (): Brigade =>
  new Brigade('start', '--data', dataFolder, '--port', ports[0] ?? '', '--ops-port', ports[1] ?? '')

async function run(...args: string[]): Promise<{ readonly code: number; readonly printed: string }> {
  const brigade = new Brigade(...args)
  const code = await brigade.exited
  return { code, printed: brigade.printed }
}

beforeAll(async () => {
  ports = [await freePort(), await freePort()]
  ops = `http://127.0.0.1:${ports[1]}`
})
afterAll(() => {
  for (const process of running) process.kill('SIGKILL')
  rmSync(dataFolder, { recursive: true, force: true })
})

/** Orders, and how many of them are completed: one line of the board. */
const boardLine = /(\d+) orders, \d+ open, (\d+) completed; all holds/
let counted = { orders: 0, completed: 0 }

test('guests are served while a node is killed from another terminal, and Ctrl-C loses nothing', async () => {
  const brigade = startAgain()
  await brigade.says(/\d\d:\d\d {2}[1-9]\d* orders, \d+ open, \d+ completed; all holds/)
  expect(brigade.printed).toContain(`${ops}/ shows it all`)
  expect(await run('crash', 'node-2')).toMatchObject({
    code: 0,
    printed: expect.stringMatching(/^node-2 was killed/),
  })
  await brigade.says(/node-2 ended \(SIGKILL, crash\)/)
  await brigade.says(/node-2 is up \(life 2\)/)
  // It is given shards of the others now, and for a moment some are nobody's.
  const shards = async () => JSON.parse((await run('status', '--json')).printed).shards
  await expect.poll(shards, { timeout: 30_000 }).toMatchObject({ unowned: 0 })
  brigade.interrupt()
  expect(await brigade.exited).toBe(0)
  await brigade.says(/Drained: nothing lost, \d+ orders? (?:is|are) open\. npm start goes on/)
  const [, orders, completed] = [...brigade.printed.matchAll(new RegExp(boardLine, 'g'))].at(-1) ?? []
  counted = { orders: Number(orders), completed: Number(completed) }
}, 120_000)

test('the folder is whole, and nobody answers', async () => {
  const { code, printed } = await run('check', '--data', dataFolder, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(printed)).toMatchObject({ problems: [], turns: expect.any(Number) })
  expect(JSON.parse(printed).openOrders).toBeGreaterThan(0)
  expect(await run('status')).toMatchObject({ code: 1, printed: expect.stringMatching(/No cluster answers/) })
}, 60_000)

test('started again it goes on with the same orders and counts, at the same time of day', async () => {
  const booked = readFileSync(join(dataFolder, 'guests.jsonl'), 'utf8')
  const brigade = startAgain()
  const [, orders, completed] = await brigade.says(boardLine)
  expect(counted.orders).toBeGreaterThan(0)
  expect(Number(orders)).toBeGreaterThanOrEqual(counted.orders)
  expect(Number(completed)).toBeGreaterThanOrEqual(counted.completed)
  await brigade.says(
    new RegExp(`orders, \\d+ open, (?!${completed} completed)[1-9]\\d* completed; all holds`),
  )
  brigade.interrupt()
  expect(await brigade.exited).toBe(0)
  expect(readFileSync(join(dataFolder, 'guests.jsonl'), 'utf8').startsWith(booked.split('\n')[0] ?? '')).toBe(
    true,
  )
}, 120_000)

test('a charge that no order knows is found', async () => {
  const file = join(dataFolder, 'provider-ledger.jsonl')
  const before = await run('check', '--data', dataFolder)
  // Each check is said in words, and not by its name.
  expect(before.printed.match(/^ {2}✓ .*$/gm)?.filter((line) => !/✓ .+ .+ .+/.test(line))).toEqual([])
  const stranger = {
    payment: 'ord_stranger',
    status: 'captured',
    amount: 5,
    captured: 5,
    refunded: 0,
    keys: {},
  }
  appendFileSync(file, `\n${JSON.stringify(stranger)}`)
  const after = await run('check', '--data', dataFolder)
  expect([before.code, after.code]).toEqual([0, 12])
  expect(after.printed).toMatch(/ord_stranger/)
}, 60_000)
