import { expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { FaultBoard } from './fault-board.ts'
import { ProcessFaults } from './process-faults.ts'
import { LinkFilter } from './ws/link-filter.ts'

const node1 = 'node-1' as NodeId
const struck = new Map<NodeId, number>()

test('FB1: a fault is over once, and what nodes count of it afterwards still counts', () => {
  const board = new FaultBoard()
  const healed: string[] = []
  board.begin({ id: 'f', links: [{ from: node1, to: 'node-2' as NodeId, cut: true }], forMs: 500 }, 100, {
    struck,
    outside: { met: 2, heal: () => void healed.push('f') },
  })
  expect(board.view.links).toMatchObject([{ id: 'f', cut: true }])
  board.counted(node1, 1, { f: 3, other: 9 })
  expect(board.statuses(200)).toMatchObject([{ id: 'f', met: 5, ageMs: 100, leftMs: 400 }])
  expect(board.end('f', 'reverted', 300)).toBeDefined()
  expect(board.end('f', 'over', 300)).toBeUndefined()
  board.counted(node1, 1, { f: 4 })
  board.counted(node1, 2, { f: 1 })
  expect(board.statuses(400)).toMatchObject([{ met: 7, ended: { how: 'reverted', agoMs: 100 } }])
  expect([healed, board.inForce, board.view.links]).toEqual([['f'], [], []])
})

test('FB1: a fault that is over does not begin again', () => {
  const board = new FaultBoard()
  const healed: string[] = []
  expect(board.begin({ id: 'f' }, 100, { struck })).toBe(true)
  expect(board.begin({ id: 'f', met: 1 }, 150, { struck })).toBe(true)
  board.end('f', 'reverted', 200)
  const outside = { met: 0, heal: () => void healed.push('f') }
  expect(board.begin({ id: 'f' }, 300, { struck, outside })).toBe(false)
  expect([board.inForce, healed]).toEqual([[], ['f']])
})

test('a frame meets every fault of its link in turn, and each is counted by its name', () => {
  const filter = new LinkFilter({ next: () => 0 })
  const passed: Buffer[] = []
  const peer = 'node-2' as NodeId
  filter.shape(peer, { id: 'twice', duplicate: 1 })
  filter.shape(peer, { id: 'broken', corrupt: 1 })
  filter.out(peer, Buffer.from([1, 2]), (frame) => passed.push(frame))
  expect(passed.map(([first]) => first)).toEqual([0xc1, 0xc1])
  expect(Object.fromEntries(filter.met)).toEqual({ twice: 1, broken: 2 })
  filter.healAll()
  filter.cut(peer, 'out', 'cut')
  filter.out(peer, Buffer.from([1]), (frame) => passed.push(frame))
  expect([passed.length, filter.met.get('cut')]).toEqual([2, 1])
})

test('a process has what is meant for it, or for all; its clock is set right at the end', () => {
  const steps: number[] = []
  const faults = new ProcessFaults({
    ...{ node: node1, roomBytes: () => 7, stepClock: (us: number) => void steps.push(us) },
  })
  faults.set([
    { id: 'full', isDiskFull: true, node: 'node-2' as NodeId },
    { id: 'clock', clockStepMs: 5, node: node1 },
  ])
  expect([faults.roomBytes(), steps]).toEqual([7, [5_000]])
  faults.set([{ id: 'full', isDiskFull: true }])
  expect([faults.roomBytes(), steps]).toEqual([0, [5_000, -5_000]])
  expect(Object.fromEntries(faults.met)).toEqual({ clock: 1, full: 1 })
  faults.set([])
  expect(faults.roomBytes()).toBe(7)
})

test('a handler that is dead is not called, and the call is unknown', async () => {
  const faults = new ProcessFaults({ node: node1, roomBytes: () => 0, stepClock: () => {} })
  const called: string[] = []
  const outside = faults.around({
    start: ({ handler }, done) => {
      called.push(handler)
      done({ kind: 'done', result: {} })
      return { cancel: () => {} }
    },
  })
  const outcomeOf = (handler: string): Promise<string> =>
    new Promise((resolve) => {
      outside.start({ handler } as never, ({ kind }) => resolve(kind))
    })
  faults.set([{ id: 'mail', deadHandlers: ['mail.send'] }])
  expect([await outcomeOf('mail.send'), await outcomeOf('sms.send'), called]).toEqual([
    'unknown',
    'done',
    ['sms.send'],
  ])
  expect(faults.met.get('mail')).toBe(1)
})
