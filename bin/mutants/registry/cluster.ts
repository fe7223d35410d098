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
    id: 'release-not-said',
    where: 'cluster',
    what: 'a shard that was handed over still counts as held, so nobody takes it',
    file: 'runtime/kernel/tenure.ts',
    find: '    released: true,\n',
    replace: '    released: false,\n',
    by: protocol,
  },
  {
    id: 'contends-only-once',
    where: 'cluster',
    what: 'a node that has once tried to take a shard never tries again',
    file: 'runtime/cluster/cluster.ts',
    find: '    this.#acquiring.delete(shard)\n',
    replace: '',
    by: protocol,
  },
  {
    id: 'owned-after-release',
    where: 'cluster',
    what: 'a node that has released a shard goes on believing that it is its own',
    file: 'runtime/cluster/cluster.ts',
    find: '        this.#owned.delete(input.shard)\n',
    replace: '',
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
]
