/** `brigade operations`: how far commands are that take a while. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { get, Operator, opsOption } from '../operator.ts'
import { table } from '../terminal/table.ts'

interface ShownOperation {
  readonly id: string
  readonly state: string
  readonly what: string
  readonly target: string
  readonly by: string
  readonly progress: { readonly done: number; readonly total: number }
  readonly detail?: string
}

export const operations = defineCommand({
  name: 'operations',
  summary: 'how far commands are that take a while',
  args: [{ name: 'ID', about: 'which one, as listed', optional: true }],
  options: { ...opsOption, ...jsonOption },
  about: [
    'A drain, a crash, new nodes and a rolling restart are operations: each is done when its effect was seen, and goes on when the gateway that took it ends. They are kept for a day.',
  ],
  examples: [
    { line: 'operations', about: 'All of them.' },
    { line: 'operations op_1f', about: 'One of them, with its progress.' },
  ],
  async run({ args: [id], options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    if (id === undefined) {
      const page = await operator.ask<{ items: readonly Pick<ShownOperation, 'id' | 'state'>[] }>(
        get('operations'),
      )
      const lines =
        page.items.length === 0
          ? ['There were no operations within the last day.']
          : table(
              [{ title: 'ID' }, { title: 'STATE' }],
              page.items.map((item) => [item.id, item.state]),
            )
      terminal.print(json ? `${JSON.stringify(page)}\n` : `${lines.join('\n')}\n`)
      return 0
    }
    const operation = await operator.ask<ShownOperation>(get(`operations/${encodeURIComponent(id)}`))
    const { state, what, target, by, progress, detail } = operation
    terminal.print(
      json
        ? `${JSON.stringify(operation)}\n`
        : `${state}, ${progress.done} of ${progress.total}: ${what} of ${target}, by ${by}${detail === undefined ? '' : `: ${detail}`}\n`,
    )
    return 0
  },
})
