/** A terminal that remembers what was said. */
import { type Terminal, unpainted } from '../terminal/terminal.ts'

export interface RecordingTerminal extends Terminal {
  readonly printed: () => string
  readonly noted: () => string
}

export function recordingTerminal(env: Terminal['env'] = {}): RecordingTerminal {
  let printed = ''
  let noted = ''
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
    printed: () => printed,
    noted: () => noted,
  }
}
