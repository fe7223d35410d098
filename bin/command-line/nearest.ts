/**
 * The known name that was probably meant.
 *
 * Invariants:
 *   N1. What is suggested differs in at most a third of its letters: a far-fetched suggestion is worse than none.
 */

export function nearest(typed: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of known) {
    const distance = name.startsWith(typed) && typed.length > 1 ? 0.5 : editsBetween(typed, name)
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(name.length / 3))) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** `Did you mean 'crash'?`, or nothing. */
export function didYouMean(typed: string, known: readonly string[], prefix = ''): string | undefined {
  const name = nearest(typed, known)
  return name === undefined ? undefined : `Did you mean '${prefix}${name}'?`
}

/** Letters inserted, removed, replaced, or swapped with their neighbour. */
function editsBetween(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const edits = [at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (isSame ? 0 : 1)]
      if (isSwap && i > 1) edits.push(at(before, j - 2) + 1)
      row.push(Math.min(...edits))
    }
    before = above
    above = row
  }
  return at(above, b.length)
}

const at = (row: readonly number[], i: number): number => row[i] ?? Number.POSITIVE_INFINITY
