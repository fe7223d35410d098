/** The colour of each node: its place among those of its kind, and never another while they stay. */
const hues = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

/** Of its name's number; more than eight repeat, and then the rim differs. */
export function hueOf(node: string): { readonly color: string; readonly rim: 'solid' | 'dashed' | 'dotted' } {
  const number = Number(/-(\d+)$/.exec(node)?.[1])
  if (!node.startsWith('node-') || !(number > 0)) return { color: 'var(--edge)', rim: 'solid' }
  const round = Math.floor((number - 1) / hues.length)
  return {
    color: `var(--node-${hues[(number - 1) % hues.length]})`,
    rim: round === 0 ? 'solid' : round === 1 ? 'dashed' : 'dotted',
  }
}
