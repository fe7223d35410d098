import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ActorId, Instant, Message } from '#actor'
import { definitions, houseKitchen, housePantry, ovenRef, probeRef, stationRef, ticketRef } from '#actors'
import { Machine } from '#kernel'
import type { NodeId, ShardId } from '#ports'
import { type Gateway, startGateway } from '../index.ts'
import type { KitchenThing } from '../kitchen-words.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { Page } from '../testing/page.ts'
import { KitchenFeed, kitchenBounds } from './kitchen-feed.ts'

const kinds = ['station', 'oven', 'pan', 'fryer', 'probe', 'kitchen-timer', 'bin', 'ticket', 'cook', 'dish']
const oven = ovenRef('main', 'oven', 1)
let cluster: FakeCluster
let gateway: Gateway
const pages: Page[] = []

beforeEach(async () => {
  const types = definitions
    .filter(({ type }) => kinds.includes(type))
    .map((definition) => ({ definition, machine: new Machine(definition) }))
  cluster = new FakeCluster(types, { connected: true })
  for (const station of houseKitchen('main', 0.1)) cluster.deliver(stationRef('main', station.name), station)
  for (const [bin, opening] of housePantry('main', { scale: 1 })) cluster.deliver(bin, opening)
  cluster.view = {
    ...cluster.view,
    shards: [{ shard: 'orders.0' as ShardId, epoch: 1 as never, owner: 'node-2' as NodeId }],
  }
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0 })
})
afterEach(async () => {
  for (const { socket } of pages.splice(0)) socket.terminate()
  await gateway.close()
})

async function opened(): Promise<Page> {
  const page = new Page(gateway.opsUrl)
  pages.push(page)
  await page.hear('welcome')
  page.say('subscribe', 'kitchen')
  await page.hear('kitchen')
  return page
}
/** All that was told, one patch over the other. */
function seenBy(page: Page): ReadonlyMap<string, KitchenThing> {
  const things = new Map<string, KitchenThing>()
  for (const words of page.said) {
    if (words.type !== 'kitchen') continue
    if (words.whole) things.clear()
    for (const thing of words.things)
      things.set(thing.id, { ...things.get(thing.id), ...thing } as KitchenThing)
    for (const id of words.gone) things.delete(id)
  }
  return things
}
const shown = async (page: Page, id: string, is: (thing: KitchenThing) => boolean): Promise<KitchenThing> => {
  await page.until(() => {
    const thing = seenBy(page).get(id)
    return thing !== undefined && is(thing)
  })
  return seenBy(page).get(id) as KitchenThing
}
const tell = (id: ActorId, message: Message & Readonly<Record<string, unknown>>): void =>
  void cluster.deliver(id, message)
const open = (order: string): void =>
  tell(ticketRef(order), {
    ...{ type: 'ticket.open', order, site: 'main', promisedAt: cluster.now + 600_000_000 },
    items: [{ line: 0, dish: 'caprese', quantity: 1 }],
  })
const asked = (): readonly ActorId[] => cluster.requests.map(({ actor }) => actor)
/** Who is asked from now on, of those that the page has been shown. */
function askedFromNow(page: Page): () => readonly ActorId[] {
  const known = seenBy(page)
  const before = asked().length
  return () =>
    asked()
      .slice(before)
      .filter((id) => known.has(id))
}

describe('when time was turned', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('a ticket that no station tells of is found', async () => {
    let state = 'running'
    const feed = new KitchenFeed(cluster, 'main', () => {}, { view: () => ({ state }) as never })
    const shows = (): boolean => feed.whole.things.some(({ id }) => id === ticketRef('o1'))
    await vi.advanceTimersByTimeAsync(500)
    cluster.silent.add('station')
    open('o1')
    await vi.advanceTimersByTimeAsync(500)
    expect(shows()).toBe(false)
    state = 'seeking'
    await vi.advanceTimersByTimeAsync(200)
    state = 'paused'
    await vi.advanceTimersByTimeAsync(500)
    expect(shows()).toBe(true)
    feed.stop()
  })

  test('one that had ended and is open again stays', async () => {
    const feed = new KitchenFeed(cluster, 'main', () => {})
    const shows = (): boolean => feed.whole.things.some(({ id }) => id === ticketRef('o1'))
    open('o1')
    await vi.advanceTimersByTimeAsync(500)
    tell(ticketRef('o1'), { type: 'ticket.cancel' })
    await vi.advanceTimersByTimeAsync(500)
    cluster.forget(ticketRef('o1'))
    open('o1')
    await vi.advanceTimersByTimeAsync(2 * kitchenBounds.endedMs)
    expect(shows()).toBe(true)
    feed.stop()
  })
})

