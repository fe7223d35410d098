/** A terminal that remembers what was said. */
import { type Terminal, unpainted } from '../terminal/terminal.ts'

export interface RecordingTerminal extends Terminal {
  readonly printed: () => string
  readonly noted: () => string
}

/** `typed`: what somebody answers, line by line; without any, nobody can be asked. */
export function recordingTerminal(
  env: Terminal['env'] = {},
  typed: readonly string[] = [],
): RecordingTerminal {
  let printed = ''
  let noted = ''
  const lines = [...typed]
  const answer = async (): Promise<string> => lines.shift() ?? ''
  return {
    env,
    isScreen: false,
    rows: 24,
    paint: unpainted,
    print: (text) => {
      printed += text
    },
    note: (text) => {
      noted += text
    },
    canAsk: typed.length > 0,
    ask: answer,
    askSecret: answer,
    printed: () => printed,
    noted: () => noted,
  }
}
