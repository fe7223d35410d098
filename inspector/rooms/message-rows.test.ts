import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ToldMessage } from '../../gateway/tap-words.ts'
import { MessageRows } from './message-rows.ts'

const message = (n: number): ToldMessage => ({
  ...{ n, at: '2026-05-01T18:00:00.000Z', node: 'node-1', id: `m${n}`, to: 'order/1', via: 'tell' },
  ...{ message: 'note', bytes: 15, outcome: 'handled', attempt: 1, waitedUs: 0 },
})
const messages = (from: number, to: number): ToldMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i))
const shown = (rows: MessageRows): number[] =>
  Array.from({ length: rows.length }, (_, i) => rows.at(i)?.n ?? 0)

describe('rows', () => {
  test('are there once, newest first, also when the line tells them again (MR1)', () => {
    const rows = new MessageRows()
    expect(rows.take(messages(1, 3))).toBe(3)
    expect(rows.take(messages(2, 4))).toBe(1)
    expect(rows.take(messages(1, 4))).toBe(0)
    expect(shown(rows)).toEqual([4, 3, 2, 1])
  })

  test('of another tap come on top of those before', () => {
    const rows = new MessageRows()
    rows.take(messages(1, 2))
    rows.begin()
    rows.take(messages(1, 1))
    expect(shown(rows)).toEqual([1, 2, 1])
  })

  test('are as many as it keeps (MR2), and each is found by its key for as long', () => {
    const rows = new MessageRows(3)
    rows.take(messages(1, 2))
    const first = rows.at(1)?.key ?? 0
    expect(rows.placeOf(first)).toBe(1)
    rows.take(messages(3, 5))
    expect(shown(rows)).toEqual([5, 4, 3])
    expect([rows.placeOf(first), rows.placeOf(rows.at(1)?.key ?? 0)]).toEqual([-1, 1])
  })

  test('are lines for a file, oldest first, without what is this page’s', () => {
    const rows = new MessageRows()
    rows.take(messages(1, 2))
    const lines = rows.asLines().trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      messages(1, 2).map((one) => ({ kind: 'message', ...one })),
    )
  })
})

describe('a pause', () => {
  test('counts what comes, and shows it when it is over', () => {
    const rows = new MessageRows()
    rows.take(messages(1, 2))
    rows.pause()
    expect(rows.take(messages(3, 4))).toBe(0)
    expect([shown(rows), rows.held]).toEqual([[2, 1], 2])
    expect(rows.goOn()).toBe(2)
    expect([shown(rows), rows.held]).toEqual([[4, 3, 2, 1], 0])
  })

  test('that had no room for all shows no hole', () => {
    const rows = new MessageRows(3)
    rows.take(messages(1, 2))
    rows.pause()
    rows.take(messages(3, 7))
    expect(rows.held).toBe(5)
    rows.goOn()
    expect(shown(rows)).toEqual([7, 6, 5])
  })

  test('goes on when rows are cleared, and so do those it holds', () => {
    const rows = new MessageRows()
    rows.pause()
    rows.take(messages(1, 2))
    rows.clear()
    expect([rows.length, rows.held, rows.isPaused]).toEqual([0, 0, true])
  })
})

test('whatever comes, in whatever parts, with whatever pauses: at last it is all there, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 20 }), (steps) => {
      const rows = new MessageRows()
      let last = 0
      for (const [count, isPause] of steps) {
        if (isPause) rows.pause()
        else rows.goOn()
        rows.take(messages(Math.max(1, last), last + count))
        last += count
      }
      rows.goOn()
      expect(shown(rows)).toEqual(Array.from({ length: Math.max(last, 0) }, (_, i) => last - i))
    }),
  )
})
