/** Bugs of the journal: in the simulator's, and on LMDB. */
import type { Mutant } from '../mutant.ts'

const simulated = ['protocol', 'explore', 'sim/journal.test.ts'] as const
const lmdb = ['runtime/live/lmdb/journal.test.ts', 'runtime/live/lmdb/processes.test.ts'] as const

/** The simulator's journal can break these by itself (`JournalMutant` in sim/journal.ts). */
const switches: readonly (readonly [id: string, what: string])[] = [
  ['skip-seal', 'who takes a shard does not seal the scope of the one before'],
  ['accept-stale-position', 'a batch is accepted whatever position it follows'],
  ['durable-at-visible', 'a write is called durable as soon as others can see it'],
  ['keep-part-of-refused', 'half of a refused batch is kept'],
  ['trim-last', 'the last batch of a scope goes, though world time is known by it'],
]

const switched: readonly Mutant[] = switches.map(([id, what]) => ({
  id,
  where: 'journal',
  what,
  file: 'sim/journal.ts',
  find: 'this.#break = options.break ?? new Set()',
  replace: `this.#break = options.break ?? new Set(['${id}'])`,
  by: id === 'accept-stale-position' || id === 'trim-last' ? ['sim/journal.test.ts'] : simulated,
}))

export const journalMutants: readonly Mutant[] = [
  ...switched,
  {
    id: 'epoch-not-increased',
    where: 'journal',
    what: 'a shard that is taken from its owner keeps its epoch',
    file: 'sim/journal.ts',
    find: 'const epoch = (expected + 1) as Epoch',
    replace: 'const epoch = (held ? expected : expected + 1) as Epoch',
    by: simulated,
  },
  {
    id: 'lmdb-position-not-checked',
    where: 'journal',
    what: 'an append follows whatever position it finds, and none that it was told',
    file: 'runtime/live/lmdb/journal.ts',
    find: 'scopes.ifVersion(key, expected, () => {',
    replace: 'scopes.ifVersion(key, scopes.getEntry(key)?.version ?? expected, () => {',
    by: lmdb,
  },
  {
    id: 'lmdb-seal-skipped',
    where: 'journal',
    what: 'an acquire does not seal the scope of the one before',
    file: 'runtime/live/lmdb/journal.ts',
    find: '      if (seal) scopes.put(seal.key, seal.value, sealedVersion)\n',
    replace: '',
    by: lmdb,
  },
  {
    id: 'lmdb-flush-not-awaited',
    where: 'journal',
    what: 'a write is called durable as soon as others can see it',
    file: 'runtime/live/lmdb/environment.ts',
    find: 'if (isWritten) await flushOf(write)',
    replace: '',
    by: ['runtime/live/lmdb/environment.test.ts', ...lmdb],
  },
  {
    id: 'lmdb-read-transaction-not-reset',
    where: 'journal',
    what: 'a read that decides sees the store as it was a while ago',
    file: 'runtime/live/lmdb/environment.ts',
    find: '    this.#root.resetReadTxn()\n',
    replace: '',
    by: lmdb,
  },
  {
    id: 'lmdb-last-batch-trimmed',
    where: 'journal',
    what: 'the last batch of a scope goes, though world time is known by it',
    file: 'runtime/live/lmdb/expired.ts',
    find: 'if (batch.now > before || (isLast && isNamed)) {',
    replace: 'if (batch.now > before) {',
    by: lmdb,
  },
  {
    id: 'lmdb-epoch-not-increased',
    where: 'journal',
    what: 'a shard that is taken keeps its epoch',
    file: 'runtime/live/lmdb/journal.ts',
    find: 'epoch: (expected + 1) as Epoch,',
    replace: 'epoch: Math.max(1, expected) as Epoch,',
    by: lmdb,
  },
  {
    id: 'lmdb-outcome-not-shared',
    where: 'journal',
    what: 'after a lost batch a later one of the same scope is told another outcome',
    file: 'runtime/live/lmdb/journal.ts',
    find: "if (state.lost === undefined && mine.kind !== 'durable') state.lost = mine\n      done(state.lost ?? mine)",
    replace: 'done(mine)',
    by: lmdb,
  },
  {
    id: 'lmdb-flushes-overlap',
    where: 'journal',
    what: 'a process that is killed while it flushes breaks the store for the others',
    file: 'runtime/live/lmdb/environment.ts',
    find: 'overlappingSync: false',
    replace: 'overlappingSync: true',
    by: ['runtime/live/lmdb/killed-writers.test.ts'],
  },
  {
    id: 'lmdb-failed-flush-survived',
    where: 'journal',
    what: 'after a failed flush the process goes on',
    file: 'runtime/live/lmdb/journal.ts',
    find: 'if (isVisible()) this.#endAll(message)\n      else if',
    replace: 'if',
    by: ['runtime/live/lmdb/environment.test.ts', ...lmdb],
  },
]
