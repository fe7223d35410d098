/**
 * What a data folder says about a drill: scopes, owners, every actor's turns, and the money.
 *
 * Owns:     the checks that need no history's order. `brigade check` makes the others (`checkFolder`).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shardHashVersion } from '#host'
import { Environment, rowsOf, scopesOf, shardCounts } from '#live'
import { ledgerIn } from '#outside'
import type { NodeId, Position, ScopeId, ShardId, ShardRow } from '#ports'
import { restaurantCluster } from '../../cluster.config.ts'
import { checkFolder } from '../data-check.ts'

/** The store as one more process sees it. It writes nothing after it is open. */
export function look(dataFolder: string): Promise<Environment> {
  return Environment.open({
    folder: dataFolder,
    departments: shardCounts(restaurantCluster()),
    hashVersion: shardHashVersion,
  })
}

export function shardRows(environment: Environment): ReadonlyMap<ShardId, ShardRow> {
  return new Map([...rowsOf(environment, 'shards')].map(([, row]) => [row.shard, row]))
}

/** The scope that a node's shards name: its incarnation of now. */
export function scopeOf(environment: Environment, node: NodeId): ScopeId | undefined {
  return [...shardRows(environment).values()].find((row) => row.node === node && !row.released)?.scope
}

/** Where a scope stands in the journal, and who sealed it. */
export function scopeEnd(
  environment: Environment,
  scope: ScopeId,
): { readonly position: Position | 0; readonly sealedBy?: ScopeId } {
  const found = scopesOf(environment).find((one) => one.scope === scope)
  const sealedBy = found?.sealedBy
  return { position: found?.batches.at(-1)?.[0] ?? 0, ...(sealedBy !== undefined && { sealedBy }) }
}

/** Problems with the turns of any actor: each number once, none left out, and the snapshot stands at the last. */
export function turnProblems(environment: Environment): readonly string[] {
  const turns = new Map<string, number[]>()
  for (const { batches } of scopesOf(environment)) {
    for (const [, { records }] of batches) {
      for (const { actor, sequence } of records) {
        const numbers = turns.get(actor)
        if (numbers === undefined) turns.set(actor, [sequence])
        else numbers.push(sequence)
      }
    }
  }
  const problems: string[] = []
  for (const [actor, numbers] of turns) {
    numbers.sort((a, b) => a - b)
    const wrong = numbers.findIndex((n, i) => n !== i + 1)
    if (wrong >= 0)
      problems.push(`${actor}: turn ${wrong + 1} of ${numbers.length} has number ${numbers[wrong]}`)
  }
  for (const [, { id, version }] of rowsOf(environment, 'snapshots')) {
    const last = turns.get(id)?.length ?? 0
    if (last !== version)
      problems.push(`${id}: its snapshot is of turn ${version}, its journal ends at ${last}`)
  }
  return problems
}

export interface Money {
  readonly payments: number
  /** Captured less refunded, in cents: by the provider's books, and by the payments' own. */
  readonly provider: number
  readonly ours: number
  readonly problems: readonly string[]
}

/** The provider's books beside the payments that know of them. */
export function moneyOf(environment: Environment, dataFolder: string): Money {
  const { registry } = restaurantCluster()
  const { payments } = ledgerIn(readFileSync(join(dataFolder, 'provider-ledger.jsonl'), 'utf8'))
  const ours = new Map<string, number>()
  for (const [, { id, state }] of rowsOf(environment, 'snapshots')) {
    const [type, key] = id.split('/')
    if (type !== 'payment' || key === undefined) continue
    const { captured, refunded } = registry.typeOf(id).machine.load(state).state.context as {
      readonly captured: number
      readonly refunded: number
    }
    ours.set(key, captured - refunded)
  }
  const problems: string[] = []
  let provider = 0
  for (const { payment, amount, captured, refunded, keys } of payments) {
    const net = captured - refunded
    provider += net
    if (net !== (ours.get(payment) ?? 0))
      problems.push(`${payment}: the provider holds ${net}, we say ${ours.get(payment)}`)
    if (captured > amount) problems.push(`${payment}: ${captured} captured of ${amount}`)
    const captures = Object.values(keys).filter((print) => print.includes('provider.capture')).length
    if (captures > 1) problems.push(`${payment}: captured under ${captures} keys`)
  }
  return {
    payments: payments.length,
    provider,
    ours: [...ours.values()].reduce((a, b) => a + b, 0),
    problems,
  }
}

/** What is wrong with a data folder that nobody uses. */
export async function folderProblems(dataFolder: string): Promise<readonly string[]> {
  const { problems, checks } = await checkFolder(dataFolder)
  return [...problems, ...checks.filter(({ held }) => !held).map(({ id, detail }) => `${id}: ${detail}`)]
}
