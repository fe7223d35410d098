import { describe, expect, test } from 'vitest'
import type { Frame, NodeId, ScopeId, ShardId, Transport } from '#ports'
import { transportContract } from '../runtime/ports/contracts/transport.contract.ts'
import { calmLink, type LinkCharacter, SimNetwork } from './network.ts'
import { SimProcess } from './process.ts'
import { Timeline } from './timeline.ts'

function openNetwork(nodes: readonly NodeId[], character: Partial<LinkCharacter> = {}, seed = 1) {
  const timeline = new Timeline(seed)
  const network = new SimNetwork(timeline, { ...calmLink, ...character })
  const processes = new Map(nodes.map((node) => [node, new SimProcess(timeline)]))
  const ports = new Map([...processes].map(([node, process]) => [node, network.port(node, process)]))
  return { timeline, network, processes, ports }
}

transportContract('SimNetwork', (nodes) => {
  const { timeline, network, processes, ports } = openNetwork(nodes)
  return {
    ports,
    end: async (node) => processes.get(node)?.end(),
    overflowed: (from, to) => network.counts(from, to).overflowed,
    settle: async (reached) => {
      timeline.run()
      expect(reached()).toBe(true)
    },
    close: async () => {},
  }
})

const [a, b, c] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId]
const numbered = (n: number): Frame => ({
  items: [{ kind: 'mark', from: 'x.1' as ShardId, to: 'y.1' as ShardId, mark: n }],
})

/** Sends `frames` from a to b, one every 100 µs, and returns their numbers in the order of arrival. */
function flood(character: Partial<LinkCharacter>, frames = 2_000, seed = 1) {
  const { timeline, network, ports } = openNetwork([a, b], character, seed)
  const arrived: number[] = []
  const at: number[] = []
  ports.get(b)?.onFrame((_, { items }) => {
    const [item] = items
    if (item?.kind !== 'mark') return
    arrived.push(item.mark)
    at[item.mark] = timeline.now
  })
  for (let n = 0; n < frames; n += 1) timeline.after(n * 100, () => ports.get(a)?.send(b, numbered(n)))
  timeline.run()
  return { arrived, at, counts: network.counts(a, b) }
}

