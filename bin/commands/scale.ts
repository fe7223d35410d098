/** `brigade scale`: between how many nodes a group may have, and by which load. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption } from '../operator.ts'
import { listed } from '../operator-command.ts'

interface ShownScale {
  readonly version: number
  readonly group: string
  readonly min: number
  readonly max: number
  readonly target: number
  readonly policy: string
  readonly state: string
  readonly loadPercent?: number
  readonly changes: number
  readonly by?: string
}

export const scale = defineCommand({
  name: 'scale',
  summary: 'have nodes added and drained by the load',
  args: [{ name: 'POLICY', about: 'cpu, mailbox or off: by what a group is measured', optional: true }],
  options: {
    group: { kind: 'text', value: 'GROUP', about: 'which one (default kitchen)' },
    target: {
      kind: 'count',
      value: 'N',
      about: 'of each node: percent of a processor, or messages that wait',
    },
    min: { kind: 'count', value: 'N', about: 'no fewer nodes than this' },
    max: { kind: 'count', value: 'N', about: 'no more nodes than this' },
    ...opsOption,
    ...jsonOption,
  },
  about: [
    'Shows the autoscaler of a group, or sets its policy. What is not said stays as it is.',
    'While it is on it looks at the load each second, adds a node when the group is busier than its target, and drains one when it is idle for longer.',
  ],
  examples: [
    { line: 'scale', about: 'How it stands.' },
    { line: 'scale cpu --target 60 --min 2 --max 5', about: 'Two to five nodes, each at most 60% busy.' },
    { line: 'scale off', about: 'The group is left as it is.' },
  ],
  next: 'npx brigade status shows the nodes.',
  async run({ args: [policy], options: { group = 'kitchen', target, min, max, ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const path = `scale?group=${encodeURIComponent(group)}`
    const before = await operator.ask<ShownScale>(get(path))
    const isChange = policy !== undefined || target !== undefined || min !== undefined || max !== undefined
    const said = { POLICY: policy, '--target': target, '--min': min, '--max': max }
    const missing = Object.entries(said).flatMap(([name, value]) => (value === undefined ? [name] : []))
    // What nobody has ever set has no value that would suit: a group could be drained to one node.
    if (isChange && before.version === 0 && policy !== 'off' && missing.length > 0) {
      throw new UsageError(
        `Nobody has set a policy yet, and this one lacks ${listed(missing)}.`,
        'npx brigade scale cpu --target 60 --min 2 --max 5',
      )
    }
    const scaled = !isChange
      ? before
      : await operator.ask<ShownScale>({
          method: 'PUT',
          path,
          ifVersion: before.version,
          body: {
            policy: policy ?? before.policy,
            target: target ?? before.target,
            min: min ?? before.min,
            max: max ?? before.max,
          },
        })
    terminal.print(json ? `${JSON.stringify(scaled)}\n` : `${inWords(scaled)}\n`)
    return 0
  },
})

function inWords({ group, policy, target, min, max, state, loadPercent, changes, by }: ShownScale): string {
  if (policy === 'off') return `Group '${group}' is left as it is: its autoscaler is off.`
  const each = policy === 'cpu' ? `${target}% of a processor` : `${target} messages that wait`
  const load = loadPercent === undefined ? 'it has not looked yet' : `the load is ${loadPercent}% of that`
  return [
    `Group '${group}' has ${min} to ${max} nodes, with ${each} for each; ${load}.`,
    `The autoscaler is ${state}; it has added or drained ${changes} node${changes === 1 ? '' : 's'}. Set by ${by}.`,
  ].join('\n')
}
