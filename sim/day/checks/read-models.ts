/**
 * What the lists show is what the actors say of themselves, and a rebuild of it finds the same.
 *
 * Owns:     the read models of the day, folded in memory as its turns were made, and each actor's last stored state.
 * Does not: run the projector: how rows are kept, leave and change places has tests of its own (`#projections`).
 *
 * Invariants:
 *   RM1. Of every actor that a list is made of there is one row, and what both know is the same.
 *   RM2. Folded actor by actor, in another order than they had their turns, the rows are the same.
 *   RM3. All balances of the ledger together are nothing, and the provider holds what payments took and did not give back.
 */
import { type ActorId, type Instant, keyOf, typeOf } from '#actor'
import { type OrderView, stateName } from '#actors'
import type { Registry } from '#host'
import type { Batch, JournalRecord, SnapshotRow } from '#ports'
import {
  accountTable,
  isSame,
  MemoryRows,
  orderTable,
  paymentTable,
  projections,
  type Table,
  ticketTable,
  userTable,
} from '#projections'
import { settledStates } from './orders.ts'
import { Problems } from './problems.ts'

type Facts = Readonly<Record<string, unknown>>
interface List {
  readonly table: Table<never>
  /** What the actor's view says, in the words of the row. Undefined: it is in no list. */
  readonly says: (view: Facts) => Facts | undefined
}

const settled: ReadonlySet<unknown> = new Set(settledStates)

const lists: ReadonlyMap<string, List> = new Map<string, List>([
  [
    'order',
    {
      table: orderTable,
      says: ({ reason, shortages, ...view }) => ({
        ...view,
        total: (view as unknown as OrderView).total.amount,
        // Until then only the order knows why it is being given up.
        ...(settled.has(view.state) && { reason, shortages }),
      }),
    },
  ],
  ['payment', { table: paymentTable, says: (view) => view }],
  [
    'ticket',
    { table: ticketTable, says: ({ state, promisedAt }) => ({ state: stateName(state), promisedAt }) },
  ],
  ['account', { table: userTable, says: (view) => (view.state === 'refused' ? undefined : view) }],
])

const projected: ReadonlySet<string> = new Set(projections.flatMap(({ actors }) => actors))

export class ReadModelsCheck {
  readonly #registry: Registry
  readonly #midnight: number
  readonly #rows = new MemoryRows()
  readonly #records = new Map<ActorId, JournalRecord[]>()
  readonly #stored = new Map<ActorId, SnapshotRow>()

  /** `midnight`: what records were made earlier by. A live day counts from it, and its actors do not. */
  constructor(registry: Registry, midnight = 0) {
    this.#registry = registry
    this.#midnight = midnight
  }

  record(given: JournalRecord): void {
    const { actor } = given
    if (!projected.has(typeOf(actor))) return
    const record = { ...given, at: (given.at + this.#midnight) as Instant }
    fold(this.#rows, record)
    const before = this.#records.get(actor)
    if (before === undefined) this.#records.set(actor, [record])
    else before.push(record)
  }

  /** After the records of the same batch. */
  writes(writes: Batch['writes']): void {
    for (const { table, value } of writes)
      if (table === 'snapshots' && value !== undefined && lists.has(typeOf(value.id)))
        this.#stored.set(value.id, value)
  }

  get found(): Problems {
    const problems = new Problems()
    for (const row of this.#stored.values()) this.#compare(row, problems)
    this.#rebuild(problems)
    this.#addUp(problems)
    return problems
  }

  #compare(stored: SnapshotRow, problems: Problems): void {
    const { id, version } = stored
    const { table, says } = lists.get(typeOf(id)) as List
    const view = this.#viewOf(stored)
    if (view === undefined) return
    const said = says({ ...view, version })
    const row = this.#rows.get(table as unknown as Table<Facts>, [keyOf(id)])
    if (said === undefined || row === undefined) {
      if (said !== row) problems.add(`${id} is ${row ? '' : 'not '}in the list of ${table.name}`)
      return
    }
    for (const name of Object.keys(row))
      if (Object.hasOwn(said, name) && !isSame(row[name], said[name]))
        problems.add(
          `the list of ${table.name} says of ${id} ${name} ${JSON.stringify(row[name])}, and it says ${JSON.stringify(said[name])}`,
        )
  }

  /** Undefined for one that another build wrote. */
  #viewOf({ id, state, version }: SnapshotRow): Facts | undefined {
    const { definition, machine } = this.#registry.typeOf(id)
    const loaded = machine.load(state)
    if (loaded.migrated) return undefined
    const { value, context } = loaded.state
    return definition.queries?.view?.({ id, value, context, version }, undefined, 0 as never) as Facts
  }

  #rebuild(problems: Problems): void {
    const rebuilt = new MemoryRows()
    for (const records of [...this.#records.values()].reverse())
      for (const record of records) fold(rebuilt, record)
    for (const { name, tables } of projections)
      for (const table of tables) {
        const [was, is] = [this.#rows.entries(table), rebuilt.entries(table)]
        const keys = new Set([...was.keys(), ...is.keys()])
        for (const key of keys)
          if (!isSame(was.get(key), is.get(key)))
            problems.add(
              `rebuilt, ${name} has ${JSON.stringify(is.get(key))} where it had ${JSON.stringify(was.get(key))}`,
            )
      }
  }

  #addUp(problems: Problems): void {
    let [all, provider, held] = [0, 0, 0]
    for (const { account, debits, credits } of this.#rows.all(accountTable)) {
      all += debits - credits
      if (account === 'provider') provider = debits - credits
    }
    for (const { captured, refunded } of this.#rows.all(paymentTable)) held += captured - refunded
    if (all !== 0) problems.add(`the balances of the ledger come to ${all}`)
    if (provider !== held)
      problems.add(
        `the ledger's provider holds ${provider}, and payments took ${held} and did not give it back`,
      )
  }
}

function fold(rows: MemoryRows, record: JournalRecord): void {
  const type = typeOf(record.actor)
  for (const { actors, apply } of projections) if (actors.includes(type)) apply(rows, record)
}
