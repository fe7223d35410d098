/**
 * The other process of P4: a node that owns the orders, or a server that only echoes.
 *
 * Run by fork; it says `{ address }` once it listens, and ends with its parent.
 */
import { Packr } from 'msgpackr'
import { WebSocketServer } from 'ws'
import { LauncherMembership, SystemRandom, WsTransport } from '#live'
import type { Member, NodeId } from '#ports'
import { benchSecret, departments, startNode } from './bench-node.ts'
import type { Way } from './side-by-side.ts'
import { lmdbAlone, WatchedJournal } from './store.ts'

export type PeerRole = { readonly role: 'echo' } | NodeRole
export interface NodeRole {
  readonly role: 'node'
  readonly folder: string
}

/** To a node: its view of the members; what to keep; or to measure LMDB alone with what it kept. */
export type PeerOrder =
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'keep'; readonly batches: number }
  | { readonly kind: 'lmdb'; readonly inFlight: number; readonly forMs: number }

export type PeerAnswer = { readonly address: string; readonly cluster?: string } | { readonly rate: number }

function say(answer: PeerAnswer): void {
  process.send?.(answer)
}

/** A frame of requests comes in, a frame of as many answers goes out. */
function echo(): void {
  const packr = new Packr()
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const { items } = packr.unpack(data as Buffer) as { items: { request: { id: string } }[] }
      const answers = items.map(({ request }) => ({
        kind: 'response',
        response: { id: request.id, outcome: { kind: 'answer', value: 1_250, state: 'queued', version: 3 } },
      }))
      socket.send(packr.pack({ items: answers }))
    }),
  )
  server.on('listening', () =>
    say({ address: `ws://127.0.0.1:${(server.address() as { port: number }).port}` }),
  )
}

async function node({ folder }: NodeRole): Promise<void> {
  const name = 'node-1' as NodeId
  const journal = await WatchedJournal.open(folder, departments)
  const { cluster } = journal.environment.identity
  const transport = await WsTransport.listen({
    node: name,
    life: 1,
    cluster,
    secret: benchSecret,
    random: new SystemRandom(),
  })
  const membership = new LauncherMembership({ version: 0, members: [] })
  membership.watch((members) => transport.peers(members))
  startNode({ node: name, group: 'all', journal, transport, membership })
  let version = 0
  const alone = new Map<number, Way>()
  process.on('message', async (order: PeerOrder) => {
    if (order.kind === 'members') {
      version += 1
      membership.update({ version, members: order.members })
    } else if (order.kind === 'keep') {
      journal.kept = []
      journal.keep = order.batches
    } else {
      // What was kept until the first time it is asked for.
      journal.keep = 0
      const way = alone.get(order.inFlight) ?? (await lmdbAlone(journal.kept, order.inFlight))
      alone.set(order.inFlight, way)
      say({ rate: await way(order.forMs) })
    }
  })
  say({ address: transport.address, cluster })
}

process.once('disconnect', () => process.exit(0))
const role = JSON.parse(process.argv[2] ?? '') as PeerRole
if (role.role === 'echo') echo()
else await node(role)
