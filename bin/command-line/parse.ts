/**
 * From an argument list to a command and what it was given.
 *
 * Owns:     which command is meant, and whether its arguments and options are what it takes. Nothing is guessed:
 *           what is not known is refused, with what is.
 * Does not: run anything.
 *
 * Invariants:
 *   P1. Every option that was typed is known, was typed once, and has a value of its kind.
 */
import { parseArgs } from 'node:util'
import type { Argument, Command, Given, Option, Options } from './command.ts'
import { durationMs } from './duration.ts'
import { didYouMean, nearest } from './nearest.ts'
import { UsageError } from './usage-error.ts'

export type Parsed =
  | { readonly kind: 'run'; readonly command: Command; readonly given: Given }
  /** Of one command, or of all. */
  | { readonly kind: 'help'; readonly command?: Command }
  | { readonly kind: 'version' }

/** @throws UsageError */
export function parse(commands: readonly Command[], argv: readonly string[]): Parsed {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') return { kind: 'help' }
  if (name === '--version') return { kind: 'version' }
  if (name === 'help') {
    const [about] = rest
    return about === undefined ? { kind: 'help' } : { kind: 'help', command: commandOf(commands, about) }
  }
  const command = commandOf(commands, name)
  if (rest.includes('--help') || rest.includes('-h')) return { kind: 'help', command }
  return { kind: 'run', command, given: givenTo(command, rest) }
}

function commandOf(commands: readonly Command[], name: string): Command {
  const command = commands.find((one) => one.name === name)
  if (command !== undefined) return command
  const names = commands.map((one) => one.name)
  const isOption = name.startsWith('-')
  throw new UsageError(
    isOption
      ? `A command comes first; '${name}' is an option.`
      : `There is no command '${name}'. ${didYouMean(name, names) ?? ''}`.trim(),
    `Commands: ${names.join(', ')}. npx brigade help COMMAND explains one.`,
  )
}

function givenTo(command: Command, argv: readonly string[]): Given {
  const specs: Options = command.options ?? {}
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { kind }]) => [
        name,
        { type: kind === 'flag' ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const args: string[] = []
  const options: Record<string, string | number | true> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (spec === undefined) throw unknownOption(command, token.rawName, specs)
    if (Object.hasOwn(options, token.name)) throw wrong(command, `${token.rawName} is given twice.`)
    options[token.name] = typedValue(command, token.name, spec, token.value)
  }
  checkArguments(command, args)
  return { args, options }
}

function unknownOption(command: Command, typed: string, specs: Options): UsageError {
  const names = Object.keys(specs)
  const guess = nearest(typed.replace(/^-+/, ''), names)
  return wrong(
    command,
    `${typed} is not an option of 'brigade ${command.name}'.${guess === undefined ? '' : ` Did you mean --${guess}?`}`,
    names.length === 0 ? 'It has none.' : `It has: ${names.map((name) => `--${name}`).join(', ')}.`,
  )
}

function typedValue(
  command: Command,
  name: string,
  { kind, value: placeholder = 'VALUE' }: Option,
  typed: string | undefined,
): string | number | true {
  const refuse = (problem: string): never => {
    throw wrong(command, `--${name} ${problem}`)
  }
  if (kind === 'flag') return typed === undefined ? true : refuse(`takes no value, and '${typed}' was given.`)
  if (typed === undefined || typed === '') return refuse(`needs a value: --${name} ${placeholder}.`)
  switch (kind) {
    case 'text':
      return typed
    case 'count': {
      const count = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN
      return Number.isSafeInteger(count) ? count : refuse(`is a whole number, not '${typed}'.`)
    }
    case 'number': {
      const number = Number(typed)
      return number > 0 && Number.isFinite(number) ? number : refuse(`is a number above 0, not '${typed}'.`)
    }
    case 'port': {
      const port = /^\d{1,5}$/.test(typed) ? Number(typed) : Number.NaN
      return port <= 65_535 ? port : refuse(`is a port from 0 to 65535, not '${typed}'. 0 takes a free one.`)
    }
    case 'duration':
      return durationMs(typed) ?? refuse(`is a length of time like 10s, 2m or 500ms, not '${typed}'.`)
  }
}

function checkArguments(command: Command, args: readonly string[]): void {
  const wanted: readonly Argument[] = command.args ?? []
  const missing = wanted.find(({ optional }, n) => optional !== true && args[n] === undefined)
  if (missing !== undefined) throw wrong(command, `${missing.name} is missing: ${missing.about}.`)
  const extra = wanted.at(-1)?.many === true ? undefined : args[wanted.length]
  if (extra !== undefined) throw wrong(command, `'${extra}' is one argument too many.`)
}

/** `brigade pause NODE [FOR] [options]`. */
export function synopsisOf({ name, args = [], options = {} }: Command): string {
  const rest = Object.keys(options).length > 0 ? ['[options]'] : []
  return ['brigade', name, ...args.map(wordOf), ...rest].join(' ')
}

/** `NODE`, `[FOR]`, `[DAY…]`. */
export function wordOf({ name, optional, many }: Argument): string {
  const word = many ? `${name}…` : name
  return optional ? `[${word}]` : word
}

function wrong(command: Command, problem: string, next?: string): UsageError {
  const usage = `Usage: npx ${synopsisOf(command)}; npx brigade help ${command.name} explains it.`
  return new UsageError(problem, next === undefined ? usage : `${next} ${usage}`)
}
