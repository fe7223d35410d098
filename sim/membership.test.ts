import { expect, test } from 'vitest'
import { BrokenInvariant } from '#actor'
import type { Member, NodeId } from '#ports'
import { SimMembership } from './membership.ts'
import { SimProcess } from './process.ts'
import { Timeline } from './timeline.ts'

const [a, b] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]
const member = (node: NodeId, life = 1): Member => ({ node, group: 'all', address: '', state: 'up', life })

function open() {
  const timeline = new Timeline(3)
  const membership = new SimMembership(timeline)
  const views: string[] = []
  const watch = (node: NodeId, process: SimProcess): void =>
    membership.port(node, process).watch((members) => {
      views.push(`${node}: ${members.map(({ node, state, life }) => `${node} ${state} ${life}`).join(', ')}`)
    })
  return { timeline, membership, views, watch }
}

test('a watcher gets the whole view after the call, and again at each change, in order', () => {
  const { timeline, membership, views, watch } = open()
  const process = new SimProcess(timeline)
  membership.join(member(a), process)
  watch(a, process)
  expect(views).toEqual([])
  membership.join(member(b), new SimProcess(timeline))
  membership.setState(b, 'leaving')
  timeline.run()
  expect(views).toEqual(['a: a up 1', 'a: a up 1, b up 1', 'a: a up 1, b leaving 1'])
})

test('M1: a node leaves once its process has ended, and not before', () => {
  const { timeline, membership, views, watch } = open()
  const [first, second] = [new SimProcess(timeline), new SimProcess(timeline)]
  membership.join(member(a), first)
  membership.join(member(b), second)
  watch(b, second)
  timeline.run()
  first.freeze()
  expect(() => membership.leave(a)).toThrow(BrokenInvariant)
  first.end()
  membership.leave(a)
  membership.join(member(a, 2), new SimProcess(timeline))
  timeline.run()
  expect(views).toEqual(['b: a up 1, b up 1', 'b: b up 1', 'b: b up 1, a up 2'])
})

test('a process that has ended hears nothing', () => {
  const { timeline, membership, views, watch } = open()
  const process = new SimProcess(timeline)
  watch(a, process)
  process.end()
  membership.join(member(b), new SimProcess(timeline))
  timeline.run()
  expect(views).toEqual([])
})
