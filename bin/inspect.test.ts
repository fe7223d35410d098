import { get } from 'node:http'
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { menu, menuRef } from '#actors'
import { type Gateway, startGateway } from '#gateway'
import { Machine } from '#kernel'
import { FakeCluster } from '../gateway/testing/fake-cluster.ts'
import { brigade } from './brigade.ts'
import { StatelyLink } from './stately-link.ts'
import { recordingTerminal } from './testing/recording-terminal.ts'

const actor = menuRef('main')
let cluster: FakeCluster
let gateway: Gateway
beforeEach(async () => {
  cluster = new FakeCluster([{ definition: menu, machine: new Machine(menu) }])
  cluster.deliver(actor, { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0 })
})
afterEach(() => gateway.close())

test("an actor's machine, its turns and each new one are told, until Ctrl C", async () => {
  const terminal = recordingTerminal({ BRIGADE_OPS: gateway.opsUrl })
  const others = process.listeners('SIGINT')
  const ended = brigade(['inspect', actor, '--port', '0'], terminal)
  await expect.poll(() => terminal.noted(), { timeout: 20_000 }).toContain('ws://127.0.0.1:')
  const [server = ''] = /ws:\S+/.exec(terminal.noted()) ?? []

  const told: StatelyInspectionEvent[] = []
  createWebSocketReceiver({ server }).subscribe((event) => told.push(event))
  const ofKind = (type: string) => told.filter((event) => event.type === type)
  await expect.poll(() => ofKind('@xstate.snapshot').length, { timeout: 20_000 }).toBe(1)
  expect(told[0]).toMatchObject({ type: '@xstate.actor', sessionId: actor })
  const { definition = '{}' } = told[0] as { definition?: string }
  expect(JSON.parse(definition).states).toHaveProperty('editing')
  expect(ofKind('@xstate.event')[0]).toMatchObject({ sessionId: actor, event: { type: 'menu.open' } })

  cluster.deliver(actor, { type: 'menu.edit' })
  await expect.poll(() => ofKind('@xstate.snapshot').length, { timeout: 20_000 }).toBe(2)
  expect(told.at(-1)).toMatchObject({ type: '@xstate.snapshot', sessionId: actor })

  for (const end of process.listeners('SIGINT')) if (!others.includes(end)) end('SIGINT')
  expect(await ended).toBe(0)
})

test('an actor that never was is said to be none', async () => {
  const terminal = recordingTerminal({ BRIGADE_OPS: gateway.opsUrl })
  expect(await brigade(['inspect', 'menu/nowhere', '--port', '0'], terminal)).toBe(1)
  expect(terminal.noted()).toContain("There is no actor 'menu/nowhere'.")
})

test('no page of another origin listens, and none whose name was bent to this machine (SL1)', async () => {
  const link = new StatelyLink()
  const port = await link.open(0)
  const refusedWith = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
      socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
      socket.once('open', () => reject(new Error('It was let in.')))
      socket.once('error', () => {})
    })
  try {
    expect(await refusedWith({ origin: 'https://stately.ai' })).toBe(403)
    expect(await refusedWith({ origin: 'http://evil.example', host: 'evil.example' })).toBe(403)
    const policy = await new Promise((resolve) =>
      get(`http://127.0.0.1:${port}`, ({ headers }) => resolve(headers['content-security-policy'])),
    )
    expect(policy).toContain("default-src 'none'; frame-src https://stately.ai;")
  } finally {
    await link.close()
  }
})
