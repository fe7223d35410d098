/** `brigade admin`: the account that administers the others. */
import { randomUUID } from 'node:crypto'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption, post } from '../operator.ts'
import { settingOf } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'

const variable = 'BRIGADE_ADMIN_PASSWORD'

export const admin = defineCommand({
  name: 'admin',
  summary: 'who administers accounts; make the first one',
  args: [{ name: 'create', about: 'the word itself, to make one', optional: true }],
  options: {
    email: { kind: 'text', value: 'ADDRESS', about: 'its e-mail address (default: it is asked for)' },
    another: { kind: 'flag', about: 'one more, where there is an admin already' },
    ...opsOption,
    ...jsonOption,
  },
  about: [
    'Lists the accounts that are admins and not locked, or makes one.',
    `Asks for e-mail address and password, without showing the password. A program gives the password in ${variable}, in a file that ${variable}_FILE names, or as a line of standard input. Only its hash leaves this process.`,
    'An admin gives roles to other accounts: PUT /api/v1/users/{id}/roles.',
  ],
  examples: [
    { line: 'admin create', about: 'Asks.' },
    {
      line: 'admin create --email root@example.org',
      about: 'For a script, with the password on standard input.',
    },
  ],
  next: 'log in with POST /api/v1/auth/login.',
  async run({ args: [verb], options: { email: given, another, ops, json } }, terminal) {
    if (verb !== undefined && verb !== 'create') {
      throw new UsageError(
        `'${verb}' is not something to do with admins.`,
        'Make one: npx brigade admin create',
      )
    }
    const operator = new Operator(ops, terminal)
    // First, so that nobody types a password for a cluster that is not there.
    const { items } = await operator.ask<{ items: readonly string[] }>(get('admins'))
    if (verb === undefined) {
      terminal.print(json ? `${JSON.stringify({ items })}\n` : `${listed(items)}\n`)
      return 0
    }
    const email = given ?? (await askedEmail(terminal))
    const password = await askedPassword(terminal)
    const { passwordHash, passwordProblem } = await import('#gateway')
    const problem = passwordProblem(password, email)
    if (problem !== undefined) throw new UsageError(`The password ${problem}.`)
    const body = { email, hash: await passwordHash(password), ...(another && { another }) }
    const made = await operator.ask<{ id: string }>({ ...post('admins', body), key: randomUUID() })
    terminal.print(
      json ? `${JSON.stringify(made)}\n` : `${email} is an admin: account ${made.id}. Log in to use it.\n`,
    )
    return 0
  },
})

const listed = (items: readonly string[]): string =>
  items.length === 0 ? 'There is no admin yet. Make one: npx brigade admin create' : items.join('\n')

async function askedEmail(terminal: Terminal): Promise<string> {
  if (!terminal.canAsk) throw new UsageError('--email is missing: nobody can be asked for it here.')
  return (await terminal.ask('E-mail address: ')).trim()
}

async function askedPassword(terminal: Terminal): Promise<string> {
  const set = settingOf(variable, terminal.env)
  if (set !== undefined) return set
  const password = await terminal.askSecret('Password: ')
  if (!terminal.canAsk) return password
  if ((await terminal.askSecret('Once more: ')) === password) return password
  throw new UsageError('The two passwords are not the same.', 'Nothing was done: try again.')
}
