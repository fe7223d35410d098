/**
 * Commands that do one thing to a running cluster, and say what it did.
 *
 * Owns:     the course of such a command: look, ask, tell.
 * Does not: know any of them; each is a file in `commands/`.
 */
import { type Command, defineCommand, type Given, jsonOption, type Options } from './command-line/command.ts'
import { UsageError } from './command-line/usage-error.ts'
import { type Operation, Operator, opsOption, type ShownCluster, type ShownNode } from './operator.ts'

type Told<Of extends Options> = Given<Of & typeof opsOption & typeof jsonOption>

/** What there is to tell from: the cluster as it was before, and the answer. */
export interface Before {
  readonly cluster: ShownCluster
  /** The node named by the first argument; there is none when the command does not name one. */
  readonly node?: ShownNode
  readonly answer: unknown
}

export interface OperatorCommandSpec<Of extends Options>
  extends Omit<Command<Of>, 'run' | 'options' | 'summary'> {
  readonly summary: string
  readonly options?: Of
  /** What is asked for, of what was typed and nothing else. */
  operation(given: Told<Of>): Operation
  /** What happened and what to look at next. */
  told(before: Before, given: Told<Of>): readonly string[]
}

export interface OperatorCommand extends Command {
  operation(given: Given): Operation
}

export function defineOperatorCommand<const Of extends Options>(
  spec: OperatorCommandSpec<Of>,
): OperatorCommand {
  const { operation, told, options, ...words } = spec
  const command = defineCommand({
    ...words,
    options: { ...options, ...opsOption, ...jsonOption } as Of & typeof opsOption & typeof jsonOption,
    async run(given, terminal) {
      const { ops, json } = given.options as Told<Record<never, never>>['options']
      const operator = new Operator(ops, terminal)
      const asked = operation(given)
      const cluster = await operator.cluster()
      const node = nodeNamed(words.args?.[0]?.name === 'NODE' ? given.args[0] : undefined, cluster)
      const answer = await operator.ask(asked)
      if (json)
        terminal.print(`${JSON.stringify({ command: words.name, args: given.args, ...Object(answer) })}\n`)
      else terminal.print(`${told({ cluster, ...(node && { node }), answer }, given).join('\n')}\n`)
      return 0
    },
  })
  return { ...command, operation: operation as OperatorCommand['operation'] }
}

function nodeNamed(id: string | undefined, { nodes }: ShownCluster): ShownNode | undefined {
  if (id === undefined) return undefined
  const node = nodes.find((one) => one.id === id)
  if (node !== undefined) return node
  throw new UsageError(
    `There is no node '${id}'.`,
    `Nodes: ${nodes.map((one) => one.id).join(', ')}. npx brigade status shows how they are.`,
    'not-found',
  )
}

export const nodeArgument = { name: 'NODE', about: 'which one, as npx brigade status lists them' } as const

/** `Its 149 shards move to node-1 and node-3`, or what else becomes of them. */
export function shardsMove({ cluster, node }: Before): string {
  if (node === undefined || node.shardsOwned === 0) return 'It owned no shards'
  const takers = cluster.nodes.filter(
    ({ id, group, state }) => id !== node.id && group === node.group && state === 'up',
  )
  const shards = `Its ${node.shardsOwned} shard${node.shardsOwned === 1 ? '' : 's'}`
  if (takers.length === 0) return `${shards} wait for it: no other node of group '${node.group}' is up`
  return `${shards} move to ${listed(takers.map(({ id }) => id))}`
}

export function processOf({ node }: Before): string {
  return node?.pid === undefined ? 'no process' : `pid ${node.pid}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export const watch = 'watch: npx brigade status'
