import { describe, expect, test } from 'vitest'
import type { ShownNode } from '../operator.ts'
import { Screen } from '../terminal/screen.ts'
import { widthOf } from '../terminal/table.ts'
import { painted, unpainted } from '../terminal/terminal.ts'
import { boardLine, boardLines, type Shown } from './board.ts'

const minuteUs = 60_000_000
const node = (id: string, more: Partial<ShownNode> = {}): ShownNode => ({
  id,
  group: 'kitchen',
  state: 'up',
  life: 1,
  pid: 12_345,
  shardsOwned: 107,
  counters: {},
  gauges: { actors: 412, mailboxRows: 3, outboxRows: 0, deadLettersNow: 0, rssBytes: 117_000_000 },
  latencies: {},
  ...more,
})
const shown: Shown = {
  title: 'Friday rush',
  at: (19 * 60 + 42) * minuteUs,
  speed: 60,
  service: 1,
  seed: 7,
  expected: 1_268,
  tally: {
    stages: { placed: 2, paying: 1, queued: 12, cooking: 131, plating: 2, ready: 5, ending: 1 },
    ended: { completed: 1_540, rejected: 9, cancelled: 12, expired: 0 },
    acknowledged: 1_712,
    leftWithout: 3,
    acceptMs: { p50: 8.2, p95: 23.4, n: 500 },
    problems: [],
    kept: 1_843_210,
  },
  rates: { messages: 1_240, turns: 980, commits: 61 },
  nodes: [node('node-1'), node('node-2', { state: 'starting', life: 12 }), node('node-3'), node('edge-1')],
  restarts: 11,
  incidents: [
    { at: (19 * 60 + 40) * minuteUs, words: 'node-2 is up (life 11)', isTrouble: false },
    { at: (19 * 60 + 41) * minuteUs, words: `node-2 ended (SIGKILL, ${'x'.repeat(90)})`, isTrouble: true },
  ],
  url: 'http://127.0.0.1:4000',
  opsUrl: 'http://127.0.0.1:4001',
}

describe('the board', () => {
  test('fits a screen of 80 columns and 24 rows, whatever it says', () => {
    const wrong = { ...shown.tally, problems: ['y'.repeat(200), 'z'] }
    for (const tally of [shown.tally, wrong]) {
      const lines = boardLines({ ...shown, tally }, unpainted, 24)
      expect(lines.length).toBeLessThan(24)
      expect(lines.filter((line) => widthOf(line) > 80)).toEqual([])
    }
  })

  test('keeps every thing in its place while orders come and go', () => {
    const none = Object.fromEntries(Object.keys(shown.tally.stages).map((stage) => [stage, 0]))
    const quiet: Shown = {
      ...shown,
      tally: { ...shown.tally, stages: none as Shown['tally']['stages'] },
      nodes: shown.nodes.map((one) => ({ ...one, state: 'up' })),
      incidents: [],
    }
    const labelled = (lines: readonly string[]): number[] =>
      ['Orders', 'Traffic', 'Holds', 'Latest', 'Guests', 'Try', 'Leave'].map((name) =>
        lines.findIndex((line) => line.startsWith(` ${name} `)),
      )
    const column = (of: Shown, title: string): number =>
      (boardLines(of, unpainted).find((line) => line.startsWith(' NODE')) ?? '').indexOf(title)
    expect(labelled(boardLines(shown, unpainted))).toEqual(labelled(boardLines(quiet, unpainted)))
    expect(labelled(boardLines(shown, unpainted))).not.toContain(-1)
    expect(column(shown, 'LIFE')).toBe(column(quiet, 'LIFE'))
    expect(column(shown, 'RSS')).toBe(column(quiet, 'RSS'))
  })

  test('says what there is, newest first', () => {
    const text = boardLines(shown, unpainted).join('\n')
    expect(text).toContain('Friday rush, 19:42')
    expect(text).toContain('1,540 completed, 9 rejected, 12 cancelled, 1 being cancelled')
    expect(text).toContain('1,712 of 1,268 accepted (p50 8 ms, p95 23 ms), 3 left without')
    expect(text).toContain('no order lost   none doubled   18,432.10 kept as billed')
    expect(text).toContain('1,240 messages/s   980 turns/s   61 commits/s   11 restarts')
    expect(text).toContain('npx brigade crash node-2')
    expect(text.indexOf('19:41')).toBeLessThan(text.indexOf('19:40'))
  })

  test('is red and yellow only for trouble', () => {
    const calm = { ...shown, incidents: [], nodes: [node('node-1')] }
    expect(boardLines(calm, painted).join('')).not.toContain('\x1b[3')
    const lost = { ...calm, tally: { ...shown.tally, problems: ['order/o1 was acknowledged, and is gone'] } }
    expect(boardLines(lost, painted).join('')).toContain('\x1b[31morder/o1 was acknowledged, and is gone')
    expect(boardLines(shown, painted).join('')).toContain('\x1b[33mstarting')
  })

  test('is one line where nothing can be written over', () => {
    expect(boardLine(shown)).toBe(
      '19:42  1712 orders, 154 open, 1540 completed; all holds; 1240 messages/s; node-1 up, node-2 starting, node-3 up, edge-1 up',
    )
  })
})

test('a screen writes each frame at once, over the one before, and gives the old screen back', () => {
  const written: string[] = []
  const screen = new Screen({ print: (text) => void written.push(text), rows: 4 })
  screen.show(['one', 'two'])
  screen.show(['1', '2', '3', '4', '5'])
  screen.close()
  screen.close()
  expect(written).toEqual([
    '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\n\x1b[J',
    '\x1b[H1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\r\n\x1b[J',
    '\x1b[?7h\x1b[?25h\x1b[?1049l',
  ])
})
