/**
 * P4: asking an actor in another process, beside the bare loop over the same socket and beside comedy.
 *
 * This process is an edge: it owns nothing and lets requests in. The other one owns the orders, over the real
 * transport and the real store. An ask is a command with its answer: one durable turn, and nothing is answered
 * before it is on the disk.
 *
 * Method: 512 orders, each asked again as soon as it has answered; and one order alone. What LMDB alone makes is
 * measured in the owner's process, with the batches that these asks made.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import comedy from 'comedy'
import { Packr } from 'msgpackr'
import { WebSocket } from 'ws'
import type { Node } from '#host'
import { LauncherMembership, SystemRandom, WsTransport } from '#live'
import type { Member, NodeId, Outcome, Request } from '#ports'
import { benchSecret, departments, type Group, startNode } from './bench-node.ts'
import { type OrderMessage, orderDay, orderRef } from './order.ts'
import type { PeerAnswer, PeerOrder, PeerRole } from './remote-peer.ts'
import { type Report, SideBySide, type Way } from './side-by-side.ts'
import { newFolder, removeFolders, WatchedJournal } from './store.ts'

const inFlight = 512
const keptBatches = 200

/** Asks the order of this number, and says when it has answered. */
type Ask = (order: number, done: () => void) => void

/** So many are asked at a time. Answers a second; the last ones are awaited. */
function pipelined(atATime: number, ask: Ask): Way {
  return (forMs) =>
    new Promise((resolve) => {
      const from = performance.now()
      let answers = 0
      let asked = atATime
      let rate: number | undefined
      const again = (order: number): void => {
        answers += 1
        const elapsedMs = performance.now() - from
        if (elapsedMs < forMs) {
          ask(order, () => again(order))
          return
        }
        rate ??= (answers * 1_000) / elapsedMs
        asked -= 1
        if (asked === 0) resolve(rate)
      }
      for (let order = 0; order < atATime; order += 1) ask(order, () => again(order))
    })
}

// ── the other process ──

class Peer {
  readonly #process: ChildProcess

