/** `brigade rolling-restart`: every node anew, one after the other. */
import { post } from '../operator.ts'
import { defineOperatorCommand, watch } from '../operator-command.ts'

export const rollingRestart = defineOperatorCommand({
  name: 'rolling-restart',
  summary: 'restart every node, one after the other',
  about: [
    'Each node hands its shards over, ends, and is started again; the next one follows when it takes part. Edges are among them: whoever is connected comes back.',
  ],
  examples: [{ line: 'rolling-restart', about: 'New code or a new start configuration, without a pause.' }],
  next: 'npx brigade operations ID shows how far it is.',
  operation: () => post('cluster/rolling-restart'),
  told: ({ answer }) => {
    const { operation = '' } = answer as { readonly operation?: string }
    return [`One node after the other starts again (${operation}); ${watch}`]
  },
})
