/** Faults that a message breaks and a message mends, when the actor answers late, or somebody reverts meanwhile. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SetFault } from '#gateway'
import type { FaultStatus, Injection, LauncherCommand, CommandOutcome as Outcomes } from '#live'
import type { Outcome } from '#ports'
import { FaultBoard } from '../runtime/live/fault-board.ts'
import { LiveFaults } from './live-faults.ts'

const fault: SetFault = {
  ...{ id: 'f', by: 'ada', kind: 'appliance-breakdown', target: { actor: 'oven/house:pass:1' } },
  params: {},
}
const done: Outcome = { kind: 'done', state: {}, version: 1 }
let board: FaultBoard
let faults: LiveFaults
/** By the key of what is told; everything else is done. */
let answers: Map<string, () => Outcome>
let told: string[]
/** Before it is told to break, and unless it is broken already. */
let isWhole: boolean
let answersInspection: boolean

const healAll = (): void => {
  for (const { injection } of board.inForce)
    if (!injection.isMendedFirst) board.end(injection.id, 'reverted', 0)
}
function command(said: LauncherCommand): Outcomes {
  if (said.kind === 'status') return { kind: 'status', nodes: [], faults: statuses() } as unknown as Outcomes
  if (said.kind === 'inject')
    return board.begin(said as Injection, 0, { struck: new Map() })
      ? { kind: 'done' }
      : { kind: 'refused', detail: 'over' }
  if (said.kind === 'heal' && said.id === undefined) healAll()
  if (said.kind === 'heal' && said.id !== undefined) board.end(said.id, said.isOver ? 'over' : 'reverted', 0)
  return { kind: 'done' }
}
const statuses = (): readonly FaultStatus[] => board.statuses(0)
const endOf = (): string | undefined => statuses()[0]?.ended?.how

beforeEach(() => {
  vi.useFakeTimers()
  board = new FaultBoard()
  answers = new Map()
  told = []
  isWhole = true
  answersInspection = true
  faults = new LiveFaults({
    control: { command: async (said) => command(said) },
    client: {
      cluster: () => Promise.reject(new Error('not asked')),
      request: async ({ body, key = '' }) => {
        const context = { fault: isWhole ? '' : 'worn out', welded: false, doorOpen: false, sensor: 'ok' }
        if (body.kind === 'operate' && !answersInspection) return { kind: 'timeout' }
        if (body.kind === 'operate') return { kind: 'answer', value: { context }, state: {}, version: 1 }
        told.push(key)
        if (key === 'f breaks') isWhole = false
        return answers.get(key)?.() ?? done
      },
    },
  })
})
afterEach(() => {
  faults.close()
  vi.useRealTimers()
})

test('what was not answered in time is mended, and stands on the board until it is', async () => {
  let mends: Outcome = { kind: 'timeout' }
  answers.set('f breaks', () => ({ kind: 'timeout' }))
  answers.set('f mends', () => mends)
  expect(await faults.strike(fault)).toMatchObject({ kind: 'refused' })
  await vi.advanceTimersByTimeAsync(3_000)
  expect([board.inForce.length, told.includes('f mends')]).toEqual([1, true])
  mends = done
  await vi.advanceTimersByTimeAsync(2_000)
  expect(endOf()).toBe('reverted')
})

test('what does not answer for long is mended once it does', async () => {
  let mends: Outcome = { kind: 'timeout' }
  answers.set('f mends', () => mends)
  expect(await faults.strike(fault)).toMatchObject({ kind: 'accepted' })
  const reverted = faults.revert('f')
  await vi.advanceTimersByTimeAsync(61_000)
  expect(await reverted).toMatchObject({ kind: 'failed' })
  expect(board.inForce.length).toBe(1)
  mends = done
  await vi.advanceTimersByTimeAsync(60_000)
  expect(board.inForce.length).toBe(0)
})

test('what is broken already is unfit, for the end of a fault would mend it, and so is who does not answer', async () => {
  expect(await faults.unfit(fault)).toBeUndefined()
  isWhole = false
  expect(await faults.unfit(fault)).toBe(
    'oven/house:pass:1 is broken (worn out), and the end of this would undo that.',
  )
  answersInspection = false
  expect(await faults.unfit(fault)).toBe('oven/house:pass:1 does not answer (timeout).')
  expect([statuses(), told]).toEqual([[], []])
})

test('what was not taken is over at once, and nothing is mended', async () => {
  answers.set('f breaks', () => ({ kind: 'not-accepted', state: 'off', accepts: [], version: 1 }))
  expect(await faults.strike(fault)).toMatchObject({ kind: 'refused' })
  await vi.advanceTimersByTimeAsync(3_000)
  expect([endOf(), told]).toEqual(['reverted', ['f breaks']])
})

test('one that is reverted while it strikes stays reverted, and is mended once more', async () => {
  answers.set('f breaks', () => {
    void faults.revert('f')
    return done
  })
  answers.set('f mends', () => ({ kind: 'not-accepted', state: 'on', accepts: [], version: 1 }))
  const struck = faults.strike(fault)
  await vi.advanceTimersByTimeAsync(100)
  expect(await struck).toMatchObject({ kind: 'refused' })
  await vi.advanceTimersByTimeAsync(100)
  expect([endOf(), board.inForce, told.at(-1)]).toEqual(['reverted', [], 'f mends again'])
})

test('what cannot be mended stays on the board, and reverting it fails', async () => {
  expect(await faults.strike(fault)).toEqual({ kind: 'accepted' })
  answers.set('f mends', () => ({ kind: 'timeout' }))
  const reverted = faults.revert()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(await reverted).toMatchObject({ kind: 'failed' })
  expect(board.inForce.length).toBe(1)
})
