import { expect, test } from 'vitest'
import type { Member, NodeId } from '#ports'
import { LauncherMembership } from './launcher-membership.ts'

const member = (node: string): Member => ({
  node: node as NodeId,
  group: 'all',
  address: '',
  state: 'up',
  life: 1,
})
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a watcher is told the view after the call, then each change, in order', async () => {
  const membership = new LauncherMembership({ version: 1, members: [member('node-1')] })
  const told: string[] = []
  membership.watch((members) => told.push(members.map(({ node }) => node).join(' ')))
  expect(told).toEqual([])
  await soon()
  membership.update({ version: 3, members: [member('node-2')] })
  membership.update({ version: 2, members: [] })
  expect(told).toEqual(['node-1', 'node-2'])
})

test('a change between the call and the first view is told once', async () => {
  const membership = new LauncherMembership({ version: 1, members: [] })
  const told: number[] = []
  membership.watch((members) => told.push(members.length))
  membership.update({ version: 2, members: [member('node-1')] })
  await soon()
  expect(told).toEqual([1])
})
