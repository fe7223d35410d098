/** `brigade pause`: freezes a node, as a long garbage collection or a stalled machine would. */
import { durationMs, durationText } from '../command-line/duration.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { post } from '../operator.ts'
import { defineOperatorCommand, nodeArgument, processOf, shardsMove, watch } from '../operator-command.ts'

/** The launcher's own (a test compares them): to load the launcher for a number would cost a second. */
export const heartbeatBoundMs = 1_000
const bound = durationText(heartbeatBoundMs)

export const pause = defineOperatorCommand({
  name: 'pause',
  summary: 'freeze a node (SIGSTOP), for a time',
  args: [
    nodeArgument,
    { name: 'FOR', about: 'how long: 500ms, 10s; until resume without it', optional: true },
  ],
  about: [
    'Stops the process of a node in its tracks; it does not know. A cluster that believed timeouts would now have two owners of its shards.',
    `A node that is silent for ${bound} is killed by the launcher before anybody takes its shards, and started again. A shorter pause it survives.`,
  ],
  examples: [
    { line: 'pause node-3 500ms', about: 'It comes back, late, and goes on.' },
    { line: 'pause node-3 10s', about: 'Longer than the launcher waits: it is killed and replaced.' },
  ],
  next: 'npx brigade status; npx brigade resume NODE ends a pause early.',
  operation: ({ args: [node = '', lasts] }) =>
    post(
      `nodes/${encodeURIComponent(node)}/pause`,
      lasts === undefined ? undefined : { forMs: lengthOf(lasts) },
    ),
  told: (before, { args: [node, lasts] }) => {
    const isShort = lasts !== undefined && lengthOf(lasts) < heartbeatBoundMs
    const end = isShort
      ? `It goes on by itself in ${lasts}, with its shards`
      : `After ${bound} without a heartbeat the launcher kills it. ${shardsMove(before)}`
    return [`${node} is frozen (${processOf(before)}). ${end}; ${watch}`]
  },
})

function lengthOf(typed: string): number {
  const ms = durationMs(typed)
  if (ms !== undefined) return ms
  throw new UsageError(`FOR is a length of time like 500ms, 10s or 2m, not '${typed}'.`)
}
