/**
 * What mends a thing that was broken on purpose: one fault is reverted, or all of them.
 *
 * Owns:     the two commands, and the words for what came of them.
 * Does not: break anything (`chaos-armed.vue`).
 */
import type { FaultView } from '#gateway'
import { ask } from '../data/operator.ts'
import { askNow } from '../data/poll.ts'
import { carryOut } from '../shell/said.ts'
import { targetIn } from './fault-words.ts'

/** `name`: of its kind. */
export async function revert({ id, kind, target }: FaultView, name: string): Promise<void> {
  await carryOut(() => ask(`faults/${encodeURIComponent(id)}`, { method: 'DELETE' }), {
    severity: 'ok',
    words: `${name} ${targetIn(target, kind)} is reverted.`,
  })
  askNow()
}

export async function revertAll(): Promise<void> {
  await carryOut(() => ask('faults', { method: 'DELETE' }), {
    severity: 'ok',
    words: 'Everything is reverted: links are whole, and who was frozen goes on.',
  })
  askNow()
}
