/**
 * Where a command speaks: results to standard output, everything else to standard error.
 *
 * Owns:     whether there are colours, and how much fits on the screen.
 * Does not: know what is said.
 */

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
  const { stdout, stderr, env } = process
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
  }
}
