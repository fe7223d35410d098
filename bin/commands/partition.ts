/** `brigade partition`: cuts the links between two sets of nodes. */
import { durationText } from '../command-line/duration.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { post } from '../operator.ts'
import { defineOperatorCommand, listed, watch } from '../operator-command.ts'

export const partition = defineOperatorCommand({
  name: 'partition',
  summary: 'cut the links between two sides',
  args: [
    { name: 'A', about: 'the nodes of one side: node-1, or node-1,node-2' },
    { name: 'B', about: 'the nodes of the other' },
  ],
  options: { for: { kind: 'duration', value: 'TIME', about: 'until it heals by itself: 10s, 2m' } },
  about: [
    'Frames between the two sides are dropped, both ways. Ownership does not change: a node leaves the cluster only when its process has ended, so no side takes the shards of the other. What is sent across waits in outboxes and arrives once the links are back.',
  ],
  examples: [
    { line: 'partition node-1 node-2,node-3 --for 10s', about: 'One node is alone for ten seconds.' },
    { line: 'partition node-1 node-2', about: 'Until npx brigade heal.' },
  ],
  next: 'npx brigade status shows what waits; npx brigade heal reverts every fault.',
  operation: ({ args: [a = '', b = ''], options: { for: forMs } }) => {
    const sides = [sideOf(a), sideOf(b)] as const
    const both = sides[0].find((node) => sides[1].includes(node))
    if (both !== undefined) throw new UsageError(`'${both}' cannot be on both sides.`)
    return post('faults', {
      kind: 'partition',
      target: { a: sides[0], b: sides[1] },
      ...(forMs !== undefined && { forMs }),
    })
  },
  told: (_before, { args: [a = '', b = ''], options: { for: forMs } }) => {
    const sides = `${listed(sideOf(a))} and ${listed(sideOf(b))}`
    const end =
      forMs === undefined ? 'until npx brigade heal' : `and hear each other again in ${durationText(forMs)}`
    return [`${sides} do not hear each other, ${end}. Nobody takes anybody's shards; ${watch}`]
  },
})

function sideOf(typed: string): readonly string[] {
  const nodes = typed.split(',').filter((node) => node !== '')
  if (nodes.length > 0) return [...new Set(nodes)]
  throw new UsageError('A side of a partition has at least one node, like node-1 or node-1,node-2.')
}