  constructor(role: PeerRole) {
    this.#process = fork(
      fileURLToPath(new URL('./remote-peer.js', import.meta.url)),
      [JSON.stringify(role)],
      {
        stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
      },
    )
  }

  tell(order: PeerOrder): void {
    this.#process.send(order)
  }

  async answer(): Promise<{ address?: string; cluster?: string; rate?: number }> {
    const [answer] = (await once(this.#process, 'message')) as [PeerAnswer]
    return answer
  }

  /** LMDB alone, in that process. */
  lmdb(atATime: number): Way {
    return async (forMs) => {
      this.tell({ kind: 'lmdb', inFlight: atATime, forMs })
      return (await this.answer()).rate ?? Number.NaN
    }
  }

  end(): void {
    this.#process.disconnect()
  }
}

// ── ways to ask ──

const queryOf = (order: number): Omit<Request, 'id' | 'node'> => ({
  actor: orderRef(order),
  body: { kind: 'query', name: 'total' },
  timeoutMs: 10_000,
})

/** ws and msgpackr: what is asked in one tick goes out as one frame. */
async function bareLoop(address: string): Promise<Ask> {
  const packr = new Packr()
  const socket = new WebSocket(address, { perMessageDeflate: false })
  await once(socket, 'open')
  const waiting = new Map<string, () => void>()
  let items: object[] = []
  let count = 0
  socket.on('message', (data) => {
    const frame = packr.unpack(data as Buffer) as { items: { response: { id: string } }[] }
    for (const { response } of frame.items) {
      const done = waiting.get(response.id)
      waiting.delete(response.id)
      done?.()
    }
  })
  return (order, done) => {
    count += 1
    const id = `edge-1:${count}`
    waiting.set(id, done)
    if (items.length === 0) {
      setImmediate(() => {
        socket.send(packr.pack({ items }))
        items = []
      })
    }
    items.push({ kind: 'request', request: { id, node: 'edge-1', ...queryOf(order) } })
  }
}

async function comedyAsk(): Promise<{ ask: Ask; end(): Promise<void> }> {
  const system = comedy.createSystem({ test: true })
  const root = await system.rootActor()
  // comedy reads a path that begins with two slashes as absolute.
  const path = `/${fileURLToPath(new URL('./comedy-asked.js', import.meta.url))}`
  const actor = await root.createChild(path, { mode: 'forked' })
  let count = 0
  const ask: Ask = (order, done) => {
    count += 1
    const request = { id: `edge-1:${count}`, node: 'edge-1', ...queryOf(order) }
    actor.sendAndReceive('ask', request).then(done)
  }
  return { ask, end: () => system.destroy() }
}

function expect(outcome: Outcome, kind: Outcome['kind']): void {
  if (outcome.kind !== kind) throw new Error(`An order answered '${outcome.kind}', not '${kind}'.`)
}

function nodeQuery(edge: Node): Ask {
  return (order, done) =>
    edge.request(queryOf(order), (outcome) => {
      expect(outcome, 'answer')
      done()
    })
}

/** Each order is told the next message of its day. */
function nodeAsk(edge: Node): Ask {
  const steps = Array.from({ length: inFlight }, () => 0)
  return (order, done) => {
    const step = steps[order] as number
    steps[order] = step + 1
    const message = orderDay[step % orderDay.length] as OrderMessage
    const body = { kind: 'command', message } as const
    edge.request({ actor: orderRef(order), body, timeoutMs: 10_000 }, (outcome) => {
      expect(outcome, 'done')
      done()
    })
  }
}

async function startEdge(folder: string, peer: Peer): Promise<Node> {
  const { address = '', cluster = '' } = await peer.answer()
  const name = 'edge-1' as NodeId
  const random = new SystemRandom()
  const transport = await WsTransport.listen({ node: name, life: 1, cluster, secret: benchSecret, random })
  const member = (node: NodeId, group: Group, at: string): Member => ({
    node,
    group,
    address: at,
    state: 'up',
    life: 1,
  })
  const members = [member('node-1' as NodeId, 'all', address), member(name, 'edge', transport.address)]
  peer.tell({ kind: 'members', members })
  const membership = new LauncherMembership({ version: 1, members })
  membership.watch((all) => transport.peers(all))
  const journal = await WatchedJournal.open(folder, departments)
  return startNode({ node: name, group: 'edge', journal, transport, membership })
}

export async function measure(): Promise<Report> {
  const folder = newFolder()
  const owner = new Peer({ role: 'node', folder })
  const edge = await startEdge(folder, owner)
  const echo = new Peer({ role: 'echo' })
  const { address = '' } = await echo.answer()
  const forked = await comedyAsk()
  const ask = nodeAsk(edge)

  // What LMDB alone will write: batches of many asks, then of one.
  await pipelined(inFlight, ask)(300)
  owner.tell({ kind: 'keep', batches: keptBatches })
  await pipelined(inFlight, ask)(1_000)
  await owner.lmdb(2)(10)
  owner.tell({ kind: 'keep', batches: keptBatches })
  await pipelined(1, ask)(500)
  await owner.lmdb(1)(10)

  const found = await SideBySide.run(
    {
      bare: pipelined(inFlight, await bareLoop(address)),
      query: pipelined(inFlight, nodeQuery(edge)),
      comedy: pipelined(inFlight, forked.ask),
      durable: pipelined(inFlight, ask),
      L: owner.lmdb(2),
      alone: pipelined(1, ask),
      flush: owner.lmdb(1),
    },
    { rounds: 5, roundMs: 400 },
  )
  await forked.end()
  edge.stop()
  owner.end()
  echo.end()
  removeFolders()
  const perSecond = (what: string, name: Parameters<typeof found.median>[0], unit: string) => ({
    what,
    value: found.median(name),
    unit,
  })
  return {
    promise: 'P4',
    title: 'asking an actor in another process',
    figures: [
      perSecond(`bare ws + msgpackr, ${inFlight} in flight`, 'bare', 'asks/s'),
      perSecond(`Brigade: queries, ${inFlight} in flight`, 'query', 'asks/s'),
      perSecond(`comedy: a forked actor, ${inFlight} in flight`, 'comedy', 'asks/s'),
      perSecond(`Brigade: durable asks, ${inFlight} in flight`, 'durable', 'asks/s'),
      perSecond('L, LMDB alone with the same batches', 'L', 'turns/s'),
      { what: 'Brigade: a durable ask alone', value: 1_000 / found.median('alone'), unit: 'ms' },
      { what: 'LMDB alone: one such batch, flushed', value: 1_000 / found.median('flush'), unit: 'ms' },
    ],
    goals: [
      {
        what: 'queries: of the bare loop',
        value: 100 * found.ratio('query', 'bare'),
        unit: '%',
        atLeast: 50,
      },
      { what: 'queries / comedy', value: found.ratio('query', 'comedy'), unit: '×', atLeast: 2 },
      {
        what: 'durable asks: of half of L',
        value: 100 * found.ratioTo('durable', (round) => (found.of('L')[round] as number) / 2),
        unit: '%',
        atLeast: 40,
      },
      { what: 'one alone / one flush', value: found.ratio('flush', 'alone'), unit: '×', atMost: 3 },
    ],
    notMeasured: [
      'two machines: both processes share this one, and its loopback',
      'an ask from actor to actor: it is a durable turn more on the asking side, before and after',
    ],
  }
}
