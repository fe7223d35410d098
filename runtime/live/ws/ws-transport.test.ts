import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Frame, Member, NodeId, RequestId, ShardId } from '#ports'
import { transportContract } from '../../ports/contracts/transport.contract.ts'
import { encodeFrame } from './frame-codec.ts'
import { newHello, type Party, readChallenge } from './handshake.ts'
import { WsTransport, type WsTransportOptions } from './ws-transport.ts'

const secret = 'a secret of the cluster'
let seed = 1
const random = {
  next: () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed
  },
}

async function settle(reached: () => boolean): Promise<void> {
  const deadline = performance.now() + 8_000
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`Not reached: ${reached}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const open: WsTransport[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()))
})

async function listen(node: string, options: Partial<WsTransportOptions> = {}): Promise<WsTransport> {
  const transport = await WsTransport.listen({
    node: node as NodeId,
    life: 1,
    cluster: 'c-1',
    secret,
    random,
    ...options,
  })
  open.push(transport)
  return transport
}

const member = (node: string, { address }: { address: string }, life = 1): Member => ({
  node: node as NodeId,
  group: 'all',
  address,
  state: 'up',
  life,
})

const numbered = (n: number): Frame => ({
  items: [{ kind: 'mark', from: 'x.1' as ShardId, to: 'y.1' as ShardId, mark: n }],
})
const [a, b] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]

/** Two nodes that know each other; what b got, and what a heard of its link to b. */
async function pair(options: Partial<WsTransportOptions> = {}) {
  const [from, to] = [await listen('a', options), await listen('b', options)]
  const received: Frame[] = []
  const links: boolean[] = []
  to.onFrame((_, frame) => received.push(frame))
  from.onLink((_, up) => links.push(up))
  const members = [member('a', from), member('b', to)]
  from.peers(members)
  to.peers(members)
  await settle(() => links.length === 1)
  return { from, to, received, links, members }
}

transportContract('WsTransport', async (nodes) => {
  const transports = new Map<NodeId, WsTransport>()
  for (const node of nodes) transports.set(node, await listen(node, { bounds: { waitingBytesMax: 65_536 } }))
  const members = [...transports].map(([node, transport]) => member(node, transport))
  for (const transport of transports.values()) transport.peers(members)
  return {
    ports: transports,
    end: async (node) => transports.get(node)?.close(),
    overflowed: (from, to) => transports.get(from)?.counts(to)?.overflowed ?? 0,
    settle,
    close: async () => {},
  }
})

describe('a link', () => {
  test('comes back when its peer does, in a new life at another address', async () => {
    const { from, to, links } = await pair()
    await to.close()
    await settle(() => links.length === 2)
    const next = await listen('b', { life: 2 })
    const received: Frame[] = []
    next.onFrame((_, frame) => received.push(frame))
    from.peers([member('a', from), member('b', next, 2)])
    await settle(() => links.length === 3)
    from.send(b, numbered(1))
    await settle(() => received.length === 1)
    expect(links).toEqual([true, false, true])
  })

  test('sends nothing again of what it carried before it broke', async () => {
    const { from, to, received, links } = await pair()
    from.send(b, numbered(1))
    await settle(() => received.length === 1)
    await to.close()
    await settle(() => links.length === 2)
    const next = await listen('b', { port: Number(new URL(to.address).port) })
    const later: Frame[] = []
    next.onFrame((_, frame) => later.push(frame))
    await settle(() => links.length === 3)
    from.send(b, numbered(2))
    await settle(() => later.length > 0)
    expect(later).toStrictEqual([numbered(2)])
  })

  test('is dialled again until the peer listens', async () => {
    const first = await listen('b')
    const port = Number(new URL(first.address).port)
    await first.close()
    const from = await listen('a')
    const links: boolean[] = []
    from.onLink((_, up) => links.push(up))
    from.peers([member('b', first)])
    await settle(() => (from.counts(b)?.dials ?? 0) >= 3)
    await listen('b', { port })
    await settle(() => links.length === 1)
    expect(links).toEqual([true])
  })

  test('ends when its peer is no member any more', async () => {
    const { from, links } = await pair()
    from.peers([member('a', from)])
    await settle(() => links.length === 2)
    expect(from.counts(b)).toBeUndefined()
  })

  test('sends the frames of one tick as one message', async () => {
    const { from, to, received } = await pair()
    const sent = countMessages(to)
    for (const n of [1, 2, 3]) from.send(b, numbered(n))
    await settle(() => received.length === 3)
    expect(received).toStrictEqual([1, 2, 3].map(numbered))
    expect(sent()).toBe(1)
  })

  test('W2: drops and counts a frame that the peer would not let in, and stays', async () => {
    const { from, to, received } = await pair({ bounds: { frameBytesMax: 100_000 } })
    const long = (length: number): Frame =>
      ({ items: [{ kind: 'owned', scope: 's', shards: [] }], pad: 'x'.repeat(length) }) as unknown as Frame
    from.send(b, long(99_000))
    from.send(b, long(100_000))
    from.send(b, numbered(1))
    await settle(() => received.length === 2)
    expect(from.counts(b)?.oversized).toBe(1)
    expect(to.refused.malformed).toBe(0)
  })

  test('carries in several frames, in order, what is too long for one', async () => {
    const { from, received } = await pair({ bounds: { frameBytesMax: 2_000 } })
    const items = Array.from({ length: 500 }, (_, n) => numbered(n).items).flat()
    from.send(b, { items })
    await settle(() => received.flatMap((frame) => frame.items).length === items.length)
    expect(received.flatMap((frame) => frame.items)).toStrictEqual(items)
    expect(received.length).toBeGreaterThan(1)
    expect(from.counts(b)?.oversized).toBe(0)
  })

  test('loses of a frame only the item that is no plain data', async () => {
    const { from, received } = await pair()
    const answer = (id: number, value: unknown): Frame['items'][number] => ({
      kind: 'response',
      response: { id: id as RequestId, outcome: { kind: 'answer', value, state: 'here', version: 1 } },
    })
    const items = [answer(1, 1), answer(2, Symbol('odd')), answer(3, 3)]
    for (const to of [a, b]) from.send(to, { items })
    await settle(() => received.length === 2)
    expect(received.flatMap((frame) => frame.items)).toStrictEqual([items[0], items[2]])
    expect(from.unencodable).toBe(2)
  })
})

describe('a handshake', () => {
  const refusedWith = async (options: Partial<WsTransportOptions>, reason: keyof WsTransport['refused']) => {
    const [from, to] = [await listen('a', options), await listen('b')]
    from.onLink(() => expect.unreachable())
    from.peers([member('b', to)])
    await settle(() => to.refused[reason] > 0)
    from.send(b, numbered(1))
    expect(from.counts(b)?.unreachable).toBe(1)
  }

  test('with another secret is refused', () => refusedWith({ secret: 'another' }, 'secret'))
  test('of another cluster is refused', () => refusedWith({ cluster: 'c-2' }, 'cluster'))

  test('meant for another node is refused: addresses are used again', async () => {
    const [from, to] = [await listen('a'), await listen('b')]
    from.onLink(() => expect.unreachable())
    from.peers([member('c', to)])
    await settle(() => to.refused['other-node'] > 0)
  })

  test('with an earlier life of the peer is refused by the dialler', async () => {
    const [from, to] = [await listen('a'), await listen('b', { life: 2 })]
    from.onLink(() => expect.unreachable())
    from.peers([member('b', to, 1)])
    await settle(() => from.refused['other-node'] > 0)
  })

  test('that never comes ends the connection', async () => {
    const to = await listen('b', { bounds: { handshakeMs: 30 } })
    const socket = new WebSocket(to.address)
    const code = await new Promise((resolve) => socket.on('close', resolve))
    expect([code, to.refused.slow]).toEqual([4_006, 1])
  })

  test('H1: cannot be replayed on another link', async () => {
    const to = await listen('b')
    const first = await shake(to)
    const second = new WebSocket(to.address)
    second.once('message', () => second.send(JSON.stringify(first.hello)))
    const code = await new Promise((resolve) => second.on('close', resolve))
    expect([code, to.refused.secret]).toEqual([4_005, 1])
    first.socket.terminate()
  })
})

describe('what comes in', () => {
  const rubbish: readonly (readonly [string, string | Buffer])[] = [
    ['text', 'hello'],
    ['no msgpack', Buffer.from([0xc1])],
    ['a value that is no frame', encodeFrame({ frame: 1 } as unknown as Frame)],
    ['an unknown kind of item', encodeFrame({ items: [{ kind: 'gossip' }] } as unknown as Frame)],
    [
      'an item without its fields',
      encodeFrame({ items: [{ kind: 'mark', from: 'x.1' }] } as unknown as Frame),
    ],
    ['a frame cut short', encodeFrame(numbered(1)).subarray(0, 20)],
    ['a good frame and a bad one', Buffer.concat([encodeFrame(numbered(1)), Buffer.from([0xc1])])],
  ]
  for (const [what, bytes] of rubbish) {
    test(`${what} closes the link with a reason, is counted, and nothing of it is let in`, async () => {
      const to = await listen('b')
      to.onFrame(() => expect.unreachable())
      const { socket } = await shake(to)
      socket.send(bytes)
      const closed = await new Promise((resolve) =>
        socket.on('close', (code, text) => resolve([code, String(text)])),
      )
      expect(closed).toEqual([4_001, 'malformed'])
      expect(to.refused.malformed).toBe(1)
    })
  }

  test('too long closes the link with 1009 and is counted', async () => {
    const to = await listen('b', { bounds: { frameBytesMax: 100_000 } })
    const { socket } = await shake(to)
    socket.send(Buffer.alloc(100_001))
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(1_009)
    expect(to.refused.malformed).toBe(1)
  })

  test('fields that are not known here pass: the protocol grows by addition', async () => {
    const to = await listen('b')
    const received: Frame[] = []
    to.onFrame((_, frame) => received.push(frame))
    const { socket } = await shake(to)
    const newer = { items: [{ ...numbered(1).items[0], colour: 'red' }], size: 3 }
    socket.send(encodeFrame(newer as unknown as Frame))
    await settle(() => received.length === 1)
    expect(received).toStrictEqual([newer])
    socket.terminate()
  })

  test('a plain HTTP request or a bare connection harms nothing', async () => {
    const { from, to, received } = await pair()
    expect((await fetch(to.address.replace('ws:', 'http:'))).status).toBe(426)
    const bare = connect(Number(new URL(to.address).port), '127.0.0.1')
    bare.write('rubbish\r\n\r\n')
    await new Promise((resolve) => bare.on('close', resolve).resume())
    from.send(b, numbered(1))
    await settle(() => received.length === 1)
  })
})

describe('a fault on a link', () => {
  test('a cut swallows both directions, counts, takes the link down here, and heals', async () => {
    const { from, to, received, links } = await pair()
    const back: Frame[] = []
    from.onFrame((_, frame) => back.push(frame))
    from.cut(b)
    expect(links).toEqual([true, false])
    from.send(b, numbered(1))
    await settle(() => to.counts(a) !== undefined)
    to.send(a, numbered(2))
    await settle(() => from.filter.counts(b).cut === 2)
    from.heal(b)
    expect(links).toEqual([true, false, true])
    from.send(b, numbered(3))
    to.send(a, numbered(4))
    await settle(() => received.length === 1 && back.length === 1)
    expect([received, back]).toStrictEqual([[numbered(3)], [numbered(4)]])
  })

  test('a cut in one direction lets the other pass, and the link stays', async () => {
    const { from, to, received, links } = await pair()
    const back: Frame[] = []
    from.onFrame((_, frame) => back.push(frame))
    from.faults([{ from: a, to: b, cut: true }])
    from.send(b, numbered(1))
    await settle(() => to.counts(a) !== undefined)
    to.send(a, numbered(2))
    await settle(() => back.length === 1)
    expect([received, links, from.filter.counts(b).cut]).toEqual([[], [true], 1])
  })

  test('those given replace those in force', async () => {
    const { from, received, links } = await pair()
    from.faults([
      { from: a, to: b, cut: true },
      { from: b, to: a, cut: true },
    ])
    from.faults([{ from: a, to: b, duplicate: 1 }])
    from.send(b, numbered(1))
    await settle(() => received.length === 2)
    from.faults([])
    from.send(b, numbered(2))
    await settle(() => received.length === 3)
    expect(links).toEqual([true, false, true])
  })

  test('drops, doubles and delays as it is told, and counts it', async () => {
    const { from, received } = await pair()
    from.filter.shape(b, { drop: 0.3, duplicate: 0.3, delayMs: 2, jitterMs: 10 })
    for (let n = 0; n < 500; n += 1) from.send(b, numbered(n))
    const { dropped, duplicated, delayed } = from.filter.counts(b)
    expect(dropped).toBeGreaterThan(100)
    expect(duplicated).toBeGreaterThan(50)
    expect(delayed).toBe(500 - dropped + duplicated)
    await settle(() => received.length === delayed)
    const order = received.map(({ items: [item] }) => (item?.kind === 'mark' ? item.mark : -1))
    expect(order).not.toEqual([...order].sort((x, y) => x - y))
  })

  test('a damaged frame closes the link, which comes back', async () => {
    const { from, to, links, received } = await pair()
    from.filter.shape(b, { corrupt: 1 })
    from.send(b, numbered(1))
    await settle(() => links.length === 3)
    expect([links, to.refused.malformed]).toEqual([[true, false, true], 1])
    from.heal(b)
    from.send(b, numbered(2))
    await settle(() => received.length === 1)
    expect(received).toStrictEqual([numbered(2)])
  })
})

/** Joins as node x by hand. */
async function shake(to: WsTransport) {
  const socket = new WebSocket(to.address)
  const next = (): Promise<string> =>
    new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  const challenge = readChallenge(await next())
  if (challenge === undefined) throw new Error('There was no challenge.')
  const party: Party = { node: 'x' as NodeId, life: 1, cluster: 'c-1', secret }
  const hello = newHello(party, b, challenge)
  const welcome = next()
  socket.send(JSON.stringify(hello))
  await welcome
  return { socket, hello }
}

/** Counts the messages that arrive at a transport from now on. */
function countMessages(to: WsTransport): () => number {
  let messages = 0
  const letsIn = to.filter.letsIn.bind(to.filter)
  to.filter.letsIn = (peer, frames) => {
    messages += 1
    return letsIn(peer, frames)
  }
  return () => messages
}