describe('a link', () => {
  test('N1: keeps its order although delays have a heavy tail', () => {
    const { arrived, at } = flood({ tailUs: 500 })
    expect(arrived).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
    const delays = at.map((arrival, n) => arrival - n * 100)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(calmLink.delayUs)
    expect(Math.max(...delays)).toBeGreaterThan(5_000)
    expect(Math.max(...delays)).toBeLessThanOrEqual(calmLink.delayUs + calmLink.tailMaxUs)
  })

  test('N3: drops, damages, doubles and reorders about as often as it is told, and counts it', () => {
    const { arrived, counts } = flood({ drop: 0.1, corrupt: 0.05, duplicate: 0.2, reorder: 0.1 })
    expect(counts.dropped / 2_000).toBeCloseTo(0.1, 1)
    expect(counts.corrupted / 2_000).toBeCloseTo(0.05, 1)
    expect(counts.duplicated / 2_000).toBeCloseTo(0.2, 1)
    expect(counts.reordered).toBeGreaterThan(100)
    expect(arrived).not.toEqual([...arrived].sort((x, y) => x - y))
    expect(arrived).toHaveLength(counts.delivered)
    expect(counts.delivered).toBe(counts.sent + counts.duplicated - counts.dropped - counts.corrupted)
    expect(new Set(arrived).size).toBe(2_000 - counts.dropped - counts.corrupted)
  })

  test.each([
    ['random', true],
    ['by-link', false],
  ] as const)('delivers %s', (delivery, shuffles) => {
    const { arrived, at } = flood({ delivery, framesMax: 4_096 })
    expect([...arrived].sort((x, y) => x - y)).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
    expect(arrived.some((n, place) => n !== place)).toBe(shuffles)
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8]
    const first = seeds.map((seed) => flood({ delivery }, 1, seed).at[0] ?? 0)
    expect(Math.max(...first)).toBeGreaterThan(shuffles ? 30_000 : 200_000)
    expect(Math.min(...first)).toBeLessThan(30_000)
    expect(at.length).toBe(2_000)
  })

  test('delivers whatever says that something was done after the rest, where it is told so', () => {
    const { timeline, ports } = openNetwork([a, b], { delivery: 'acknowledgements-last' })
    const arrived: string[] = []
    ports.get(b)?.onFrame((_, { items }) => void arrived.push(items[0]?.kind ?? ''))
    const owned: Frame = { items: [{ kind: 'owned', scope: 'a.1' as ScopeId, shards: [] }] }
    for (let n = 0; n < 20; n += 1) for (const frame of [numbered(n), owned]) ports.get(a)?.send(b, frame)
    timeline.run()
    expect(arrived.slice(0, 20).filter((kind) => kind === 'owned').length).toBeGreaterThan(17)
  })

  test.each([
    ['drop', { drop: 0.3 }, 'dropped'],
    ['corrupt', { corrupt: 0.3 }, 'corrupted'],
    ['duplicate', { duplicate: 0.3 }, 'duplicated'],
    ['reorder', { reorder: 0.3 }, 'reordered'],
    ['delay', { slowerUs: 50_000 }, undefined],
  ] as const)(
    'that is disturbed (%s) shows it, and is itself again when that is mended',
    (_, wrong, count) => {
      const { timeline, network, ports } = openNetwork([a, b])
      const late: number[] = []
      let sentAt = 0
      ports.get(b)?.onFrame(() => void late.push(timeline.now - sentAt))
      const send = (frames: number) => {
        for (let n = 0; n < frames; n += 1) ports.get(a)?.send(b, numbered(n))
        sentAt = timeline.now
        timeline.run()
      }
      const disturbed = network.disturb([a], [b], 'one-way', wrong)
      send(200)
      expect(disturbed.frames).toBeGreaterThan(30)
      if (count === undefined) expect(Math.min(...late)).toBeGreaterThan(50_000)
      else expect(network.counts(a, b)[count]).toBe(disturbed.frames)
      const before = { ...network.counts(a, b), frames: disturbed.frames }
      disturbed.heal()
      late.length = 0
      send(200)
      expect(late).toHaveLength(200)
      expect(Math.max(...late)).toBeLessThan(30_000)
      expect({ ...network.counts(a, b), frames: disturbed.frames }).toMatchObject({
        frames: before.frames,
        dropped: before.dropped,
        corrupted: before.corrupted,
        duplicated: before.duplicated,
        reordered: before.reordered,
      })
    },
  )

  test('loses acknowledgements more often than other frames where it is told so', () => {
    const { timeline, ports } = openNetwork([a, b], { dropAcknowledgements: 0.5 })
    const arrived = { mark: 0, owned: 0 }
    ports.get(b)?.onFrame((_, { items }) => {
      for (const { kind } of items) if (kind === 'mark' || kind === 'owned') arrived[kind] += 1
    })
    const owned: Frame = { items: [{ kind: 'owned', scope: 'a.1' as ScopeId, shards: [] }] }
    for (let n = 0; n < 1_000; n += 1) {
      timeline.after(n * 100, () => {
        ports.get(a)?.send(b, numbered(n))
        ports.get(a)?.send(b, owned)
      })
    }
    timeline.run()
    expect(arrived.owned).toBe(1_000)
    expect(arrived.mark / 1_000).toBeCloseTo(0.5, 1)
  })

  test('a fault changes nothing for the frames that it does not meet', () => {
    const calm = flood({ tailUs: 20 }, 500)
    const { arrived, at } = flood({ tailUs: 20, drop: 0.2 }, 500)
    // Nearly every frame is apart from its neighbours, so its delay is its own.
    const same = arrived.filter((n) => at[n] === calm.at[n])
    expect(arrived.length).toBeLessThan(450)
    expect(new Set(arrived.map((n) => (at[n] ?? 0) - n * 100)).size).toBeGreaterThan(20)
    expect(same.length / arrived.length).toBeGreaterThan(0.95)
  })

  test('the same seed gives the same run, another seed another', () => {
    const character = { drop: 0.1, duplicate: 0.1, reorder: 0.1 }
    expect(flood(character, 500, 7)).toEqual(flood(character, 500, 7))
    expect(flood(character, 500, 7)).not.toEqual(flood(character, 500, 8))
  })
})

