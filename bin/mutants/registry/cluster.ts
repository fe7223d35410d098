/** Bugs of the cluster layer, and of the host that carries things out. */
import type { Mutant } from '../mutant.ts'

const protocol = ['protocol', 'errands', 'explore'] as const

export const clusterMutants: readonly Mutant[] = [
  {
    id: 'own-loss-forgotten',
    where: 'cluster',
    what: 'a node does not take back what its earlier incarnation has lost',
    file: 'runtime/cluster/cluster.ts',
    find: 'return view.row.scope !== this.#options.scope',
    replace: 'return false',
    by: protocol,
  },
  {
    id: 'review-stops',
    where: 'cluster',
    what: 'once everything has an owner, the shard table is never looked at again',
    file: 'runtime/cluster/cluster.ts',
    find: '    const settled = after(this.#startedAt, settleMs)\n',
    replace: '    if (this.#isQuiet(now)) return\n    const settled = after(this.#startedAt, settleMs)\n',
    by: ['explore', 'protocol'],
  },
  {
    id: 'release-not-said',
    where: 'cluster',
    what: 'a shard that was handed over still counts as held, so nobody takes it',
    file: 'runtime/kernel/tenure.ts',
    find: '    released: true,\n',
    replace: '    released: false,\n',
    by: protocol,
  },
  {
    id: 'dead-owner-believed',
    where: 'cluster',
    what: 'a shard whose owner has died counts as held',
    file: 'runtime/cluster/cluster.ts',
    find: 'return !this.#members.has(view.row.node)',
    replace: 'return false',
    by: protocol,
  },
  {
    id: 'scope-used-again',
    where: 'host',
    what: 'a process takes the scope of the one before it',
    file: 'runtime/host/node.ts',
    find: 'const scope = `${node}.${hex(random.next())}${hex(random.next())}` as ScopeId',
    replace: 'const scope = `${node}.1` as ScopeId',
    by: protocol,
  },
  {
    id: 'answer-to-the-wrong-life',
    where: 'host',
    what: 'the outcome of a write reaches an incarnation that did not make it',
    file: 'runtime/host/node.ts',
    find: "          if (this.#life !== life) return\n          this.#ports.observer.time('commit'",
    replace: "          this.#ports.observer.time('commit'",
    by: protocol,
  },
]
