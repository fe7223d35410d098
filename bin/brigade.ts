/**
 * One run of the `brigade` command, from its arguments to its exit code.
 *
 * Owns:     what is done with an error: what the caller can mend is told in a sentence, anything else is a bug.
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
    return told(error, terminal)
  }
}

function told(error: unknown, { note }: Terminal): number {
  if (error instanceof UsageError) {
    note(`brigade: ${error.message}\n${error.next === undefined ? '' : `${error.next}\n`}`)
    return exitCodes.usage
  }
  if (error instanceof ClusterError) {
    note(`brigade: ${error.message}\n`)
    return exitCodes.usage
  }
  note(
    `brigade: this is a bug in Brigade, not in what you typed.\n${error instanceof Error ? error.stack : String(error)}\n`,
  )
  return exitCodes.crash
}
