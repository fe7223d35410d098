/**
 * What a command of `brigade` is: its words for people, its arguments, and what it does.
 *
 * Owns:     the form that every file in `commands/` fills in.
 * Does not: read an argument list (`parse.ts`) or lay out help (`help.ts`).
 */
import type { Terminal } from '../terminal/terminal.ts'

/** What an option's value is. A `flag` has none. */
export type OptionKind = 'flag' | 'text' | 'count' | 'number' | 'port' | 'duration'

export interface Option<Kind extends OptionKind = OptionKind> {
  readonly kind: Kind
  /** Stands for the value in help: `N`, `DIR`. */
  readonly value?: string
  readonly about: string
}

export type Options = Readonly<Record<string, Option>>

/** A duration is given as `10s` and arrives in milliseconds. */
type ValueOf<Kind extends OptionKind> = Kind extends 'flag' ? true : Kind extends 'text' ? string : number

/** What was typed, checked. */
export interface Given<Of extends Options = Options> {
  readonly args: readonly string[]
  readonly options: { readonly [Name in keyof Of]?: ValueOf<Of[Name]['kind']> }
}

export interface Argument {
  /** In capitals: `NODE`. */
  readonly name: string
  readonly about: string
  readonly optional?: true
  /** The last one: any number of them may be given. */
  readonly many?: true
}

export interface Command<Of extends Options = Options> {
  readonly name: string
  /** One line, in the list of all commands. */
  readonly summary: string
  readonly args?: readonly Argument[]
  readonly options?: Of
  /** What happens when it runs: paragraphs. */
  readonly about: readonly string[]
  readonly examples: readonly Example[]
  /** What to look at afterwards. */
  readonly next?: string
  /** Resolves with the code to exit with. */
  run(given: Given<Of>, terminal: Terminal): Promise<number>
}

export interface Example {
  readonly line: string
  readonly about: string
}

/** Lets the compiler infer what the options of a command give it. */
export function defineCommand<const Of extends Options>(command: Command<Of>): Command<Of> {
  return command
}

/** Options that several commands share. */
export const jsonOption = {
  json: { kind: 'flag', about: 'print one JSON document, for a program' },
} as const satisfies Options

export const seedOption = {
  seed: { kind: 'count', value: 'N', about: 'the source of all chance (default 1)' },
} as const satisfies Options

export const clusterOptions = {
  data: { kind: 'text', value: 'DIR', about: 'where everything durable is kept (default ./.brigade)' },
  nodes: { kind: 'count', value: 'N', about: 'nodes that own shards (default 3)' },
  port: { kind: 'port', value: 'P', about: 'where guests come in (default 4000)' },
  'ops-port': { kind: 'port', value: 'P', about: 'where operators come in (default 4001)' },
} as const satisfies Options
