/** Bugs of the kernel: the rules of its commit protocol that have a switch of their own, and others. */
import type { Hunter, Mutant } from '../mutant.ts'

const protocol = ['protocol', 'errands', 'explore'] as const
const errands = ['errands', 'protocol', 'explore'] as const

/**
 * The kernel can break these by itself (`Mutant` in runtime/kernel/memory.ts), for the checks in sim/protocol. One that
 * any day shows, with no fault at all, is not among them: `timer-outlives-turn`.
 */
const switches: readonly (readonly [id: string, what: string, by: readonly Hunter[]])[] = [
  [
    'local-overtakes-outbox',
    'a local message overtakes those that wait in the outbox for the same shard',
    protocol,
  ],
  ['local-while-draining', 'a message is delivered locally to a shard that is being handed over', protocol],
  ['accept-any-sequence', 'a gap in the numbers of a channel is not noticed', protocol],
  ['mark-apart', 'the inbox mark is committed in an earlier batch than what was accepted', protocol],
  ['acknowledge-accepted', 'what was accepted is acknowledged before it is durable', protocol],
  ['forget-unhandled', 'what a batch accepted and did not handle is no row', protocol],
  ['undo-earlier-turns', 'a failed turn undoes the turns before it', protocol],
  ['unload-early', 'an actor leaves memory before its last batch is durable', protocol],
  [
    'trust-failed-write',
    'after a write with an unknown outcome the node goes on as if it had succeeded',
    protocol,
  ],
  ['turn-while-draining', 'a turn runs in a shard that is handed over', errands],
  ['any-answer', 'an answer counts for another question than the one that it answers', errands],
  ['any-generation', 'a timer that was set again fires twice', errands],
  ['trust-own-clock', "a shard's time goes back when it moves to a node whose clock is behind", errands],
]

const switched: readonly Mutant[] = switches.map(([id, what, by]) => ({
  id,
  where: 'kernel',
  what,
  file: 'runtime/kernel/memory.ts',
  find: 'this.broken = options.broken',
  replace: `this.broken = '${id}'`,
  by,
}))

export const kernelMutants: readonly Mutant[] = [
  ...switched,
  {
    id: 'archived-after-removal',
    where: 'host',
    what: 'turns leave the journal before they are in the archive',
    file: 'runtime/host/node.ts',
    find: 'archive.keep(batches, (outcome) => {\n',
    replace: 'tell(trims, more)\n      archive.keep(batches, (outcome) => {\n        if (outcome) return\n',
    by: ['explore'],
    likely: ({ cluster }) => cluster.bounds.journalKeptMs !== undefined,
  },
  {
    id: 'acknowledged-before-durable',
    where: 'kernel',
    what: 'whoever asked is answered before the batch with the answer is durable',
    file: 'runtime/kernel/commits.ts',
    find: "if (memory.broken === 'release-before-durable') letGo(memory, unit.batch)",
    replace: 'memory.out.push(...unit.batch.held.splice(0))',
    by: protocol,
  },
  {
    id: 'called-before-durable',
    where: 'kernel',
    what: 'a call leaves before the turn that asked for it is durable',
    file: 'runtime/kernel/commits.ts',
    find: "if (memory.broken === 'release-before-durable') letGo(memory, unit.batch)",
    replace: 'for (const run of unit.batch.whenDurable.splice(0)) run()',
    by: errands,
  },
  {
    id: 'sequence-from-rows',
    where: 'kernel',
    what: 'who takes a shard derives the number of its next message from the rows that wait',
    file: 'runtime/kernel/tenure.ts',
    find: "memory.broken === 'sequence-from-rows' ? waiting.length : last",
    replace: 'waiting.length',
    by: protocol,
  },
  {
    id: 'skip-dedup',
    where: 'kernel',
    what: 'a message that comes twice is handled twice',
    file: 'runtime/kernel/channels.ts',
    find: 'item.sequence === inbox.mark + 1',
    replace: '(item.sequence === inbox.mark + 1 || item.sequence === inbox.mark)',
    by: protocol,
  },
  {
    id: 'resend-forgotten',
    where: 'kernel',
    what: 'what was sent and not acknowledged is never sent again',
    file: 'runtime/kernel/due.ts',
    find: 'channel.rewind()',
    replace: '',
    by: protocol,
  },
  {
    id: 'timers-lost-in-handoff',
    where: 'kernel',
    what: 'who takes a shard does not set its timers',
    file: 'runtime/kernel/tenure.ts',
    find: "memory.due[row.clock].add(row.at, { kind: 'timer', shard, ordinal, id, generation: row.generation })",
    replace: '',
    by: errands,
  },
  {
    id: 'calls-lost-in-handoff',
    where: 'kernel',
    what: 'who takes a shard does not make the calls that wait in it',
    file: 'runtime/kernel/tenure.ts',
    find: '    startCall(memory, shard, ordinal, id)\n',
    replace: '',
    by: errands,
  },
  {
    id: 'call-repeated-under-a-new-key',
    where: 'kernel',
    what: 'who takes a shard makes its calls again under keys of its own, so that the provider does them twice',
    file: 'runtime/kernel/calls.ts',
    find: 'attempt: pending.attempt, row: pending.row })',
    replace:
      'attempt: pending.attempt, row: { ...pending.row, key: `${memory.scope}:${pending.row.key}` } })',
    by: ['explore', 'errands'],
  },
  {
    id: 'ask-outlives-answer',
    where: 'kernel',
    what: 'a question that was answered times out all the same',
    file: 'runtime/kernel/turns.ts',
    find: "  if (answers !== undefined) memory.removeRow('asks', shard, ordinal, answers)\n",
    replace: '',
    by: errands,
  },
  {
    id: 'answer-not-remembered',
    where: 'kernel',
    what: 'a request is repeated under its key, and its answer is gone',
    file: 'runtime/kernel/requests.ts',
    find: "    remember(memory, activation, request.key, request.fingerprint ?? '', outcome)\n",
    replace: '',
    by: protocol,
  },
]
