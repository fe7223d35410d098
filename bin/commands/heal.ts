/** `brigade heal`: mends every link. */
import { defineOperatorCommand, watch } from '../operator-command.ts'

export const heal = defineOperatorCommand({
  name: 'heal',
  summary: 'mend every link',
  about: ['Ends every partition. What waited for the other side is sent at once.'],
  examples: [{ line: 'heal', about: 'After npx brigade partition without --for.' }],
  next: 'npx brigade status: nothing waits for another node any more.',
  operation: () => ({ method: 'DELETE', path: 'faults' }),
  told: () => [`Every link is mended, and what waited goes out; ${watch}`],
})
