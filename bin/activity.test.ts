// Goal: what the actors of a live cluster do is seen from one page, through its edge, and costs nothing when nobody looks.
// Method: real node processes; orders are placed and a node is killed while a page watches, and after it has left.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActivityFrame, edgeColumns, outside, rowsOf, typeColumns } from '#activity'
import type { NodeView } from '#gateway'
import type { NodeId } from '#ports'
import { Page } from '../gateway/testing/page.ts'
import { Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-activity-'))
let up: Up
let page: Page | undefined
afterAll(async () => {
  page?.socket.terminate()
  await up?.killAll()
  rmSync(folder, { recursive: true, force: true })
})
beforeAll(async () => {
  up = new Up({ dataFolder: join(folder, 'data'), nodes: 2 })
  expect(await up.started()).toBeUndefined()
})

/** Of each node that owns shards, as its last heartbeat tells it. */
async function counted(): Promise<readonly { readonly turns: number; readonly observed: number }[]> {
  const { items } = await up.ops<{ readonly items: readonly NodeView[] }>('nodes')
  return items
    .filter(({ group }) => group !== 'edge')
    .map(({ counters, gauges }) => ({ turns: counters.turns ?? 0, observed: gauges.eventsObserved ?? 0 }))
}
const observedIn = (nodes: Awaited<ReturnType<typeof counted>>): number =>
  nodes.reduce((sum, { observed }) => sum + observed, 0)

/** What nodes observe while orders are placed until each of them has had so many turns more. */
async function observedOver(turns: number): Promise<number> {
  const before = await counted()
  for (;;) {
    await up.place()
    const now = await counted()
    if (now.every((node, n) => node.turns >= (before[n]?.turns ?? 0) + turns))
      return observedIn(now) - observedIn(before)
  }
}

/** What this node calls the actor. */
const numberOf = (frames: readonly ActivityFrame[], node: string, id: string): number | undefined =>
  frames.flatMap(({ head }) => (head.node === node ? head.named : [])).find(([, actor]) => actor === id)?.[0]

describe('the actors of a live cluster', () => {
  test('are observed by nobody before somebody looks (AL1)', async () => {
    await observedOver(50)
    expect(observedIn(await counted())).toBe(0)
  })

  test('are seen with what they send each other, on every node', async () => {
    page = new Page(up.opsUrl)
    await page.hear('welcome')
    page.say('subscribe', 'activity')
    const { frames } = page
    await page.until(() =>
      ['node-1', 'node-2'].every((node) => frames.some(({ head }) => head.node === node)),
    )
    expect(frames.find(({ head }) => head.node === 'node-1')?.head).toMatchObject({ whole: true, life: 1 })
    const order = await up.place()
    const id = `order/${order.id}`
    // Its owner has a row of it, and has seen the request come from outside; both may be told one after the other.
    await page.until(() =>
      frames.some(({ head, edges }) => {
        const number = numberOf(frames, head.node, id)
        return rowsOf(edgeColumns, edges).some(({ from, to }) => from === outside && to === number)
      }),
    )
    await page.until(() =>
      frames.some(({ types }) => rowsOf(typeColumns, types).some(({ handled }) => handled > 0)),
    )
  })

  test('have frames without a gap, of each node', () => {
    for (const node of ['node-1', 'node-2']) {
      const sequences = page?.frames.filter(({ head }) => head.node === node).map(({ head }) => head.sequence)
      const [first = 0] = sequences ?? []
      expect(sequences).toEqual(sequences?.map((_, n) => first + n))
    }
  })

  test('are seen again when their node has another life', async () => {
    await up.execute({ kind: 'crash', node: 'node-2' as NodeId })
    await page?.until(
      () => page?.frames.some(({ head }) => head.node === 'node-2' && head.life === 2 && head.whole) === true,
    )
  })

  test('are observed no longer when nobody looks any more', async () => {
    page?.socket.close()
    // The watch ends by itself; until then they are.
    while ((await observedOver(25)) > 0) await sleep(100)
    expect(await observedOver(100)).toBe(0)
  })
})
