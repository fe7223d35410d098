/** `brigade uncordon`: lets a node take shards again. */
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, watch } from '../operator-command.ts'

export const uncordon = defineOperatorCommand({
  name: 'uncordon',
  summary: 'let it take shards again',
  args: [nodeArgument],
  about: ['Ends a cordon. The next rebalance gives the node its share.'],
  examples: [{ line: 'uncordon node-2', about: 'It takes its share again.' }],
  next: 'npx brigade status.',
  operation: ({ args: [node = ''] }) => post(`nodes/${encodeURIComponent(node)}/uncordon`),
  told: ({ node }) => [`${node?.id} takes shards again; ${watch}`],
})
