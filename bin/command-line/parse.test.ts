import { describe, expect, test } from 'vitest'
import { type Command, defineCommand } from './command.ts'
import { durationMs, durationText } from './duration.ts'
import { nearest } from './nearest.ts'
import { parse, synopsisOf } from './parse.ts'
import { UsageError } from './usage-error.ts'

const cook = defineCommand({
  name: 'cook',
  summary: 'cook a dish',
  args: [
    { name: 'DISH', about: 'what to cook' },
    { name: 'FOR', about: 'for whom', optional: true },
  ],
  options: {
    hot: { kind: 'flag', about: 'with chili' },
    times: { kind: 'count', value: 'N', about: 'how many' },
    heat: { kind: 'number', value: 'X', about: 'how hot' },
    port: { kind: 'port', value: 'P', about: 'where' },
    within: { kind: 'duration', value: 'TIME', about: 'how long' },
    note: { kind: 'text', value: 'WORDS', about: 'what else' },
  },
  about: ['Cooks.'],
  examples: [{ line: 'cook soup', about: 'soup' }],
  run: async () => 0,
})
const serve: Command = {
  ...cook,
  name: 'serve',
  args: [{ name: 'DISH', about: 'what to serve', optional: true, many: true }],
}
const commands: readonly Command[] = [cook, { ...cook, name: 'crash' }, serve]

describe('what is typed rightly arrives checked', () => {
  const table: readonly [string, readonly string[], Record<string, unknown>][] = [
    ['cook soup', ['soup'], {}],
    ['cook soup Ann', ['soup', 'Ann'], {}],
    ['cook --hot soup', ['soup'], { hot: true }],
    ['cook soup --times 3', ['soup'], { times: 3 }],
    ['cook soup --times=0', ['soup'], { times: 0 }],
    ['cook soup --heat 1.5', ['soup'], { heat: 1.5 }],
    ['cook soup --port 0', ['soup'], { port: 0 }],
    ['cook soup --within 2m', ['soup'], { within: 120_000 }],
    ['cook soup --within=500ms --note salt', ['soup'], { within: 500, note: 'salt' }],
    ['cook -- --hot', ['--hot'], {}],
  ]
  test.each(table)('%s', (line, args, options) => {
    expect(parse(commands, line.split(' '))).toEqual({ kind: 'run', command: cook, given: { args, options } })
  })
})

test('an argument that may be given many times takes all of them', () => {
  const args = ['soup', 'fish', 'cake']
  expect(parse(commands, ['serve', ...args])).toMatchObject({ kind: 'run', given: { args } })
  expect(synopsisOf(serve)).toBe('brigade serve [DISH…] [options]')
})

describe('what is typed wrongly is refused with what would be right', () => {
  const table: readonly [string, RegExp][] = [
    ['cok soup', /no command 'cok'\. Did you mean 'cook'\?/],
    ['banana', /no command 'banana'\.$/],
    ['--json cook', /A command comes first/],
    ['help banana', /no command 'banana'/],
    ['cook', /DISH is missing: what to cook/],
    ['cook soup Ann Bob', /'Bob' is one argument too many/],
    ['cook soup --hott', /--hott is not an option of 'brigade cook'\. Did you mean --hot\?/],
    ['cook soup -x', /-x is not an option/],
    ['cook soup --constructor', /--constructor is not an option/],
    ['cook soup --hot=yes', /--hot takes no value/],
    ['cook soup --hot --hot', /--hot is given twice/],
    ['cook soup --times', /--times needs a value: --times N/],
    ['cook soup --times=', /--times needs a value/],
    ['cook soup --times 1.5', /--times is a whole number, not '1\.5'/],
    ['cook soup --times=-1', /--times is a whole number/],
    ['cook soup --heat=0', /--heat is a number above 0/],
    ['cook soup --heat much', /--heat is a number above 0, not 'much'/],
    ['cook soup --port 65536', /--port is a port from 0 to 65535/],
    ['cook soup --within 10', /--within is a length of time like 10s/],
  ]
  test.each(table)('%s', (line, message) => {
    expect(() => parse(commands, line.split(' '))).toThrow(UsageError)
    expect(() => parse(commands, line.split(' '))).toThrow(message)
  })

  test('an unknown option is answered with all that there are', () => {
    const refused = (): unknown => parse(commands, ['cook', 'soup', '--fast'])
    expect(refused).toThrow(
      expect.objectContaining({ next: expect.stringContaining('--hot, --times, --heat, --port, --within') }),
    )
  })
})

test('help is found wherever it is asked for', () => {
  for (const line of ['', '--help', '-h', 'help']) {
    expect(parse(commands, line.split(' ').filter(Boolean))).toEqual({ kind: 'help' })
  }
  for (const line of ['help cook', 'cook --help', 'cook -h', 'cook --nonsense --help']) {
    expect(parse(commands, line.split(' '))).toEqual({ kind: 'help', command: cook })
  }
})

test('the nearest name is one that was probably meant, or none', () => {
  const names = ['crash', 'cordon', 'uncordon', 'status', 'dead-letters']
  expect(nearest('crahs', names)).toBe('crash')
  expect(nearest('stat', names)).toBe('status')
  expect(nearest('deadletters', names)).toBe('dead-letters')
  expect(nearest('x', names)).toBeUndefined()
  expect(nearest('order', names)).toBeUndefined()
})

test('lengths of time are read and written in units', () => {
  expect(['1ms', '0.5s', '10s', '2m', '1.5h'].map(durationMs)).toEqual([1, 500, 10_000, 120_000, 5_400_000])
  expect(['', '10', 's', '-1s', '0s', '1e3s', '1d', '10 s'].map(durationMs)).toEqual(Array(8).fill(undefined))
  expect([1, 500, 1_000, 90_000, 5_400_000].map(durationText)).toEqual(['1ms', '500ms', '1s', '1.5m', '1.5h'])
})
