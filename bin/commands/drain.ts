/** `brigade drain`: takes a node out of service without losing a message. */
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, shardsMove, watch } from '../operator-command.ts'

export const drain = defineOperatorCommand({
  name: 'drain',
  summary: 'hand over its shards, then end it',
  args: [nodeArgument],
  options: { force: { kind: 'flag', about: 'also when it is the last node of its group' } },
  about: [
    'The node hands every shard to another one of its group, with all that waits in it, and then its process ends. It stays down until add-node brings its name back.',
  ],
  examples: [
    { line: 'drain node-3', about: 'Before maintenance: nothing waits, nothing is lost.' },
    {
      line: 'drain node-1 --force',
      about:
        'Its shards wait until a node of the group is back. With the last edge the way in is gone, for operators too, until the cluster is started again.',
    },
  ],
  next: 'npx brigade status; npx brigade add-node GROUP to have one more again.',
  operation: ({ args: [node = ''], options: { force } }) =>
    post(`nodes/${encodeURIComponent(node)}/drain`, force ? { force } : undefined),
  told: (before, { args: [node] }) => [`${node} is leaving. ${shardsMove(before)}, then it ends; ${watch}`],
})
