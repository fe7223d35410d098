/**
 * The pass: which tickets hang on its rail, how they look, and the plates that wait under them.
 *
 * Owns:     the order of the tickets and their places along the rail.
 * Does not: know when a ticket is late (`kitchen-state.ts`), or where the rail is (`kitchen-plan.ts`).
 */
import { type Of, thingsOf } from '../model/kitchen.ts'
import { addFlash, type Draft, moveMs } from './kitchen-draft.ts'
import { type KitchenPlan, passHeight } from './kitchen-plan.ts'
import { hangs, hasEnded, toneOf } from './kitchen-state.ts'

const ticketWidth = 0.4
/** On the rail, from the promise that is due first; those that find no place are not drawn. */
export function railOf(
  tickets: readonly Of<'ticket'>[],
  { from, to }: KitchenPlan['rail'],
): readonly { readonly ticket: Of<'ticket'>; readonly x: number }[] {
  const room = Math.floor((to - from) / (ticketWidth * 0.62))
  const shown = tickets
    .filter((ticket) => !hasEnded(ticket))
    .sort((a, b) => a.promisedAt - b.promisedAt || (a.id < b.id ? -1 : 1))
    .slice(0, room)
  const pitch = Math.min(0.52, (to - from) / Math.max(1, shown.length))
  return shown.map((ticket, n) => ({ ticket, x: from + (n + 0.5) * pitch }))
}

export function addPass(draft: Draft): void {
  const { palette, motions, worldNow, solids, cards, bodies } = draft
  const { rail } = draft.plan
  const { work, warn, carbon, cloth, foods } = palette
  const tickets = thingsOf(draft.things, 'ticket')
  const hanging = railOf(tickets, rail)
  // Who has ended is pulled up where it hung.
  const pulled = tickets.flatMap((ticket) => {
    const x = hasEnded(ticket) ? motions.last(`${ticket.id} x`) : undefined
    return x === undefined ? [] : [{ ticket, x }]
  })
  for (const { ticket, x: goal } of [...hanging, ...pulled]) {
    const { length, kind } = hangs(ticket, worldNow)
    const x = motions.value(`${ticket.id} x`, goal, moveMs)
    // A new one slides down to its length.
    const long = motions.value(`${ticket.id} long`, hasEnded(ticket) ? 0.05 : length, moveMs, 0.05)
    if (hasEnded(ticket) && long <= 0.051) continue
    const plated = ticket.plates.filter(({ is }) => is === 'plated')
    cards.push({
      ...{ shape: 'ticket', faces: 'front', at: [x, rail.y - long / 2, rail.z + 0.07] },
      size: [ticketWidth, long],
      color: kind === 'late' ? warn : kind === 'undone' ? carbon : work,
      alpha: 1,
      lines: ticket.plates.length,
      share: ticket.plates.length === 0 ? 0 : plated.length / ticket.plates.length,
    })
    // Its clip says who runs it.
    solids.push({
      shape: 'glow',
      at: [x, rail.y + 0.05, rail.z + 0.07],
      size: [0.2, 0.12, 0.05],
      color: palette.node(ticket.node),
    })
    bodies.push({
      id: ticket.id,
      box: {
        min: [x - ticketWidth / 2, rail.y - long, rail.z + 0.04],
        max: [x + ticketWidth / 2, rail.y + 0.12, rail.z + 0.1],
      },
    })
    addFlash(draft, ticket, [x, rail.y - long / 2, rail.z + 0.09], 0.9, 'front')
    for (const [n, { dish }] of plated.slice(0, 3).entries()) {
      const z = rail.z - 0.3 + n * 0.3
      solids.push(
        { shape: 'cylinder', at: [x, passHeight + 0.025, z], size: [0.36, 0.05, 0.36], color: cloth },
        {
          shape: 'sphere',
          at: [x, passHeight + 0.07, z],
          size: [0.22, 0.14, 0.22],
          color: foods[toneOf(dish)],
        },
      )
    }
  }
}