describe('a cut', () => {
  function cutOff() {
    const subject = openNetwork([a, b, c])
    const arrived: string[] = []
    const links: string[] = []
    for (const [node, port] of subject.ports) {
      port.onFrame((from) => arrived.push(`${from}>${node}`))
      port.onLink((peer, up) => links.push(`${node} ${up ? 'has' : 'lost'} ${peer}`))
    }
    const sendAll = (): string[] => {
      arrived.length = 0
      for (const [node, port] of subject.ports)
        for (const to of [a, b, c]) if (to !== node) port.send(to, numbered(1))
      subject.timeline.run()
      return arrived.toSorted()
    }
    subject.timeline.run()
    links.length = 0
    return { ...subject, links, sendAll }
  }
  const all = ['a>b', 'a>c', 'b>a', 'b>c', 'c>a', 'c>b']

  test('in both directions swallows what crosses it, counts it, and takes the links down until healed', () => {
    const { network, links, sendAll } = cutOff()
    const cut = network.cut([a], [b, c])
    expect(cut.frames).toBe(0)
    expect(sendAll()).toEqual(['b>c', 'c>b'])
    expect(cut.frames).toBe(4)
    expect(links.toSorted()).toEqual(['a lost b', 'a lost c', 'b lost a', 'c lost a'])
    cut.heal()
    expect(sendAll()).toEqual(all)
    expect(links).toContain('a has b')
  })

  test('in one direction lets the other pass, and no link goes down', () => {
    const { network, links, sendAll } = cutOff()
    network.cut([a], [b], 'one-way')
    expect(sendAll()).toEqual(all.filter((link) => link !== 'a>b'))
    expect(links).toEqual([])
  })

  test('that overlaps another stays when that is healed', () => {
    const { network, sendAll } = cutOff()
    const first = network.cut([a], [b, c])
    const second = network.cut([b], [c])
    first.heal()
    expect(sendAll()).toEqual(all.filter((link) => link !== 'b>c' && link !== 'c>b'))
    expect(second.frames).toBe(2)
    network.healAll()
    expect(sendAll()).toEqual(all)
  })

  test('meets frames that are on their way', () => {
    const { network, ports, timeline } = cutOff()
    ports.get(b)?.onFrame(() => expect.unreachable())
    ports.get(a)?.send(b, numbered(1))
    const cut = network.cut([a], [b])
    timeline.run()
    expect(cut.frames).toBe(1)
  })
})

describe('a process', () => {
  test('that is frozen gets its frames after the thaw, in order', () => {
    const { timeline, processes, ports } = openNetwork([a, b])
    const arrived: Frame[] = []
    ports.get(b)?.onFrame((_, frame) => arrived.push(frame))
    processes.get(b)?.freeze()
    for (const n of [1, 2, 3]) ports.get(a)?.send(b, numbered(n))
    timeline.run()
    expect(arrived).toEqual([])
    processes.get(b)?.thaw()
    timeline.run()
    expect(arrived).toEqual([1, 2, 3].map(numbered))
  })

  test('N2: that has ended leaves no frame to its next life', () => {
    const { timeline, network, processes, ports } = openNetwork([a, b])
    ports.get(a)?.send(b, numbered(1))
    processes.get(b)?.end()
    const next: Transport = network.port(b, new SimProcess(timeline))
    const arrived: Frame[] = []
    next.onFrame((_, frame) => arrived.push(frame))
    ports.get(a)?.send(b, numbered(2))
    timeline.run()
    expect(arrived).toEqual([numbered(2)])
    expect(network.counts(a, b).unreachable).toBe(1)
  })

  test('that has ended may still be heard: its frames were on their way', () => {
    const { timeline, processes, ports } = openNetwork([a, b])
    const arrived: Frame[] = []
    ports.get(b)?.onFrame((_, frame) => arrived.push(frame))
    ports.get(a)?.send(b, numbered(1))
    processes.get(a)?.end()
    timeline.run()
    expect(arrived).toEqual([numbered(1)])
  })
})

test('T1: a frame that no wire would carry is refused where it is sent', () => {
  const { ports } = openNetwork([a, b])
  for (const args of [() => 1, new Map(), new Date(0)]) {
    const frame = { items: [{ kind: 'request', request: { args } }] } as unknown as Frame
    expect(() => ports.get(a)?.send(b, frame)).toThrow(TypeError)
  }
})
