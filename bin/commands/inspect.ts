/** `brigade inspect`: one actor of a running cluster, in Stately's inspector. */
import { setTimeout } from 'node:timers/promises'
import { type ActorId, typeOf } from '#actor'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption } from '../operator.ts'

export interface ShownTurn {
  readonly sequence: number
  readonly message: { readonly type: string }
  readonly from?: string
  readonly state: unknown
  readonly context?: unknown
}

const lookEveryMs = 500
const turnsAtOnce = 100
const defaultPort = 8_080

export const inspect = defineCommand({
  name: 'inspect',
  summary: "one actor in Stately's inspector, while you develop its machine",
  args: [{ name: 'ACTOR', about: 'its id, as order/ord_7f3a' }],
  options: {
    ...opsOption,
    ...jsonOption,
    port: {
      kind: 'port',
      value: 'P',
      about: `where its events are told, on this machine (default ${defaultPort})`,
    },
  },
  about: [
    "Tells the machine of the actor, its last turns and each new one in the protocol of @statelyai/inspect, over a WebSocket of this machine. The page at the same address shows Stately's inspector, which comes from stately.ai, and hands it the events in your browser; createWebSocketReceiver of that package takes them without.",
    'What is told is what the journal shows to operators: without secrets. For development; nothing is changed.',
  ],
  examples: [{ line: 'inspect order/ord_7f3a', about: 'Then open http://127.0.0.1:8080.' }],
  next: 'Ctrl C ends it. The room of an actor in the inspector of the cluster shows the same, and more.',
  async run({ args: [actor = ''], options: { ops, json, port = defaultPort } }, terminal) {
    const operator = new Operator(ops, terminal)
    const turns = async (query: string): Promise<readonly ShownTurn[]> => {
      const path = `actors/${encodeURIComponent(actor)}/journal?${query}`
      return (await operator.ask<{ readonly items: readonly ShownTurn[] }>(get(path))).items
    }
    // Contexts are made by doing all turns again: only when there is a new one.
    const newer = async (after: number): Promise<readonly ShownTurn[]> => {
      const [latest] = await turns('limit=1')
      if (latest === undefined || latest.sequence <= after) return []
      const found = await turns(`contexts=true&limit=${turnsAtOnce}`)
      return found.filter(({ sequence }) => sequence > after).toReversed()
    }
    const first = await newer(0)
    if (first.length === 0)
      throw new UsageError(
        `There is no actor '${actor}'.`,
        'The room Actors of the inspector lists them.',
        'not-found',
      )
    const { StatelyLink } = await import('../stately-link.ts').catch(() => {
      throw new UsageError(
        '@statelyai/inspect is not installed.',
        'npm install --save-dev @statelyai/inspect',
      )
    })
    const { definitions } = await import('#actors')
    const link = new StatelyLink()
    const told = await link.open(port).catch((error: Error) => {
      throw new UsageError(
        `Nothing can listen on port ${port}: ${error.message}.`,
        'Give another with --port P.',
      )
    })
    const { inspector } = link
    const config = definitions.find(({ type }) => type === typeOf(actor as ActorId))?.machine.config
    // Of a reference to an actor it reads the name and the machine.
    inspector.actor({ sessionId: actor, logic: { config } } as unknown as string, snapshotOf(first.at(-1)))
    const [url, webSocket] = [`http://127.0.0.1:${told}`, `ws://127.0.0.1:${told}`]
    terminal.print(
      json
        ? `${JSON.stringify({ actor, url, webSocket })}\n`
        : `${url} shows ${actor} in Stately's inspector, which comes from stately.ai.\n`,
    )
    terminal.note(`${webSocket} tells the same to createWebSocketReceiver. Ctrl C ends it.\n`)
    let isOver = false
    process.once('SIGINT', () => {
      isOver = true
    })
    let last = 0
    // Who does not answer now is asked again: nodes are killed while one looks.
    for (let found = first; !isOver; found = await newer(last).catch(() => [])) {
      for (const turn of found) {
        inspector.event(actor, turn.message, { ...(turn.from && { source: turn.from }) })
        inspector.snapshot(actor, snapshotOf(turn), { event: turn.message })
        last = turn.sequence
      }
      await setTimeout(lookEveryMs)
    }
    await link.close()
    return 0
  },
})

const snapshotOf = (turn: ShownTurn | undefined) => ({
  status: 'active' as const,
  value: turn?.state,
  context: turn?.context,
})
