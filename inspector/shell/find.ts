/** What the palette offers for what was typed: the best first, and never very many. */
export interface Choice {
  readonly kind: 'screen' | 'node' | 'command' | 'actor'
  readonly words: string
  readonly hint?: string
  readonly go: () => void
}

const shownMax = 12

/** Every word that was typed has to be there; who begins with it comes before who has it inside. */
export function choicesFor(typed: string, all: readonly Choice[]): readonly Choice[] {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const ranked = all.flatMap((choice, place) => {
    const words = choice.words.toLowerCase()
    if (!wanted.every((word) => words.includes(word))) return []
    const [first = ''] = wanted
    const rank = words.startsWith(first) ? 0 : words.includes(` ${first}`) ? 1 : 2
    return [{ choice, rank, place }]
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .slice(0, shownMax)
    .map(({ choice }) => choice)
}
