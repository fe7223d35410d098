/** `brigade heal`: reverts every fault. */
import { defineOperatorCommand, watch } from '../operator-command.ts'

export const heal = defineOperatorCommand({
  name: 'heal',
  summary: 'revert every fault',
  about: [
    'Ends every partition and whatever else was broken on purpose, and the schedule of faults: who is frozen goes on, and what waited for the other side is sent at once. A node that was killed comes back by itself.',
  ],
  examples: [{ line: 'heal', about: 'After npx brigade partition without --for.' }],
  next: 'npx brigade status: nothing waits for another node any more.',
  operation: () => ({ method: 'DELETE', path: 'faults' }),
  told: () => [`Every fault is reverted, and what waited goes out; ${watch}`],
})
