/**
 * The texts of `--help`: they teach, with examples that can be typed as they stand.
 *
 * Owns:     their layout. The words are each command's own.
 */
import type { Command, Option, Options } from './command.ts'
import { synopsisOf, wordOf } from './parse.ts'

const width = 80

export interface Section {
  readonly title: string
  readonly commands: readonly Command[]
}

export function helpOfAll(sections: readonly Section[]): string {
  const names = sections.flatMap(({ commands }) => commands.map(headOf))
  const column = Math.max(...names.map(({ length }) => length)) + 4
  return [
    'brigade: a restaurant on a cluster of actors that loses no order',
    '',
    'Usage: npx brigade COMMAND [arguments] [options]',
    ...sections.flatMap(({ title, commands }) => [
      '',
      `${title}:`,
      ...commands.flatMap((command) => entry(headOf(command), command.summary, column)),
    ]),
    '',
    'Try:',
    ...entry('npx brigade day friday-rush --seed 7', 'a whole evening, simulated', 42),
    ...entry('npm start', 'the same evening on real processes', 42),
    ...entry('npx brigade crash node-2', 'then kill one of them', 42),
    '',
    'npx brigade help COMMAND explains one, with examples. Commands for a running',
    'cluster find it at --ops URL, at BRIGADE_OPS, or at http://127.0.0.1:4001.',
    '',
    'npx brigade --version says which code runs.',
    '',
    'Exit codes: 0 everything held, 1 the command could not be carried out, 10 crash,',
    '11 liveness, 12 safety, 13 too slow.',
    '',
  ].join('\n')
}

export function helpOf(command: Command): string {
  const { args = [], options = {}, about, examples, next } = command
  const lines = [`Usage: npx ${synopsisOf(command)}`, '']
  for (const paragraph of about) lines.push(...wrapped(paragraph, width), '')
  const heads = [...args.map(({ name }) => name), ...optionHeads(options)]
  const column = Math.min(30, Math.max(0, ...heads.map(({ length }) => length)) + 4)
  if (args.length > 0) {
    lines.push('Arguments:', ...args.flatMap(({ name, about }) => entry(name, about, column)), '')
  }
  if (Object.keys(options).length > 0) {
    const described = Object.entries(options)
    lines.push(
      'Options:',
      ...described.flatMap(([name, option]) => entry(optionHead(name, option), option.about, column)),
      '',
    )
  }
  lines.push('Examples:')
  for (const { line, about } of examples) lines.push(`  npx brigade ${line}`, ...indented(about, 6))
  if (next !== undefined) lines.push('', ...wrapped(`Then: ${next}`, width))
  return `${lines.join('\n')}\n`
}

function headOf({ name, args = [] }: Command): string {
  return [name, ...args.map(wordOf)].join(' ')
}

const optionHead = (name: string, { kind, value = 'VALUE' }: Option): string =>
  kind === 'flag' ? `--${name}` : `--${name} ${value}`
const optionHeads = (options: Options): string[] =>
  Object.entries(options).map(([name, option]) => optionHead(name, option))

/** A head in its column, and the words beside it. */
function entry(head: string, about: string, column: number): string[] {
  const [first = '', ...rest] = wrapped(about, width - column)
  return [`  ${head}`.padEnd(column) + first, ...rest.map((line) => ' '.repeat(column) + line)]
}

const indented = (text: string, by: number): string[] =>
  wrapped(text, width - by).map((line) => ' '.repeat(by) + line)

export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
