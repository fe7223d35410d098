/** `brigade add-node`: one more node, which takes its share of the shards. */
import { post } from '../operator.ts'
import { defineOperatorCommand, watch } from '../operator-command.ts'

/** The group that owns the shards of a cluster of one mixed group. */
const usualGroup = 'kitchen'

export const addNode = defineOperatorCommand({
  name: 'add-node',
  summary: 'start one more node',
  args: [{ name: 'GROUP', about: `which group grows (default ${usualGroup})`, optional: true }],
  about: [
    'Starts a process that joins the group. It takes its share of the shards from the others, one by one, and no request fails for it. A name that was drained is used again.',
  ],
  examples: [
    { line: 'add-node', about: 'One more node in the kitchen.' },
    { line: 'add-node edge', about: 'One more door for guests.' },
  ],
  next: 'npx brigade status shows how its shards grow.',
  operation: ({ args: [group = usualGroup] }) => post('nodes', { group }),
  told: ({ answer }) => {
    const { node = 'A node' } = answer as { readonly node?: string }
    return [`${node} is starting, and takes its share of the shards once it is up; ${watch}`]
  },
})
