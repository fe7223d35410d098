/** `brigade crash`: ends a node as a power cut would. */
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, processOf, shardsMove, watch } from '../operator-command.ts'

export const crash = defineOperatorCommand({
  name: 'crash',
  summary: 'kill a node (SIGKILL)',
  args: [nodeArgument],
  about: [
    'Kills the process of a node at once, as a power cut would. What it had acknowledged is in the journal; its shards move to the other nodes of its group, and the launcher starts it again under the same name, with a higher life.',
  ],
  examples: [{ line: 'crash node-2', about: 'In a busy kitchen this is the first thing to try.' }],
  next: 'npx brigade status shows the new owners of the shards; orders go on meanwhile.',
  operation: ({ args: [node = ''] }) => post(`nodes/${encodeURIComponent(node)}/crash`),
  told: (before, { args: [node] }) => [
    `${node} was killed (${processOf(before)}). ${shardsMove(before)}; ${watch}`,
  ],
})
