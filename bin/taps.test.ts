// Goal: a tap of a live cluster tells every message of an order once, as the journals have them, and costs nothing when it has ended.
// Method: real node processes; an order is placed and cooked, and a node is killed, while a tap is read, and after it has ended.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeView } from '#gateway'
import type { NodeId } from '#ports'
import type { TapCounts, TapLine, ToldMessage } from '../gateway/tap-words.ts'
import { Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-taps-'))
let up: Up
let tap = ''
const told: ToldMessage[] = []
let ended = ''
let reading: Promise<void> | undefined
afterAll(async () => {
  await up?.killAll()
  await reading?.catch(() => {})
  rmSync(folder, { recursive: true, force: true })
})
beforeAll(async () => {
  up = new Up({ dataFolder: join(folder, 'data'), nodes: 2 })
  expect(await up.started()).toBeUndefined()
})

/** Of each node that owns shards, as its last heartbeat tells it. */
async function counted() {
  const { items } = await up.ops<{ readonly items: readonly NodeView[] }>('nodes')
  const owners = items.filter(({ group }) => group !== 'edge')
  const sum = (of: (node: NodeView) => number | undefined): number =>
    owners.reduce((total, node) => total + (of(node) ?? 0), 0)
  return {
    turns: owners.map(({ counters }) => counters.turns ?? 0),
    looked: sum(({ gauges }) => gauges.messagesLookedAt),
    observed: sum(({ gauges }) => gauges.eventsObserved),
  }
}

/** Messages that are held against filters while orders are placed until each node has had so many turns more. */
async function lookedAtOver(turns: number): Promise<number> {
  const before = await counted()
  for (;;) {
    await up.place()
    const now = await counted()
    if (now.turns.every((count, n) => count >= (before.turns[n] ?? 0) + turns))
      return now.looked - before.looked
  }
}

async function read(): Promise<void> {
  const { body } = await fetch(`${up.opsUrl}/ops/v1/taps/${tap}/messages`)
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.map((text) => JSON.parse(text) as TapLine)) {
      if (line.kind === 'message') told.push(line)
      if (line.kind === 'end') ended = line.why
    }
  }
}

interface Turn {
  readonly sequence: number
  readonly id: string
  readonly from?: string
  readonly message: { readonly type: string }
}
const journalOf = async (actor: string): Promise<readonly Turn[]> =>
  (await up.ops<{ readonly items: readonly Turn[] }>(`actors/${encodeURIComponent(actor)}/journal?limit=200`))
    .items
const countsNow = async (): Promise<TapCounts> =>
  (await up.ops<{ readonly counts: TapCounts }>(`taps/${tap}`)).counts

describe('messages of a live cluster', () => {
  test('are looked at by nobody before somebody taps (TL1)', async () => {
    expect(await lookedAtOver(50)).toBe(0)
  })

  test('are told once each, as the journals have them, and nothing is missing', async () => {
    const response = await fetch(`${up.opsUrl}/ops/v1/taps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ filter: '', perSecond: 1_000, total: 100_000 }),
    })
    tap = ((await response.json()) as { readonly id: string }).id
    reading = read()
    while ((await countsNow()).nodes.length < 2) await sleep(20)

    const order = await up.place()
    const ofOrder = ({ to }: ToldMessage): boolean => to.slice(to.indexOf('/') + 1).startsWith(order.id)
    // A plate is cooked: order, reservation, payment, ticket and dish have all had something to do.
    while (!told.some((message) => ofOrder(message) && message.to.startsWith('dish/'))) await sleep(20)
    const actors = [...new Set(told.filter(ofOrder).map(({ to }) => to))].sort()
    expect(actors.map((id) => id.slice(0, id.indexOf('/')))).toEqual([
      ...['dish', 'order', 'payment', 'reservation', 'ticket'],
    ])
    for (const actor of actors) {
      const turns = [...(await journalOf(actor))].reverse()
      const version = turns.at(-1)?.sequence ?? 0
      const ofActor = (): readonly ToldMessage[] =>
        told.filter(
          ({ to, outcome, sequence = 0 }) => to === actor && outcome === 'handled' && sequence <= version,
        )
      // What is durable was told at most a tenth of a second later.
      while (ofActor().length < turns.length) await sleep(20)
      expect(ofActor().map(({ sequence, id, message }) => [sequence, id, message])).toEqual(
        turns.map(({ sequence, id, message }) => [sequence, id, message.type]),
      )
    }
    // And what the order's actors told others.
    const isOfReservation = (from: string | undefined): boolean => from === `reservation/${order.id}`
    const toBins = (): readonly ToldMessage[] =>
      told.filter(
        ({ to, from, outcome }) => isOfReservation(from) && to.startsWith('bin/') && outcome === 'handled',
      )
    expect(toBins().length).toBeGreaterThan(0)
    for (const bin of new Set(toBins().map(({ to }) => to))) {
      const turns = (await journalOf(bin)).filter(({ from }) => isOfReservation(from)).reverse()
      const heard = (): readonly string[] => toBins().flatMap(({ to, id }) => (to === bin ? [id] : []))
      while (heard().length < turns.length) await sleep(20)
      expect(heard().slice(0, turns.length)).toEqual(turns.map(({ id }) => id))
    }
    expect(await countsNow()).toMatchObject({ over: 0, lost: 0 })
    expect((await counted()).observed).toBe(0)
  })

  test('are told with what they carry, without what is secret, and how long they took', () => {
    const placed = told.find(({ message }) => message === 'order.place')
    expect(placed).toMatchObject({
      via: 'request',
      outcome: 'handled',
      attempt: 1,
      payload: { type: 'order.place' },
    })
    expect(placed?.trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-9a-f]$/)
    expect(placed?.tookUs).toBeGreaterThanOrEqual(0)
    expect(JSON.stringify(told)).not.toContain('tok_ok')
  })

  test('go on to be told when their node has another life', async () => {
    const lives = async (): Promise<number | undefined> =>
      (await up.ops<{ readonly items: readonly NodeView[] }>('nodes')).items.find(
        ({ id, state }) => id === 'node-2' && state === 'up',
      )?.life
    const before = (await lives()) ?? 0
    await up.execute({ kind: 'crash', node: 'node-2' as NodeId })
    while (((await lives()) ?? 0) <= before) await sleep(50)
    const since = (await up.ops<{ readonly world: { readonly now: string } }>('cluster')).world.now
    const isBack = (): boolean => told.some(({ node, at }) => node === 'node-2' && at > since)
    while (!isBack()) {
      await up.place()
      await sleep(100)
    }
  })

  test('are looked at no longer when the tap has ended', async () => {
    expect(await lookedAtOver(25)).toBeGreaterThan(0)
    expect((await fetch(`${up.opsUrl}/ops/v1/taps/${tap}`, { method: 'DELETE' })).status).toBe(204)
    await reading
    expect(ended).toBe('deleted')
    // What the last heartbeat tells may be of before it.
    while ((await lookedAtOver(25)) > 0) await sleep(100)
    expect(await lookedAtOver(50)).toBe(0)
  })
})
