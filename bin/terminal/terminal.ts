/**
 * Where a command speaks: results to standard output, everything else to standard error.
 *
 * Owns:     whether there are colours, and how much fits on the screen.
 * Does not: know what is said.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { UsageError } from '../command-line/usage-error.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Standard output is a screen, and not a file or a pipe. */
  readonly isScreen: boolean
  /** Of the screen, now. */
  readonly rows: number
  readonly paint: Paint
  /** To standard output, as it stands. */
  print(text: string): void
  /** To standard error, as it stands. */
  note(text: string): void
  /** Somebody sits at standard input. */
  readonly canAsk: boolean
  /** One line of standard input. */
  ask(question: string): Promise<string>
  /** The same, and nothing of what is typed is shown. */
  askSecret(question: string): Promise<string>
}

/** Noted to a screen: the line that it stands on is written over. */
export const clearLine = '\r\x1b[K'

/** Colour is for trouble; `strong` and `faint` are for order. */
export interface Paint {
  red(text: string): string
  yellow(text: string): string
  strong(text: string): string
  faint(text: string): string
}

const style = (code: number, end: number) => (text: string) => `\x1b[${code}m${text}\x1b[${end}m`

export const painted: Paint = {
  red: style(31, 39),
  yellow: style(33, 39),
  strong: style(1, 22),
  faint: style(2, 22),
}

const asItIs = (text: string): string => text
export const unpainted: Paint = { red: asItIs, yellow: asItIs, strong: asItIs, faint: asItIs }

/** This process's own. https://no-color.org: any value but the empty one switches colours off. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  const isScreen = stdout.isTTY === true && env.TERM !== 'dumb'
  return {
    env,
    isScreen,
    get rows() {
      return stdout.rows ?? 24
    },
    paint: isScreen && (env.NO_COLOR ?? '') === '' ? painted : unpainted,
    print: (text) => void stdout.write(text),
    note: (text) => void stderr.write(text),
    canAsk: stdin.isTTY === true,
    ask: (question) => lineOf(question, stderr),
    askSecret: (question) => lineOf(question, undefined),
  }
}

/** `echo` is where typed characters are shown; without one they are not. */
async function lineOf(question: string, echo: NodeJS.WriteStream | undefined): Promise<string> {
  const { stdin, stderr } = process
  const isAsked = stdin.isTTY === true
  if (isAsked) stderr.write(question)
  const output = echo ?? new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output, terminal: isAsked })
  return new Promise((resolve, reject) => {
    let line: string | undefined
    lines.once('line', (typed) => {
      line = typed
      lines.close()
    })
    lines.once('SIGINT', () => lines.close())
    lines.once('close', () => {
      if (isAsked && echo === undefined) stderr.write('\n')
      if (line === undefined) reject(new UsageError('Nothing was typed: nothing was done.'))
      else resolve(line)
    })
  })
}
