import { expect, test } from 'vitest'
import { definitions } from '#actors'
import { machineChart } from '#gateway'
import { aboutState, readAloud } from './about.ts'
import { layout } from './layout.ts'

const order = definitions.find(({ type }) => type === 'order')
if (order === undefined) throw new Error('There are no orders.')
const chart = machineChart(order)
const drawing = layout(chart)
const box = (id: string) => {
  const found = drawing.states.find((state) => state.id === id && state.kind === 'leaf')
  if (found === undefined) throw new Error(`no state ${id}`)
  return { ...found, note: '', isActive: false }
}

test('of a state that is pointed at it is told what it does on entry, and what it takes without leaving', () => {
  const about = aboutState(chart, box('reserving'))
  expect(about?.title).toBe('reserving')
  expect(about?.rows.map(({ event }) => event)).toEqual([
    'on entry',
    'on exit',
    'order.revise [revisionAddsUp]',
  ])
  expect(about?.rows.every(({ does }) => does !== '')).toBe(true)
})

test('read aloud it begins with what is written on it, and ends with where it leads', () => {
  const aloud = readAloud({ ...box('ready'), note: '41 ms', isActive: true }, drawing.arrows)
  expect(aloud).toMatch(/^ready 41 ms\b/)
  expect(aloud).toContain(', active, leads to ')
  expect(aloud).toMatch(/completed by .*collect/)
})

test('a state that leads nowhere says no way', () => {
  expect(readAloud(box('completed'), drawing.arrows)).toBe('completed')
})
