/** `brigade status`: what a running cluster is doing. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { Operator, opsOption, type ShownCluster, type ShownNode } from '../operator.ts'
import { table } from '../terminal/table.ts'
import type { Paint } from '../terminal/terminal.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'nodes, their shards and what waits',
  options: { ...opsOption, ...jsonOption },
  about: [
    'Shows every node with its state, how many processes of its name there have been (life), the shards that it owns, the actors in its memory and the messages that wait there.',
    'up: works. cordoned: takes no more shards. leaving: hands over. paused: frozen. starting: its process loads. waiting: its process ended, and is started again soon. down: no process, and none to come.',
    'A shard without an owner is taken within a second or two. One that a newer build has written to waits for a node of that build, and nothing of it is lost; the version that it needs is named.',
  ],
  examples: [
    { line: 'status', about: 'A table for people.' },
    { line: 'status --json', about: 'The same and more, with counters and latencies.' },
    { line: 'status --ops http://127.0.0.1:5001', about: 'A cluster that listens elsewhere.' },
  ],
  next: 'npx brigade crash NODE, and look again.',
  async run({ options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const cluster = await operator.cluster()
    terminal.print(
      json
        ? `${JSON.stringify(cluster)}\n`
        : `${statusLines(cluster, operator.url, terminal.paint).join('\n')}\n`,
    )
    return 0
  },
})

export function statusLines(cluster: ShownCluster, url: string, paint: Paint): string[] {
  const { nodes, shards, world } = cluster
  const { total, unowned, waiting } = shards
  const left = waiting.reduce((sum, { shards }) => sum + shards, 0)
  const trouble = [
    ...(unowned === 0 ? [] : [paint.red(`${unowned} without an owner`)]),
    ...(left === 0 ? [] : [paint.yellow(`${left} wait for a newer build`)]),
  ]
  return [
    `Cluster at ${url}`,
    `World ${world.now.slice(11, 19)}, x${world.speed}. ${total} shards, ${trouble.length === 0 ? 'all owned' : trouble.join(', ')}.`,
    ...waiting.map(
      ({ type, needs, has, shards }) =>
        `${shards} shards need version ${needs} of '${type}', and this build has version ${has} without a migration: start a node of the newer build.`,
    ),
    '',
    ...nodeTable(nodes, paint),
  ]
}

export function nodeTable(nodes: readonly ShownNode[], paint: Paint): string[] {
  const [title = '', ...rows] = table(
    [
      { title: 'NODE' },
      { title: 'GROUP' },
      { title: 'STATE', least: 8 },
      { title: 'LIFE', align: 'right' },
      { title: 'SHARDS', align: 'right' },
      { title: 'ACTORS', align: 'right' },
      { title: 'WAITING', align: 'right' },
      { title: 'DEAD', align: 'right' },
      { title: 'RSS', align: 'right', least: 6 },
      { title: 'PID', align: 'right', least: 5 },
    ],
    nodes.map(({ id, group, state, life, shardsOwned, gauges, pid }) => [
      id,
      group,
      state === 'up' ? state : state === 'down' ? paint.red(state) : paint.yellow(state),
      String(life),
      String(shardsOwned),
      shown(gauges.actors),
      shown(sum(gauges.mailboxRows, gauges.outboxRows)),
      gauges.deadLettersNow ? paint.yellow(shown(gauges.deadLettersNow)) : shown(gauges.deadLettersNow),
      megabytes(gauges.rssBytes),
      shown(pid),
    ]),
  )
  return [paint.faint(title), ...rows]
}

const shown = (value: number | undefined): string => (value === undefined ? '-' : String(value))
const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${Math.round(bytes / 1e6)} MB`
}
