/** `brigade keys`: the keys that sign access tokens. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption, post } from '../operator.ts'
import { table } from '../terminal/table.ts'

interface ShownKeys {
  readonly items: readonly { readonly kid: string; readonly status: string; readonly since: string }[]
}

export const keys = defineCommand({
  name: 'keys',
  summary: 'keys of access tokens; sign with a new one',
  args: [{ name: 'rotate', about: 'the word itself, to sign with a new key', optional: true }],
  options: { ...opsOption, ...jsonOption },
  about: [
    'Lists the keys of access tokens. With rotate a new one signs from now on; the one before verifies for another hour, and nobody has to log in again. Every 30 days it happens by itself.',
  ],
  examples: [
    { line: 'keys', about: 'All of them.' },
    { line: 'keys rotate', about: 'When one may be known to others.' },
  ],
  next: '/.well-known/jwks.json of the public listener has the public ones.',
  async run({ args: [verb], options: { ops, json } }, terminal) {
    if (verb !== undefined && verb !== 'rotate')
      throw new UsageError(`'${verb}' is not something to do with keys.`, 'npx brigade keys rotate')
    const operator = new Operator(ops, terminal)
    const shown = await operator.ask<ShownKeys>(verb === undefined ? get('keys') : post('keys/rotation'))
    terminal.print(json ? `${JSON.stringify(shown)}\n` : `${linesOf(shown).join('\n')}\n`)
    return 0
  },
})

const linesOf = ({ items }: ShownKeys): readonly string[] =>
  table(
    [{ title: 'KEY' }, { title: 'STATUS' }, { title: 'SINCE' }],
    items.map(({ kid, status, since }) => [kid, status, since]),
  )
