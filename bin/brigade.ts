/**
 * One run of the `brigade` command, from its arguments to its exit code.
 *
 * Owns:     what is done with an error: what the caller can mend is told in a sentence, anything else is a bug.
 *           A program, which has typed --json, is told in one JSON document on standard output.
 * Does not: touch the process: `main.ts` gives it arguments and a terminal.
 */
import { ClusterError } from '#actor'
import { codeVersion } from './code-version.ts'
import { exitCodes } from './command-line/exit-codes.ts'
import { helpOf, helpOfAll } from './command-line/help.ts'
import { parse } from './command-line/parse.ts'
import { UsageError } from './command-line/usage-error.ts'
import { commands, sections } from './commands/index.ts'
import type { Terminal } from './terminal/terminal.ts'

export async function brigade(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const parsed = parse(commands, argv)
    if (parsed.kind === 'run') return await parsed.command.run(parsed.given, terminal)
    if (parsed.kind === 'version') {
      terminal.print(`${codeVersion()}\n`)
      return exitCodes.held
    }
    terminal.print(parsed.command === undefined ? helpOfAll(sections) : helpOf(parsed.command))
    return exitCodes.held
  } catch (error) {
    const told = inWords(error)
    if (isForProgram(argv)) terminal.print(`${JSON.stringify({ error: told })}\n`)
    else terminal.note(`brigade: ${told.message}\n${told.next === undefined ? '' : `${told.next}\n`}`)
    return told.code === 'BUG' ? exitCodes.crash : exitCodes.usage
  }
}

/** As it was typed: the command line may be the very thing that is wrong. */
function isForProgram(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json')
}

interface ToldError {
  /** Of the registry (docs/errors.md), of a problem that a cluster answered with, or one of the command's own. */
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly next?: string
  /** What stands in the message, of an error of the registry. */
  readonly fields?: unknown
}

function inWords(error: unknown): ToldError {
  if (error instanceof UsageError) {
    const { code, message, next } = error
    return { code, message, ...(next !== undefined && { next }) }
  }
  if (error instanceof ClusterError) {
    const { code, message, fields } = error
    return { code, message, fields }
  }
  return {
    code: 'BUG',
    message: 'this is a bug in Brigade, not in what you typed.',
    next: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}