describe('the kitchen', () => {
  test('is not asked while nobody looks, and is left when the last one goes', async () => {
    expect(asked().filter((id) => id.startsWith('oven/'))).toEqual([])
    const page = await opened()
    await shown(page, oven, () => true)
    expect(cluster.watchers(oven)).toBe(1)
    page.say('unsubscribe', 'kitchen')
    await page.hear('unsubscribed')
    expect(cluster.watchers(oven)).toBe(0)
  })

  test('is told with all its stations, devices and bins, and who runs them', async () => {
    const page = await opened()
    const { node } = await shown(page, oven, (thing) => thing.node !== null)
    expect(node).toBe('node-2')
    for (const id of [
      'station/main:grill',
      'pan/main:grill:1',
      'fryer/main:grill:1',
      'oven/main:pastry:1',
      'kitchen-timer/main:oven:1',
      'bin/main:basil',
      probeRef('main:oven', 1),
    ])
      await shown(page, id, () => true)
    expect(seenBy(page).get('station/main:grill')).toMatchObject({
      ...{ kind: 'station', state: 'quiet', waiting: 0 },
      cooks: [{ n: 1, here: true, job: '', unit: -1 }],
    })
  })

  test('is told to who comes later with all there is', async () => {
    const first = await opened()
    await shown(first, oven, () => true)
    const second = await opened()
    const { whole, things } = await second.hear('kitchen')
    expect(whole).toBe(true)
    expect(things.map(({ id }) => id)).toContain(oven)
  })

  test('asks a device again after a turn, and no other', async () => {
    const page = await opened()
    await shown(page, oven, (thing) => thing.node !== null)
    const again = askedFromNow(page)
    tell(oven, { type: 'appliance.door', open: true })
    expect(await shown(page, oven, (thing) => 'doorOpen' in thing && thing.doorOpen)).toMatchObject({
      kind: 'oven',
    })
    expect(again()).toEqual([oven])
  })

  test('shows how an oven warms without asking it', async () => {
    const page = await opened()
    tell(oven, { type: 'appliance.heat', celsius: 180 })
    await shown(page, oven, (thing) => thing.state === 'preheating')
    const again = askedFromNow(page)
    cluster.now = (cluster.now + 240_000_000) as Instant
    const warm = await shown(page, oven, (thing) => 'reading' in thing && (thing.reading ?? 0) > 100)
    expect(warm).toMatchObject({ state: 'preheating', target: 180 })
    expect(again()).toEqual([])
  })

  test('shows a ticket while its dishes are cooked, and lets it go', async () => {
    const page = await opened()
    await shown(page, 'station/main:garde-manger', () => true)
    open('o1')
    const ticket = await shown(page, ticketRef('o1'), () => true)
    expect(ticket).toMatchObject({ kind: 'ticket', plates: [{ dish: 'caprese', is: 'open' }] })
    tell(ticketRef('o1'), { type: 'ticket.cancel' })
    await page.until(() => !seenBy(page).has(ticketRef('o1')))
    expect(cluster.watchers(ticketRef('o1'))).toBe(0)
  })

  test('asks one who does not answer again', async () => {
    cluster.silent.add('oven')
    const page = await opened()
    await shown(page, 'pan/main:grill:1', () => true)
    cluster.silent.delete('oven')
    await shown(page, oven, () => true)
  })
})
