/**
 * Rows in aligned columns.
 *
 * Owns:     the width of text on a screen, where colours have none.
 */

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** The least width, so that a table that is shown again does not jump. */
  readonly least?: number
}

/** Lines, without colours of their own but those of the cells. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map(({ least = 0 }, n) =>
    Math.max(least, ...lines.map((line) => widthOf(line[n] ?? ''))),
  )
  return lines.map((line) =>
    columns
      .map(({ align }, n) => padded(line[n] ?? '', widths[n] ?? 0, align))
      .join('  ')
      .trimEnd(),
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a colour is made of.
const colours = /\x1b\[\d+m/g

export const widthOf = (text: string): number => [...text.replace(colours, '')].length

export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? space + text : text + space
}
