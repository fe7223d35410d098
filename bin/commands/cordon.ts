/** `brigade cordon`: keeps a node from taking more. */
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, watch } from '../operator-command.ts'

export const cordon = defineOperatorCommand({
  name: 'cordon',
  summary: 'let it take no more shards',
  args: [nodeArgument],
  about: ['The node keeps the shards that it has, and takes no more.'],
  examples: [{ line: 'cordon node-2', about: 'It works on; what moves goes elsewhere.' }],
  next: 'npx brigade uncordon NODE lets it take shards again.',
  operation: ({ args: [node = ''] }) => post(`nodes/${encodeURIComponent(node)}/cordon`),
  told: ({ node }) => [`${node?.id} keeps its ${node?.shardsOwned} shards and takes no more; ${watch}`],
})
