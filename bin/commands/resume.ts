/** `brigade resume`: lets a frozen node go on. */
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, watch } from '../operator-command.ts'

export const resume = defineOperatorCommand({
  name: 'resume',
  summary: 'let a frozen node go on (SIGCONT)',
  args: [nodeArgument],
  about: [
    'Ends a pause. If the launcher has killed the frozen process meanwhile there is nothing to resume: another one has its name.',
  ],
  examples: [{ line: 'resume node-3', about: 'It goes on where it stood still.' }],
  next: 'npx brigade status.',
  operation: ({ args: [node = ''] }) => post(`nodes/${encodeURIComponent(node)}/resume`),
  told: (_before, { args: [node] }) => [`${node} goes on; ${watch}`],
})
