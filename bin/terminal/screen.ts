/**
 * A screen that shows one text, again and again, in place.
 *
 * Owns:     the alternate screen, from `open` to `close`. A frame is written at once, line over line, so nothing
 *           flickers, and what another process has written in between is gone with the next one.
 * Does not: know what it shows.
 */
import type { Terminal } from './terminal.ts'

// The cursor is hidden, and a line that is too long is cut, not continued.
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const home = '\x1b[H'
const clearRight = '\x1b[K'
const clearBelow = '\x1b[J'

export class Screen {
  readonly #terminal: Pick<Terminal, 'print' | 'rows'>
  #isOpen = false

  constructor(terminal: Pick<Terminal, 'print' | 'rows'>) {
    this.#terminal = terminal
  }

  /** Lines beyond the screen's last row are not shown. */
  show(lines: readonly string[]): void {
    const begin = this.#isOpen ? home : enter + home
    this.#isOpen = true
    const seen = lines.slice(0, Math.max(1, this.#terminal.rows - 1))
    this.#terminal.print(`${begin}${seen.map((line) => `${line}${clearRight}\r\n`).join('')}${clearBelow}`)
  }

  /** Gives back the screen that was there before. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#terminal.print(leave)
  }
}
